-- The chat itself: who is here, where people talk, what was said and shown.

CREATE TABLE web_members (
    id TEXT PRIMARY KEY,
    token_digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    created_at BIGINT NOT NULL
);

CREATE TABLE web_channels (
    name TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 32),
    topic TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

INSERT INTO web_channels (name, topic, created_at) VALUES
    ('general', 'Everything, for everybody', 0),
    ('studio', 'Work in progress', 1),
    ('random', 'For the joy of it', 2);

-- One row. Whoever writes a message takes the next number in the same transaction, so the order of the numbers is
-- the order of the commits, and a reader who has seen number n has seen everything up to n.
CREATE TABLE web_sequence (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);

INSERT INTO web_sequence (id, value) VALUES (1, 0);

-- id is the number that a message was made with, changed_seq the number of its latest change.
-- body is the text, or the JSON of the view of a job.
CREATE TABLE web_messages (
    id BIGINT PRIMARY KEY,
    channel TEXT NOT NULL REFERENCES web_channels (name),
    kind TEXT NOT NULL CHECK (kind IN ('text', 'post')),
    member_id TEXT NOT NULL,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_seq BIGINT NOT NULL UNIQUE,
    idempotency_key TEXT UNIQUE,
    post_id TEXT UNIQUE,
    job_id TEXT,
    revision BIGINT NOT NULL DEFAULT 0,
    CHECK ((kind = 'post') = (post_id IS NOT NULL AND job_id IS NOT NULL))
);

CREATE INDEX web_messages_by_channel ON web_messages (channel, id);

CREATE INDEX web_messages_by_job ON web_messages (job_id);
