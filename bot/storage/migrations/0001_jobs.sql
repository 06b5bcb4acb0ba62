-- Times are milliseconds since 1970 in UTC. Every statement is valid for SQLite and for PostgreSQL.
--
-- Where a column can have three values or more they are compared one by one: for IN, SQLite builds a table of them at
-- each write, which takes ten times as long as the write itself.

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL CHECK (
        type = 'imagine' OR type = 'upscale' OR type = 'variation' OR type = 'describe' OR type = 'blend'
    ),
    action TEXT NOT NULL CHECK (
        action = 'imagine' OR action = 'describe' OR action = 'blend' OR action = 'upscale' OR action = 'vary'
        OR action = 'reroll' OR action = 'retry' OR action = 'imagine_this'
    ),
    status TEXT NOT NULL CHECK (
        status = 'pending' OR status = 'in_progress' OR status = 'completed' OR status = 'failed'
        OR status = 'cancelled'
    ),
    submission TEXT NOT NULL CHECK (submission = 'waiting' OR submission = 'sending' OR submission = 'sent'),
    progress INTEGER NOT NULL CHECK (progress BETWEEN 0 AND 100),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    prompt TEXT NOT NULL,
    request TEXT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    parent_id TEXT REFERENCES jobs (id),
    image_index INTEGER CHECK (image_index BETWEEN 1 AND 4),
    origin_id TEXT REFERENCES jobs (id),
    upstream_id TEXT UNIQUE,
    seed BIGINT,
    prompts TEXT,
    failure_code TEXT,
    failure_message TEXT,
    cancelled_by TEXT,
    cancel_requested_at BIGINT,
    -- Fair order among waiting jobs: the faster mode first, then the lower turn (see the query next_waiting).
    mode_rank INTEGER NOT NULL,
    turn BIGINT NOT NULL,
    -- When the submitter (not yet sent) or the tracker (sent) is to look at the job again, and how often it has tried.
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    sending_at BIGINT,
    submitted_at BIGINT,
    ended_at BIGINT,
    CHECK ((ended_at IS NOT NULL) = (status = 'completed' OR status = 'failed' OR status = 'cancelled')),
    CHECK ((parent_id IS NULL) = (image_index IS NULL)),
    CHECK ((submission = 'sent') = (upstream_id IS NOT NULL)),
    CHECK ((failure_code IS NULL) = (failure_message IS NULL))
);

CREATE INDEX jobs_waiting ON jobs (mode_rank, turn, id) WHERE submission = 'waiting' AND ended_at IS NULL;
CREATE INDEX jobs_live ON jobs (submission, due_at) WHERE ended_at IS NULL;
CREATE INDEX jobs_live_of_requester ON jobs (platform, workspace, user_id, turn) WHERE ended_at IS NULL;
CREATE INDEX jobs_cancelling ON jobs (due_at) WHERE ended_at IS NULL AND cancel_requested_at IS NOT NULL;
CREATE INDEX jobs_live_by_id ON jobs (id) WHERE ended_at IS NULL;
CREATE INDEX jobs_of_workspace ON jobs (platform, workspace, id);
CREATE INDEX jobs_of_requester ON jobs (workspace, user_id, id);
CREATE INDEX jobs_ended_by_type ON jobs (type, ended_at) WHERE ended_at IS NOT NULL;
CREATE UNIQUE INDEX one_upscale_of_a_picture ON jobs (parent_id, image_index)
    WHERE type = 'upscale' AND status NOT IN ('failed', 'cancelled');

CREATE TABLE posts (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE REFERENCES jobs (id),
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    reference TEXT,
    state TEXT NOT NULL CHECK (state IN ('open', 'gone')),
    -- The job's newest revision, and the newest that the message is known to show: behind means due.
    wanted_revision INTEGER NOT NULL,
    shown_revision INTEGER NOT NULL,
    final INTEGER NOT NULL CHECK (final IN (0, 1)),
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);

CREATE INDEX posts_due ON posts (platform, final, due_at) WHERE state = 'open' AND shown_revision < wanted_revision;

CREATE TABLE buttons (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    action TEXT NOT NULL CHECK (
        action = 'upscale' OR action = 'vary' OR action = 'reroll' OR action = 'cancel' OR action = 'retry'
        OR action = 'imagine_this' OR action = 'describe'
    ),
    -- 0 where the action is not about one of several pictures or prompts
    position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 4),
    pressed_by TEXT,
    pressed_by_id TEXT,
    pressed_at BIGINT,
    outcome_job_id TEXT REFERENCES jobs (id),
    UNIQUE (job_id, action, position)
);

CREATE TABLE pictures (
    job_id TEXT NOT NULL REFERENCES jobs (id),
    role TEXT NOT NULL CHECK (role = 'input' OR role = 'preview' OR role = 'grid' OR role = 'image'),
    position INTEGER NOT NULL CHECK (position >= 0),
    digest TEXT,
    width INTEGER,
    height INTEGER,
    content_type TEXT,
    source_url TEXT,
    -- Set while the picture has still to be fetched.
    due_at BIGINT,
    attempts INTEGER NOT NULL DEFAULT 0,
    failure TEXT,
    PRIMARY KEY (job_id, role, position)
);

CREATE INDEX pictures_due ON pictures (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    key TEXT PRIMARY KEY,
    job_ids TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE webhook_events (
    digest TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id),
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    applied_at BIGINT
);

CREATE INDEX webhook_events_unapplied ON webhook_events (received_at) WHERE applied_at IS NULL;

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    act TEXT NOT NULL,
    job_id TEXT,
    detail TEXT NOT NULL
);

CREATE INDEX audit_of_job ON audit (job_id);
