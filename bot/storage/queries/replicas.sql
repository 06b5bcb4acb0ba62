-- name: join_replicas!
-- All of this file is for PostgreSQL alone.
INSERT INTO replicas (id, name, lease_until)
VALUES (:id, :name, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + :lives);

-- name: renew_replica!
UPDATE replicas SET lease_until = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + :lives
WHERE id = :id;

-- name: has_company$
SELECT EXISTS (SELECT 1 FROM replicas WHERE id <> :holder);

-- name: dead_replicas
-- A unit of a process that is under way holds its row, so it is not taken away before that has ended.
SELECT id, name FROM replicas
WHERE lease_until < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) OR id = :leaving
FOR UPDATE SKIP LOCKED;

-- name: remove_replica!
DELETE FROM replicas WHERE id = :id;

-- name: free_jobs!
UPDATE jobs SET holder = NULL, due_at = :due_at WHERE holder = :id AND submission = 'sending' AND ended_at IS NULL;

-- name: free_posts!
UPDATE posts SET holder = NULL WHERE holder = :id;

-- name: free_pictures!
UPDATE pictures SET holder = NULL WHERE holder = :id;

-- name: free_deliveries!
UPDATE webhook_deliveries SET holder = NULL WHERE holder = :id;

-- name: free_leases!
DELETE FROM leases WHERE holder = :id;

-- name: take_jobs!
UPDATE jobs SET holder = :holder WHERE id = ANY(CAST(:ids AS TEXT[]));

-- name: take_posts!
UPDATE posts SET holder = :holder WHERE id = ANY(CAST(:ids AS TEXT[]));

-- name: take_pictures
-- Those that are due and nobody's still, which is looked at anew: another process may have chosen the same ones.
UPDATE pictures SET holder = :holder
WHERE (job_id, role, position) IN (
    SELECT job_id, role, position FROM pictures
    JOIN UNNEST(CAST(:job_ids AS TEXT[]), CAST(:roles AS TEXT[]), CAST(:positions AS INTEGER[]))
        AS chosen (job_id, role, position) USING (job_id, role, position)
    WHERE due_at <= :now AND (holder IS NULL OR holder = :holder)
    FOR NO KEY UPDATE OF pictures SKIP LOCKED
)
RETURNING *;

-- name: leave_picture!
UPDATE pictures SET holder = NULL WHERE job_id = :job_id AND role = :role AND position = :position;

-- name: take_deliveries!
UPDATE webhook_deliveries SET holder = :holder WHERE id = ANY(CAST(:ids AS TEXT[]));

-- name: take_lease!
INSERT INTO leases (name, holder) VALUES (:name, :holder)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder
WHERE leases.holder = excluded.holder OR leases.holder NOT IN (SELECT id FROM replicas);

-- name: free_lease!
DELETE FROM leases WHERE name = :name AND holder = :holder;
