-- A program may want to hear of one job at several addresses. The first of a key's stays in webhook_subscriptions, where
-- code of the last schema looks for it and may have no second of the same job and key; the further ones are here. Such
-- code does not mark them, so what is compared is the job's revision. A row goes once the job's end is written down.
CREATE TABLE webhook_further_subscriptions (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    url TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type = 'result' OR type = 'progress'),
    -- The job's when an event was last considered, -1 before the first, and what the newest event said.
    revision BIGINT NOT NULL,
    told TEXT NOT NULL,
    PRIMARY KEY (job_id, key_id, url)
);
