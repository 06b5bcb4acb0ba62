-- Whether the message of a post has shown its job's end with all its pictures: what comes after that are links and
-- pressed buttons, for which no second message is made where the first cannot be changed any more. Code of the last
-- schema does not keep it, and then an end may be shown in a second message, as before.
ALTER TABLE posts ADD COLUMN end_shown INTEGER NOT NULL DEFAULT 0;
