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
