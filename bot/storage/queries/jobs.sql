-- name: insert_job!
-- Round-robin by requester within a mode: somebody with nothing under way joins the round being served (or, where none
-- is, the first that waits), everybody else the one after their last. Each mode has rounds of its own, as jobs of
-- different modes never compare theirs.
INSERT INTO jobs (
    id, type, action, status, submission, progress, revision, prompt, request, platform, workspace, user_id, user_name,
    channel, thread, parent_id, image_index, origin_id, upstream_id, seed, prompts, failure_code, failure_message,
    cancelled_by, cancel_requested_at, mode_rank, turn, due_at, created_at, updated_at, submitted_at, ended_at
) VALUES (
    :id, :type, :action, :status, :submission, :progress, :revision, :prompt, :request, :platform, :workspace,
    :user_id, :user_name, :channel, :thread, :parent_id, :image_index, :origin_id, :upstream_id, :seed, :prompts,
    :failure_code, :failure_message, :cancelled_by, :cancel_requested_at, :mode_rank,
    (
        SELECT CASE WHEN own > served THEN own ELSE served END FROM (
            SELECT
                COALESCE(
                    (
                        SELECT MAX(turn) FROM jobs
                        WHERE (submission = 'sending' OR submission = 'sent') AND ended_at IS NULL
                            AND mode_rank = :mode_rank
                    ),
                    (
                        SELECT MIN(turn) FROM jobs
                        WHERE submission = 'waiting' AND ended_at IS NULL AND mode_rank = :mode_rank
                    ),
                    0
                ) AS served,
                COALESCE(
                    (
                        SELECT MAX(turn) + 1 FROM jobs
                        WHERE platform = :platform AND workspace = :workspace AND user_id = :user_id
                            AND ended_at IS NULL AND mode_rank = :mode_rank
                    ),
                    0
                ) AS own
        ) AS turns
    ),
    :due_at, :created_at, :updated_at, :submitted_at, :ended_at
);

-- name: update_job!
UPDATE jobs SET
    status = :status, submission = :submission, progress = :progress, revision = :revision,
    upstream_id = :upstream_id, seed = :seed, prompts = :prompts, failure_code = :failure_code,
    failure_message = :failure_message, cancelled_by = :cancelled_by, cancel_requested_at = :cancel_requested_at,
    updated_at = :updated_at, submitted_at = :submitted_at, ended_at = :ended_at
WHERE id = :id;

-- name: has_job$
SELECT 1 FROM jobs WHERE id = :id;

-- name: get_job^
SELECT * FROM jobs WHERE id = :id;

-- name: hold_job^
-- As get_job; nobody else changes the job before the unit has ended.
SELECT * FROM jobs WHERE id = :id /*+ postgresql FOR NO KEY UPDATE */;

-- name: get_job_by_upstream_id^
SELECT * FROM jobs WHERE upstream_id = :upstream_id;

-- name: live_upscale^
SELECT * FROM jobs
WHERE type = 'upscale' AND parent_id = :parent_id AND image_index = :image_index
    AND status NOT IN ('failed', 'cancelled');

-- name: schedule_job!
UPDATE jobs SET due_at = :due_at, attempts = :attempts WHERE id = :id AND ended_at IS NULL;

-- name: mark_sending!
UPDATE jobs SET submission = 'sending', sending_at = COALESCE(sending_at, :now), due_at = :due_at, attempts = attempts + 1
WHERE id = :id AND submission = 'waiting' AND ended_at IS NULL;

-- name: count_in_flight$
SELECT COUNT(*) FROM jobs WHERE submission IN ('sending', 'sent') AND ended_at IS NULL;

-- name: count_waiting$
SELECT COUNT(*) FROM jobs WHERE submission = 'waiting' AND ended_at IS NULL;

-- name: count_live_of$
-- What of a requester takes up room: the jobs that have not ended.
SELECT COUNT(*) FROM jobs
WHERE platform = :platform AND workspace = :workspace AND user_id = :user_id AND ended_at IS NULL;

-- name: count_sending$
SELECT COUNT(*) FROM jobs WHERE submission = 'sending' AND ended_at IS NULL AND type = :type;

-- name: next_waiting^
-- Round-robin by requester within a mode: a job's turn is fixed when it is made (see insert_job). A job whose inputs are
-- still being fetched has nothing to send yet. Where ``apart`` is set, of what cannot be told from another of its type
-- at the image service only one is sent at a time.
SELECT * FROM jobs
WHERE submission = 'waiting' AND ended_at IS NULL AND due_at <= :now
    AND NOT EXISTS (
        SELECT 1 FROM pictures AS input
        WHERE input.job_id = jobs.id AND input.role = 'input' AND input.due_at IS NOT NULL
    )
    AND NOT (
        CAST(:apart AS INTEGER) = 1 AND (type = 'describe' OR type = 'blend') AND EXISTS (
            SELECT 1 FROM jobs AS other
            WHERE other.submission = 'sending' AND other.ended_at IS NULL AND other.type = jobs.type
        )
    )
ORDER BY mode_rank, turn, id
LIMIT 1
/*+ postgresql FOR NO KEY UPDATE SKIP LOCKED */;

-- name: next_due_at$
-- When the submitter or the tracker has something to do at the earliest.
SELECT MIN(due_at) FROM jobs WHERE submission = :submission AND ended_at IS NULL
    /*+ postgresql AND (submission <> 'sending' OR holder IS NULL OR holder = :holder) */;

-- name: place_in_queue$
SELECT COUNT(*) FROM jobs AS other
WHERE other.submission = 'waiting' AND other.ended_at IS NULL AND (
    other.mode_rank < :mode_rank
    OR (other.mode_rank = :mode_rank AND other.turn < :turn)
    OR (other.mode_rank = :mode_rank AND other.turn = :turn AND other.id <= :id)
);

-- name: bump_front_of_queue!
UPDATE jobs SET revision = revision + 1, updated_at = :now WHERE id IN (
    SELECT id FROM jobs
    WHERE submission = 'waiting' AND ended_at IS NULL
    ORDER BY mode_rank, turn, id
    LIMIT :limit
    /*+ postgresql FOR NO KEY UPDATE SKIP LOCKED */
);

-- name: tries_at_the_front$
-- Jobs that were tried in vain keep their place, so looking at the front is enough.
SELECT MAX(attempts) FROM (
    SELECT attempts FROM jobs
    WHERE submission = 'waiting' AND ended_at IS NULL
    ORDER BY mode_rank, turn, id
    LIMIT 20
) AS front;

-- name: release_waiting!
-- A job whose inputs are still being fetched does not wait for another try: it is let go once they are there.
UPDATE jobs SET due_at = :now
WHERE submission = 'waiting' AND ended_at IS NULL AND due_at > :now
    AND NOT EXISTS (
        SELECT 1 FROM pictures AS input
        WHERE input.job_id = jobs.id AND input.role = 'input' AND input.due_at IS NOT NULL
    );

-- name: bump_revision!
UPDATE jobs SET revision = revision + 1, updated_at = :now WHERE id = :id;

-- name: sending_jobs
SELECT * FROM jobs
WHERE submission = 'sending' AND ended_at IS NULL AND due_at <= :now
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */
ORDER BY due_at
LIMIT :limit
/*+ postgresql FOR NO KEY UPDATE SKIP LOCKED */;

-- name: jobs_to_poll
SELECT * FROM jobs
WHERE submission = 'sent' AND ended_at IS NULL AND due_at <= :now
ORDER BY due_at
LIMIT :limit;

-- name: release_sending!
-- After a restart: what was being sent is looked at once the answer can no longer be on its way.
UPDATE jobs SET due_at = :due_at WHERE submission = 'sending' AND ended_at IS NULL
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */;

-- name: jobs_to_cancel
SELECT * FROM jobs
WHERE cancel_requested_at IS NOT NULL AND ended_at IS NULL AND submission = 'sent'
ORDER BY cancel_requested_at
LIMIT :limit;

-- name: add_superfluous!
INSERT INTO superfluous_jobs (upstream_id, found_at) VALUES (:upstream_id, :found_at)
ON CONFLICT (upstream_id) DO NOTHING;

-- name: superfluous_jobs
SELECT upstream_id, found_at FROM superfluous_jobs ORDER BY found_at LIMIT :limit;

-- name: is_superfluous$
SELECT 1 FROM superfluous_jobs WHERE upstream_id = :upstream_id;

-- name: forget_superfluous!
DELETE FROM superfluous_jobs WHERE upstream_id = :upstream_id;

-- name: list_jobs
SELECT * FROM jobs
WHERE (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND (CAST(:workspace AS TEXT) IS NULL OR workspace = :workspace)
    AND (CAST(:user_id AS TEXT) IS NULL OR user_id = :user_id)
    AND (CAST(:statuses AS TEXT) = '' OR CAST(:statuses AS TEXT) LIKE '%,' || status || ',%')
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_live_jobs
-- As list_jobs, over the few jobs that have not ended.
SELECT * FROM jobs
WHERE ended_at IS NULL
    AND (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND (CAST(:workspace AS TEXT) IS NULL OR workspace = :workspace)
    AND (CAST(:user_id AS TEXT) IS NULL OR user_id = :user_id)
    AND (CAST(:statuses AS TEXT) = '' OR CAST(:statuses AS TEXT) LIKE '%,' || status || ',%')
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_jobs_of_workspace
-- As list_jobs, by the index of one workspace's jobs.
SELECT * FROM jobs
WHERE workspace = :workspace
    AND (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND (CAST(:statuses AS TEXT) = '' OR CAST(:statuses AS TEXT) LIKE '%,' || status || ',%')
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_jobs_of_requester
-- As list_jobs, by the index of one person's jobs.
SELECT * FROM jobs
WHERE workspace = :workspace AND user_id = :user_id
    AND (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND (CAST(:statuses AS TEXT) = '' OR CAST(:statuses AS TEXT) LIKE '%,' || status || ',%')
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_jobs_in_vain_of_requester
-- As list_jobs, by the index of one person's jobs that have failed or were cancelled.
SELECT * FROM jobs
WHERE workspace = :workspace AND user_id = :user_id AND (status = 'failed' OR status = 'cancelled')
    AND (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND CAST(:statuses AS TEXT) LIKE '%,' || status || ',%'
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_jobs_of_status
-- As list_jobs, by the index of a status that may be rare.
SELECT * FROM jobs
WHERE workspace = :workspace AND status = :status
    AND (CAST(:platform AS TEXT) IS NULL OR platform IN (:platform, 'api'))
    AND id < :before
ORDER BY id DESC
LIMIT :limit;

-- name: list_requesters
-- From one person to the next in the index of their jobs, as there are few people and many jobs.
WITH RECURSIVE people (user_id) AS (
    SELECT MIN(user_id) FROM jobs WHERE platform IN (:platform, 'api') AND workspace = :workspace
    UNION ALL
    SELECT (
        SELECT MIN(jobs.user_id) FROM jobs
        WHERE jobs.platform IN (:platform, 'api') AND jobs.workspace = :workspace AND jobs.user_id > people.user_id
    )
    FROM people WHERE people.user_id IS NOT NULL
)
SELECT jobs.platform, jobs.workspace, jobs.user_id, jobs.user_name
FROM people
INNER JOIN jobs ON jobs.id = (
    SELECT MAX(latest.id) FROM jobs AS latest
    WHERE latest.platform IN (:platform, 'api') AND latest.workspace = :workspace AND latest.user_id = people.user_id
)
ORDER BY jobs.user_name;

-- name: recent_prompts
-- Among the newest jobs, as this is asked at each letter that somebody types.
SELECT prompt, MAX(id) AS last_id FROM (
    SELECT id, platform, type, prompt FROM jobs
    WHERE workspace = :workspace AND user_id = :user_id
    ORDER BY id DESC
    LIMIT :among
) AS newest
WHERE platform = :platform AND type = 'imagine' AND prompt <> ''
GROUP BY prompt
ORDER BY MAX(id) DESC
LIMIT :limit;

-- name: recent_durations
SELECT ended_at - submitted_at AS took FROM jobs
WHERE type = :type AND status = 'completed' AND ended_at IS NOT NULL AND submitted_at IS NOT NULL
ORDER BY ended_at DESC
LIMIT :limit;

-- name: latest_ends^
-- Over the newest jobs, by the index on their type and end.
SELECT COUNT(*) AS ends, MIN(ended_at) AS first, MAX(ended_at) AS last FROM (
    SELECT ended_at FROM jobs WHERE ended_at IS NOT NULL AND status <> 'cancelled' ORDER BY ended_at DESC LIMIT :limit
) AS latest;

-- name: backlog^
SELECT
    (SELECT MIN(created_at) FROM jobs WHERE submission = 'waiting' AND ended_at IS NULL) AS waiting,
    (
        SELECT MIN(due_at) FROM posts
        WHERE state = 'open' AND shown_revision < wanted_revision AND due_at <= :now
    ) AS due;
