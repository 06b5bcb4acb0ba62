-- What Discord needs beside the jobs: the events that people caused, what became of each job's message, and choices.

-- One interaction: a command, a press or a submitted form. With its token the bot can answer and edit for 15 minutes.
-- by_bot: whether the bot itself can write there, too (not where it was only installed by a person).
-- wish: JSON of a command that was acknowledged and is still to be carried out.
CREATE TABLE discord_events (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    token_ends_at BIGINT NOT NULL,
    guild TEXT NOT NULL,
    channel TEXT NOT NULL,
    by_bot INTEGER NOT NULL,
    upload_limit BIGINT NOT NULL,
    age_restricted INTEGER NOT NULL,
    spoiler INTEGER NOT NULL,
    workspace TEXT NOT NULL,
    wish TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX discord_events_by_age ON discord_events (created_at);

-- The message of one job. answer: the first job of an event, whose message is the answer to the event itself.
-- tried_at: when a message of its own was last about to be sent. moved: it went to the requester, as its place was closed.
CREATE TABLE discord_posts (
    job_id TEXT PRIMARY KEY,
    event_id TEXT,
    answer INTEGER NOT NULL,
    guild TEXT NOT NULL,
    channel TEXT NOT NULL,
    by_bot INTEGER NOT NULL,
    message TEXT,
    spoiler INTEGER NOT NULL,
    age_restricted INTEGER NOT NULL,
    tried_at BIGINT,
    moved INTEGER NOT NULL DEFAULT 0,
    mentioned_at BIGINT
);

CREATE INDEX discord_posts_by_message ON discord_posts (message);

CREATE INDEX discord_posts_by_event ON discord_posts (event_id);

CREATE TABLE discord_members (
    user_id TEXT PRIMARY KEY,
    remix INTEGER NOT NULL
);

-- The commands as Discord was last told them, by application.
CREATE TABLE discord_commands (
    application_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL
);

-- Pictures that somebody chose for a prompt that is still being typed.
CREATE TABLE discord_choices (
    id TEXT PRIMARY KEY,
    pictures TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
