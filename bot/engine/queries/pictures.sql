-- name: insert_picture(token, job_id, position, preview, width, height, content_type)!
INSERT INTO pictures (token, job_id, position, preview, width, height, content_type)
VALUES (:token, :job_id, :position, :preview, :width, :height, :content_type);

-- name: pictures_of(job_ids)
SELECT * FROM pictures
WHERE job_id IN (SELECT value FROM json_each(:job_ids))
ORDER BY job_id, position;

-- name: delete_previews(job_id)!
DELETE FROM pictures WHERE job_id = :job_id AND preview = 1;

-- name: find_picture(token, expired)^
SELECT pictures.* FROM pictures JOIN jobs ON jobs.id = pictures.job_id
WHERE token = :token AND (jobs.ended_at IS NULL OR jobs.ended_at > :expired);

-- name: delete_pictures(job_id)!
DELETE FROM pictures WHERE job_id = :job_id;
