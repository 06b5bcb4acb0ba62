-- What is still to be carried out is looked for each minute, and after each command that takes a while; it is rare among
-- the events of two days. What is carried out at once is never in here, so it costs such a command nothing.
CREATE INDEX discord_events_open ON discord_events (created_at) WHERE wish IS NOT NULL;
