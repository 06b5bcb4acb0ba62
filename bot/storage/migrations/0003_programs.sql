-- What programs need: keys of repeated requests that expire, lists of a workspace whatever the platform, webhooks.

ALTER TABLE idempotency_keys ADD COLUMN fingerprint TEXT;
ALTER TABLE idempotency_keys ADD COLUMN expires_at BIGINT;

CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at) WHERE expires_at IS NOT NULL;

CREATE INDEX jobs_of_any_platform ON jobs (workspace, id);
CREATE INDEX jobs_by_status ON jobs (workspace, status, id);

-- Kept by the units of work that write jobs, as counting a million rows for each page would take longer than the page.
CREATE TABLE job_counts (
    workspace TEXT NOT NULL,
    status TEXT NOT NULL,
    jobs BIGINT NOT NULL,
    PRIMARY KEY (workspace, status)
);

INSERT INTO job_counts (workspace, status, jobs)
SELECT workspace, status, COUNT(*) FROM jobs GROUP BY workspace, status;

-- Who wants to hear of a job.
CREATE TABLE webhook_subscriptions (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    url TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('result', 'progress')),
    -- Whether the job has changed since an event was last considered, and what the newest event said.
    stale INTEGER NOT NULL CHECK (stale IN (0, 1)),
    told TEXT NOT NULL,
    PRIMARY KEY (job_id, key_id)
);

CREATE INDEX webhook_subscriptions_stale ON webhook_subscriptions (job_id) WHERE stale = 1;

-- The outbox. The id is the event's, a UUIDv7, so events sort as they came.
CREATE TABLE webhook_deliveries (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    url TEXT NOT NULL,
    -- The address without its query: what is paused when it does not answer.
    endpoint TEXT NOT NULL,
    event TEXT NOT NULL CHECK (
        event = 'job.progress' OR event = 'job.completed' OR event = 'job.failed' OR event = 'job.cancelled'
    ),
    body TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'delivered' OR state = 'failed'),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    problem TEXT,
    CHECK ((settled_at IS NULL) = (state = 'waiting'))
);

CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (job_id, key_id, id) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at) WHERE settled_at IS NOT NULL;

-- Addresses that have failed since they last took something.
CREATE TABLE webhook_endpoints (
    endpoint TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    paused_until BIGINT NOT NULL
);
