-- name: add_wish!
INSERT INTO slack_wishes (id, whose, state, body, attempts, created_at, due_at)
VALUES (:id, :whose, 'open', :body, 0, :now, :now)
ON CONFLICT (id) DO NOTHING;

-- name: due_wishes
-- So many of each person, and the first of everybody before anybody's second.
SELECT * FROM (
    SELECT slack_wishes.*, ROW_NUMBER() OVER (PARTITION BY whose ORDER BY due_at, id) AS place
    FROM slack_wishes WHERE state = 'open' AND due_at <= :now
) AS lined_up
WHERE place <= :each ORDER BY place, due_at, id LIMIT :limit;

-- name: next_wish_due_at$
-- Beside those that are due: they are carried out, or wait for one that is.
SELECT MIN(due_at) FROM slack_wishes WHERE state = 'open' AND due_at > :now;

-- name: put_wish_off!
UPDATE slack_wishes SET attempts = :attempts, due_at = :due_at WHERE id = :id AND state = 'open';

-- name: hurry_wishes!
UPDATE slack_wishes SET due_at = :now WHERE state = 'open' AND due_at > :after;

-- name: refuse_wish!
-- The body says so from now on, so that the wish is not tried again; it stays open until the person has been told.
UPDATE slack_wishes SET body = :body, attempts = 0, due_at = :now WHERE id = :id AND state = 'open';

-- name: end_wish!
UPDATE slack_wishes SET state = :state WHERE id = :id AND state = 'open';

-- name: drop_wishes!
DELETE FROM slack_wishes WHERE state <> 'open' AND created_at < :before;
