-- Posts that are due, in the order in which they are sent, so that SQLite finds the first without the rest. And those
-- that were put off, of which there are few: by the platform alone, as PostgreSQL would go by the order of more columns and
-- gather them anew for each post that is due.
DROP INDEX posts_due;
CREATE INDEX posts_due ON posts (platform, final DESC, due_at, id) WHERE state = 'open' AND shown_revision < wanted_revision;
CREATE INDEX posts_put_off ON posts (platform)
WHERE state = 'open' AND shown_revision < wanted_revision AND reference IS NULL AND attempts > 0;
