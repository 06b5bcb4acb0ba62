-- Jobs of a workspace, whatever the platform: what a program with a key sees. To programs a job is completed once its
-- pictures are there as well; until then it counts as in progress.

-- name: add_to_count!
INSERT INTO job_counts (workspace, status, jobs) VALUES (:workspace, :status, :change)
ON CONFLICT (workspace, status) DO UPDATE SET jobs = job_counts.jobs + excluded.jobs;

-- name: job_counts
SELECT status, jobs FROM job_counts WHERE workspace = :workspace;

-- name: count_unsettled$
-- By CROSS JOIN, SQLite begins with the pictures, which are few.
SELECT COUNT(DISTINCT jobs.id) FROM pictures CROSS JOIN jobs
WHERE pictures.due_at IS NOT NULL AND pictures.role IN ('grid', 'image') AND jobs.id = pictures.job_id
    AND jobs.workspace = :workspace AND jobs.status = 'completed';

-- name: newest_in_workspace
SELECT * FROM jobs WHERE workspace = :workspace ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- name: oldest_in_workspace
SELECT * FROM jobs WHERE workspace = :workspace ORDER BY id LIMIT :limit OFFSET :offset;

-- name: newest_with_status
SELECT * FROM jobs
WHERE workspace = :workspace AND status = :status AND id NOT IN (
    SELECT job_id FROM pictures WHERE due_at IS NOT NULL AND role IN ('grid', 'image')
)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- name: oldest_with_status
SELECT * FROM jobs
WHERE workspace = :workspace AND status = :status AND id NOT IN (
    SELECT job_id FROM pictures WHERE due_at IS NOT NULL AND role IN ('grid', 'image')
)
ORDER BY id LIMIT :limit OFFSET :offset;

-- name: newest_in_progress
-- Both kinds are few; for CROSS JOIN see count_unsettled.
SELECT * FROM jobs
WHERE id IN (
    SELECT id FROM jobs WHERE workspace = :workspace AND status = 'in_progress'
    UNION
    SELECT jobs.id FROM pictures CROSS JOIN jobs
    WHERE pictures.due_at IS NOT NULL AND pictures.role IN ('grid', 'image') AND jobs.id = pictures.job_id
        AND jobs.workspace = :workspace AND jobs.status = 'completed'
)
ORDER BY id DESC LIMIT :limit OFFSET :offset;

-- name: oldest_in_progress
SELECT * FROM jobs
WHERE id IN (
    SELECT id FROM jobs WHERE workspace = :workspace AND status = 'in_progress'
    UNION
    SELECT jobs.id FROM pictures CROSS JOIN jobs
    WHERE pictures.due_at IS NOT NULL AND pictures.role IN ('grid', 'image') AND jobs.id = pictures.job_id
        AND jobs.workspace = :workspace AND jobs.status = 'completed'
)
ORDER BY id LIMIT :limit OFFSET :offset;

-- name: pictures_between
SELECT pictures.* FROM jobs
INNER JOIN pictures ON pictures.job_id = jobs.id
WHERE jobs.workspace = :workspace AND jobs.id BETWEEN :first AND :last;

-- name: pictures_between_with_status
SELECT pictures.* FROM jobs
INNER JOIN pictures ON pictures.job_id = jobs.id
WHERE jobs.workspace = :workspace AND jobs.status = :status AND jobs.id BETWEEN :first AND :last;
