-- name: last_number()$
SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'jobs'), 0);

-- name: insert_job(number, id, type, mode_rank, prompt, parameters, orders, parent_id, image_index, webhook_url, webhook_type, now)!
INSERT INTO jobs (
    number, id, type, status, mode_rank, prompt, parameters, orders, parent_id, image_index, webhook_url, webhook_type,
    created_at, updated_at
) VALUES (
    :number, :id, :type, 'pending', :mode_rank, :prompt, :parameters, :orders, :parent_id, :image_index,
    :webhook_url, :webhook_type, :now, :now
);

-- name: get_job(id, expired)^
SELECT * FROM jobs WHERE id = :id AND (ended_at IS NULL OR ended_at > :expired);

-- name: newest_jobs(status, expired, limit, offset)
SELECT * FROM jobs
WHERE (:status IS NULL OR status = :status) AND (ended_at IS NULL OR ended_at > :expired)
ORDER BY number DESC LIMIT :limit OFFSET :offset;

-- name: oldest_jobs(status, expired, limit, offset)
SELECT * FROM jobs
WHERE (:status IS NULL OR status = :status) AND (ended_at IS NULL OR ended_at > :expired)
ORDER BY number LIMIT :limit OFFSET :offset;

-- name: count_jobs(expired)$
-- From two indexes, as there may be very many that have ended.
SELECT (SELECT count(*) FROM jobs WHERE ended_at > :expired)
    + (SELECT count(*) FROM jobs WHERE status IN ('pending', 'in_progress'));

-- name: count_jobs_of_status(status, expired)$
SELECT count(*) FROM jobs WHERE status = :status AND (ended_at IS NULL OR ended_at > :expired);

-- name: count_waiting()$
SELECT count(*) FROM jobs WHERE status = 'pending';

-- name: interrupted_jobs()
SELECT * FROM jobs WHERE status = 'in_progress' ORDER BY mode_rank, number;

-- name: next_job()^
SELECT * FROM jobs WHERE status = 'pending' ORDER BY mode_rank, number LIMIT 1;

-- name: begin_job(now, id)!
UPDATE jobs SET status = 'in_progress', updated_at = :now WHERE id = :id AND status = 'pending';

-- name: record_progress(progress, now, id)!
UPDATE jobs SET progress = max(progress, :progress), updated_at = :now WHERE id = :id AND status = 'in_progress';

-- name: record_orders(orders, id)!
UPDATE jobs SET orders = :orders WHERE id = :id;

-- name: complete_job(prompts, now, id)!
UPDATE jobs SET status = 'completed', progress = 100, prompts = :prompts, updated_at = :now, ended_at = :now
WHERE id = :id AND status = 'in_progress';

-- name: fail_job(code, message, now, id)!
UPDATE jobs
SET status = 'failed', error_code = :code, error_message = :message, updated_at = :now, ended_at = :now
WHERE id = :id AND status = 'in_progress';

-- name: cancel_job(now, id)!
UPDATE jobs SET status = 'cancelled', updated_at = :now, ended_at = :now
WHERE id = :id AND status IN ('pending', 'in_progress');

-- name: expired_jobs(expired)
SELECT id FROM jobs WHERE ended_at <= :expired ORDER BY number LIMIT 500;

-- name: delete_job(id)!
DELETE FROM jobs WHERE id = :id;

-- name: all_orders()
SELECT orders FROM jobs;

-- name: all_ids()
SELECT id FROM jobs;
