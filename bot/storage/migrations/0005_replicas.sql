-- Several processes on one database: who is alive, and who is at work on what. With SQLite there is one process, and
-- all of this stays empty.

CREATE TABLE replicas (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- By the clock of the database. A process whose time is over has its row taken away, and with it what it held.
    lease_until BIGINT NOT NULL
);

-- What is one process's alone, by name.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL
);

-- The process that is at work on the row; for jobs, the one that is sending it.
ALTER TABLE jobs ADD COLUMN holder TEXT;
ALTER TABLE posts ADD COLUMN holder TEXT;
ALTER TABLE pictures ADD COLUMN holder TEXT;
ALTER TABLE webhook_deliveries ADD COLUMN holder TEXT;

CREATE INDEX posts_held ON posts (platform, workspace, channel) WHERE holder IS NOT NULL;
CREATE INDEX pictures_held ON pictures (holder) WHERE holder IS NOT NULL;
CREATE INDEX webhook_deliveries_held ON webhook_deliveries (holder) WHERE holder IS NOT NULL;

-- A whole unique index makes its column part of what other tables can refer to. Whoever ties a job to the image
-- service's id would then keep everybody waiting who writes a row that refers to the job, and two could wait for each
-- other. One that leaves rows out does not.
/*+ postgresql ALTER TABLE jobs DROP CONSTRAINT jobs_upstream_id_key */;
/*+ postgresql CREATE UNIQUE INDEX jobs_by_upstream_id ON jobs (upstream_id) WHERE upstream_id IS NOT NULL */;
