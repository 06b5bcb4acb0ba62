-- name: insert_button!
INSERT INTO buttons (id, job_id, action, position) VALUES (:id, :job_id, :action, :position)
ON CONFLICT (job_id, action, position) DO NOTHING;

-- name: get_button^
SELECT * FROM buttons WHERE id = :id;

-- name: find_button^
SELECT * FROM buttons WHERE job_id = :job_id AND action = :action AND position = :position;

-- name: buttons_of_job
SELECT * FROM buttons WHERE job_id = :job_id;

-- name: mark_pressed!
UPDATE buttons SET
    pressed_by = :pressed_by, pressed_by_id = :pressed_by_id, pressed_at = :pressed_at, outcome_job_id = :outcome_job_id
WHERE id = :id;
