-- name: subscribe!
-- Nothing is changed where the program hears of the job at another address already.
INSERT INTO webhook_subscriptions (job_id, key_id, url, type, stale, told)
VALUES (:job_id, :key_id, :url, :type, 1, '')
ON CONFLICT (job_id, key_id) DO UPDATE SET type = excluded.type, stale = 1, told = ''
WHERE webhook_subscriptions.url = excluded.url;

-- name: subscribe_further!
INSERT INTO webhook_further_subscriptions (job_id, key_id, url, type, revision, told)
VALUES (:job_id, :key_id, :url, :type, -1, '')
ON CONFLICT (job_id, key_id, url) DO UPDATE SET type = excluded.type, revision = -1, told = '';

-- name: job_with_hook^
SELECT jobs.*, hooks.url AS hook_url, hooks.type AS hook_type
FROM jobs
LEFT JOIN webhook_subscriptions AS hooks ON hooks.job_id = jobs.id AND hooks.key_id = :key_id
WHERE jobs.id = :job_id;

-- name: hooks_between
SELECT job_id, url, type FROM webhook_subscriptions
WHERE key_id = :key_id AND job_id BETWEEN :first AND :last;

-- name: mark_subscriptions_stale!
UPDATE webhook_subscriptions SET stale = 1 WHERE job_id = :job_id;

-- name: stale_subscriptions
SELECT * FROM webhook_subscriptions WHERE stale = 1 ORDER BY job_id, key_id LIMIT :limit
/*+ postgresql FOR NO KEY UPDATE SKIP LOCKED */;

-- name: mark_told!
UPDATE webhook_subscriptions SET stale = 0, told = :told WHERE job_id = :job_id AND key_id = :key_id;

-- name: stale_further_subscriptions
SELECT further.* FROM webhook_further_subscriptions AS further
INNER JOIN jobs ON jobs.id = further.job_id
WHERE jobs.revision <> further.revision
ORDER BY further.job_id, further.key_id, further.url
LIMIT :limit
/*+ postgresql FOR NO KEY UPDATE OF further SKIP LOCKED */;

-- name: mark_further_told!
UPDATE webhook_further_subscriptions SET revision = :revision, told = :told
WHERE job_id = :job_id AND key_id = :key_id AND url = :url;

-- name: end_further_subscription!
DELETE FROM webhook_further_subscriptions WHERE job_id = :job_id AND key_id = :key_id AND url = :url;

-- name: insert_delivery!
INSERT INTO webhook_deliveries (
    id, job_id, key_id, url, endpoint, event, body, state, due_at, give_up_at, created_at
) VALUES (
    :id, :job_id, :key_id, :url, :endpoint, :event, :body, 'waiting', :now, :give_up_at, :now
);

-- name: waiting_progress
SELECT id FROM webhook_deliveries
WHERE job_id = :job_id AND key_id = :key_id AND url = :url
    AND event = 'job.progress' AND state = 'waiting' AND id < :before
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */;

-- name: drop_delivery!
DELETE FROM webhook_deliveries WHERE id = :id;

-- name: due_deliveries
-- A delivery waits for every earlier one of its job to the same address. An endpoint has few at a time, so that a slow
-- one holds up no other; one that fails has a single try when its pause is over.
SELECT * FROM (
    SELECT
        waiting.*,
        COALESCE(webhook_endpoints.failures, 0) AS failures,
        CASE
            WHEN webhook_endpoints.paused_until > waiting.due_at THEN webhook_endpoints.paused_until ELSE waiting.due_at
        END AS due_since,
        ROW_NUMBER() OVER (PARTITION BY waiting.endpoint ORDER BY waiting.due_at, waiting.id) AS place
    FROM webhook_deliveries AS waiting
    LEFT JOIN webhook_endpoints ON webhook_endpoints.endpoint = waiting.endpoint
    WHERE waiting.state = 'waiting' AND waiting.due_at <= :now
        AND COALESCE(webhook_endpoints.paused_until, 0) <= :now
        AND NOT EXISTS (
            SELECT 1 FROM webhook_deliveries AS earlier
            WHERE earlier.job_id = waiting.job_id AND earlier.key_id = waiting.key_id AND earlier.url = waiting.url
                AND earlier.state = 'waiting' AND earlier.id < waiting.id
        )
) AS ready
WHERE place <= CASE WHEN failures >= :pause_after THEN 1 ELSE CAST(:each AS BIGINT) END
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */
ORDER BY due_at, id
LIMIT :limit;

-- name: settle_delivery!
UPDATE webhook_deliveries
SET state = :state, settled_at = :now, attempts = attempts + 1, problem = :problem
WHERE id = :id AND state = 'waiting';

-- name: postpone_delivery!
UPDATE webhook_deliveries SET attempts = attempts + 1, due_at = :due_at, problem = :problem
WHERE id = :id AND state = 'waiting';

-- name: endpoint_failures$
SELECT failures FROM webhook_endpoints WHERE endpoint = :endpoint;

-- name: endpoint_failed!
INSERT INTO webhook_endpoints (endpoint, failures, paused_until) VALUES (:endpoint, 1, :paused_until)
ON CONFLICT (endpoint) DO UPDATE SET
    failures = webhook_endpoints.failures + 1, paused_until = excluded.paused_until;

-- name: endpoint_answered!
DELETE FROM webhook_endpoints WHERE endpoint = :endpoint;

-- name: list_deliveries
SELECT webhook_deliveries.*, webhook_endpoints.paused_until FROM webhook_deliveries
LEFT JOIN webhook_endpoints ON webhook_endpoints.endpoint = webhook_deliveries.endpoint
WHERE CAST(:state AS TEXT) IS NULL OR webhook_deliveries.state = :state
ORDER BY webhook_deliveries.id DESC
LIMIT :limit;

-- name: get_delivery^
SELECT * FROM webhook_deliveries WHERE id = :id;

-- name: replay_delivery!
UPDATE webhook_deliveries
SET state = 'waiting', settled_at = NULL, attempts = 0, due_at = :now, give_up_at = :give_up_at
WHERE id = :id;

-- name: failed_deliveries
SELECT id, endpoint FROM webhook_deliveries WHERE state = 'failed' ORDER BY id;

-- name: forget_deliveries!
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE settled_at IS NOT NULL AND settled_at < :before
    ORDER BY settled_at
    LIMIT :limit
);
