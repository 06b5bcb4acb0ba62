-- name: hurry_jobs!
-- A job whose inputs are still being fetched is let go once they are there. Only one that is at the image service is put
-- off for long after a failure.
UPDATE jobs SET due_at = :now
WHERE ended_at IS NULL
    AND due_at > CASE WHEN attempts = 0 OR submission <> 'sent' THEN CAST(:untried AS BIGINT) ELSE CAST(:tried AS BIGINT) END
    AND NOT (
        submission = 'waiting' AND EXISTS (
            SELECT 1 FROM pictures AS input
            WHERE input.job_id = jobs.id AND input.role = 'input' AND input.due_at IS NOT NULL
        )
    );

-- name: hurry_posts!
-- Those that are behind, and those that may come to be: an ended job's that is not behind becomes due with its change.
UPDATE posts SET due_at = :now
WHERE due_at > CASE WHEN attempts = 0 THEN CAST(:untried AS BIGINT) ELSE CAST(:tried AS BIGINT) END
    AND id IN (
        SELECT id FROM posts WHERE state = 'open' AND shown_revision < wanted_revision
        UNION ALL
        SELECT posts.id FROM jobs INNER JOIN posts ON posts.job_id = jobs.id WHERE jobs.ended_at IS NULL
    );

-- name: hurry_pictures!
UPDATE pictures SET due_at = :now
WHERE due_at IS NOT NULL
    AND due_at > CASE WHEN attempts = 0 THEN CAST(:untried AS BIGINT) ELSE CAST(:tried AS BIGINT) END;

-- name: hurry_deliveries!
UPDATE webhook_deliveries SET due_at = :now
WHERE state = 'waiting'
    AND due_at > CASE WHEN attempts = 0 THEN CAST(:untried AS BIGINT) ELSE CAST(:tried AS BIGINT) END;

-- name: hurry_endpoints!
UPDATE webhook_endpoints SET paused_until = :now
WHERE paused_until > CASE WHEN failures = 0 THEN CAST(:untried AS BIGINT) ELSE CAST(:tried AS BIGINT) END;
