-- name: take_key!
INSERT INTO idempotency_keys (key, job_ids, created_at, fingerprint, expires_at)
VALUES (:key, :job_ids, :created_at, :fingerprint, :expires_at)
ON CONFLICT (key) DO NOTHING;

-- name: jobs_of_key^
SELECT job_ids, fingerprint FROM idempotency_keys WHERE key = :key AND (expires_at IS NULL OR expires_at > :now);

-- name: forget_key!
DELETE FROM idempotency_keys WHERE key = :key AND expires_at <= :now;

-- name: forget_keys!
DELETE FROM idempotency_keys WHERE key IN (
    SELECT key FROM idempotency_keys WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit
);

-- name: insert_webhook_event!
-- For a job that there is.
INSERT INTO webhook_events (digest, job_id, body, received_at)
SELECT :digest, id, :body, CAST(:received_at AS BIGINT) FROM jobs WHERE id = :job_id
ON CONFLICT (digest) DO NOTHING;

-- name: unapplied_webhook_events
SELECT * FROM webhook_events WHERE applied_at IS NULL ORDER BY received_at LIMIT :limit
/*+ postgresql FOR NO KEY UPDATE SKIP LOCKED */;

-- name: mark_webhook_event_applied!
UPDATE webhook_events SET applied_at = :applied_at WHERE digest = :digest;

-- name: insert_audit!
INSERT INTO audit (id, at, platform, workspace, user_id, user_name, act, job_id, detail)
VALUES (:id, :at, :platform, :workspace, :user_id, :user_name, :act, :job_id, :detail);

-- name: prune_webhook_events!
-- One that has not been applied yet is kept, however old.
DELETE FROM webhook_events WHERE digest IN (
    SELECT digest FROM webhook_events
    WHERE received_at < :before AND applied_at IS NOT NULL
    ORDER BY received_at
    LIMIT :limit
);

-- name: prune_idempotency_keys!
-- Those that expire at a time of their own are forgotten by forget_keys.
DELETE FROM idempotency_keys WHERE key IN (
    SELECT key FROM idempotency_keys WHERE created_at < :before AND expires_at IS NULL ORDER BY created_at LIMIT :limit
);

-- name: prune_audit!
DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < :before ORDER BY at LIMIT :limit);
