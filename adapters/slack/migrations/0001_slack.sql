-- Times are milliseconds since 1970, UTC.

-- Where the app is installed: a workspace, or a whole organisation.
CREATE TABLE slack_workspaces (
    id TEXT PRIMARY KEY,
    organisation BIGINT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    app_id TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    bot_user_id TEXT NOT NULL,
    bot_name TEXT NOT NULL,
    token TEXT NOT NULL,
    refresh_token TEXT,
    expires_at BIGINT,
    scopes TEXT NOT NULL,
    installed_at BIGINT NOT NULL
);

-- The state parameter of installs that have begun; each counts once.
CREATE TABLE slack_states (
    state TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Messages that are made once. While claimed_at is set and ts is not, the message may be there or not.
CREATE TABLE slack_messages (
    id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT,
    claimed_at BIGINT,
    looked_to TEXT,
    ts TEXT
);
CREATE INDEX slack_messages_by_place ON slack_messages (workspace, channel, ts);

-- Pictures on their way to Slack and those that are there. The id is written down before the upload is completed.
CREATE TABLE slack_files (
    workspace TEXT NOT NULL,
    digest TEXT NOT NULL,
    file_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'reserved' OR state = 'completed' OR state = 'ready'),
    download_url TEXT,
    PRIMARY KEY (workspace, digest)
);

-- What people asked for that needs pictures from elsewhere, which take longer than Slack waits for an answer.
CREATE TABLE slack_wishes (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state = 'open' OR state = 'done' OR state = 'refused'),
    body TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX slack_wishes_open ON slack_wishes (due_at) WHERE state = 'open';
