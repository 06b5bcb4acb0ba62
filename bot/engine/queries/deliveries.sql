-- name: insert_delivery(job_id, url, event, body, loose, due_at)!
INSERT INTO deliveries (job_id, url, event, body, loose, due_at)
VALUES (:job_id, :url, :event, :body, :loose, :due_at);

-- name: due_deliveries(now, under_way, limit)
-- A delivery waits for every earlier one of its job, save the loose ones.
SELECT * FROM deliveries
WHERE due_at <= :now
    AND number NOT IN (SELECT value FROM json_each(:under_way))
    AND (loose = 1 OR NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier
        WHERE earlier.job_id = deliveries.job_id AND earlier.number < deliveries.number AND earlier.loose = 0
    ))
ORDER BY due_at, number LIMIT :limit;

-- name: next_due(under_way)$
-- Those under way, and those behind them, are looked at again when the one under way is settled.
SELECT min(due_at) FROM deliveries
WHERE number NOT IN (SELECT value FROM json_each(:under_way))
    AND (loose = 1 OR NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier
        WHERE earlier.job_id = deliveries.job_id AND earlier.number < deliveries.number AND earlier.loose = 0
    ));

-- name: delete_delivery(number)!
DELETE FROM deliveries WHERE number = :number;

-- name: postpone_delivery(due_at, number)!
UPDATE deliveries SET attempts = attempts + 1, due_at = :due_at WHERE number = :number;

-- name: supersede_progress(job_id)!
DELETE FROM deliveries
WHERE job_id = :job_id AND event = 'job.progress'
    AND number < (SELECT max(number) FROM deliveries AS newest WHERE newest.job_id = :job_id);

-- name: count_deliveries()$
SELECT count(*) FROM deliveries;
