-- name: take_rates
-- For PostgreSQL alone, like all of this file but the last. One of each name is taken, or of none where one of them has
-- too much in use; the answer is what was in use before. The locks are taken in one order, so that nobody waits for
-- somebody who waits for him. What is read under a lock is the newest there is, whenever the statement began; and the
-- clock is looked at only then. Where it has gone back since a row was written, as much is in use as was then, and that is
-- written down by the clock as it is now: nothing waits for it to come round again.
WITH held AS MATERIALIZED (
    SELECT name, full_at, written_at FROM rates WHERE name = ANY(CAST(:names AS TEXT[])) ORDER BY name FOR UPDATE
),
clock AS MATERIALIZED (
    SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now FROM (SELECT COUNT(*) FROM held) AS locked
),
standing AS MATERIALIZED (
    SELECT name, step, room, written_at, GREATEST(full_at - GREATEST(now, written_at), 0) AS used
    FROM unnest(CAST(:names AS TEXT[]), CAST(:steps AS BIGINT[]), CAST(:rooms AS BIGINT[])) AS asked (name, step, room)
    JOIN held USING (name) CROSS JOIN clock
),
verdict AS (
    SELECT COUNT(*) = CARDINALITY(CAST(:names AS TEXT[])) AND BOOL_AND(used <= room) AS taken FROM standing
),
written AS (
    INSERT INTO rates (name, full_at, written_at)
    SELECT name, now + used + CASE WHEN taken THEN step ELSE 0 END, now
    FROM standing CROSS JOIN clock CROSS JOIN verdict WHERE taken OR now < written_at
    ON CONFLICT (name) DO UPDATE SET full_at = excluded.full_at, written_at = excluded.written_at
)
SELECT name, used FROM standing;

-- name: add_rates!
INSERT INTO rates (name, full_at)
SELECT name, 0 FROM unnest(CAST(:names AS TEXT[])) AS asked (name) ORDER BY name
ON CONFLICT (name) DO NOTHING;

-- name: rest_rate!
WITH clock AS MATERIALIZED (SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now)
INSERT INTO rates (name, full_at, written_at) SELECT :name, now + CAST(:used AS BIGINT), now FROM clock
ON CONFLICT (name) DO UPDATE SET
    full_at = GREATEST(rates.full_at - GREATEST(rates.written_at - excluded.written_at, 0), excluded.full_at),
    written_at = excluded.written_at;

-- name: prune_rates!
-- Milliseconds here, as everywhere else. Who is asking at this moment is left alone.
DELETE FROM rates WHERE name IN (
    SELECT name FROM rates WHERE full_at / 1000 < :before ORDER BY name LIMIT :limit
    /*+ postgresql FOR UPDATE SKIP LOCKED */
);
