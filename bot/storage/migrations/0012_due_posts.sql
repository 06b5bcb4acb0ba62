-- Posts that are due, in the order in which they are sent: however many there are, the first are found without the rest.
-- And those that were put off and are still waited for, of which there are few.
DROP INDEX posts_due;
CREATE INDEX posts_due ON posts (platform, final DESC, due_at, id) WHERE state = 'open' AND shown_revision < wanted_revision;
CREATE INDEX posts_put_off ON posts (platform, workspace, channel, thread, id)
WHERE state = 'open' AND shown_revision < wanted_revision AND reference IS NULL AND attempts > 0;
