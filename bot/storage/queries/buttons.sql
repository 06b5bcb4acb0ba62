-- name: insert_button!
INSERT INTO buttons (id, job_id, action, position) VALUES (:id, :job_id, :action, :position)
ON CONFLICT (job_id, action, position) DO NOTHING;

-- name: get_button^
SELECT * FROM buttons WHERE id = :id;

-- name: find_button^
SELECT * FROM buttons WHERE job_id = :job_id AND action = :action AND position = :position;

-- name: buttons_of_job
SELECT * FROM buttons WHERE job_id = :job_id;

-- name: came_of_buttons
-- What came of a job by its latest presses; the variations of an upscale have its grid for a parent.
SELECT id FROM jobs
WHERE id IN (
    SELECT outcome_job_id FROM buttons WHERE job_id = :job_id
    UNION
    SELECT further.outcome_job_id FROM buttons
    JOIN buttons AS further ON further.job_id = buttons.outcome_job_id
    WHERE buttons.job_id = :job_id
) AND (parent_id = :job_id OR origin_id = :job_id);

-- name: mark_pressed!
UPDATE buttons SET
    pressed_by = :pressed_by, pressed_by_id = :pressed_by_id, pressed_at = :pressed_at, outcome_job_id = :outcome_job_id
WHERE id = :id;
