-- API keys. The key itself is never stored, only its digest; the webhook secret has to be, as it signs.

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    -- What is shown of a key, and what it is looked up by.
    prefix TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    webhook_secret TEXT NOT NULL,
    workspace TEXT NOT NULL,
    -- The channel that the key's jobs are posted to, or nothing.
    channel_platform TEXT,
    channel TEXT,
    thread TEXT,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    CHECK ((channel IS NULL) = (channel_platform IS NULL))
);

CREATE UNIQUE INDEX one_live_key_of_a_name ON api_keys (name) WHERE revoked_at IS NULL;
