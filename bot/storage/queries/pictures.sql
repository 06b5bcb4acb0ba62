-- name: insert_input!
INSERT INTO pictures (job_id, role, position, digest, width, height, content_type, source_url, due_at)
VALUES (:job_id, 'input', :position, :digest, :width, :height, :content_type, :source_url, :due_at);

-- name: want_picture!
-- A picture that is kept already stays; only a preview is replaced by a newer one.
INSERT INTO pictures (job_id, role, position, source_url, due_at)
VALUES (:job_id, :role, :position, :source_url, :due_at)
ON CONFLICT (job_id, role, position) DO UPDATE SET
    source_url = excluded.source_url, due_at = excluded.due_at, attempts = 0
WHERE pictures.role = 'preview' AND pictures.source_url <> excluded.source_url;

-- name: keep_picture!
-- A preview that a newer one has been wanted in place of is shown until that is there, which is still to be fetched.
INSERT INTO pictures (job_id, role, position, digest, width, height, content_type)
VALUES (:job_id, :role, :position, :digest, :width, :height, :content_type)
ON CONFLICT (job_id, role, position) DO UPDATE SET
    digest = excluded.digest, width = excluded.width, height = excluded.height, content_type = excluded.content_type,
    due_at = CASE
        WHEN pictures.role = 'preview' AND pictures.source_url <> CAST(:source_url AS TEXT) THEN pictures.due_at
    END,
    failure = NULL;

-- name: put_picture_off!
UPDATE pictures SET attempts = :attempts, due_at = :due_at, source_url = :source_url
WHERE job_id = :job_id AND role = :role AND position = :position;

-- name: give_picture_up!
UPDATE pictures SET due_at = NULL, failure = :failure
WHERE job_id = :job_id AND role = :role AND position = :position;

-- name: mark_unread!
-- An input that is kept, and cannot be read from the store at the moment; its tries are those to read it.
UPDATE pictures SET attempts = attempts + 1, failure = :failure
WHERE job_id = :job_id AND role = :role AND position = :position;

-- name: mark_read!
UPDATE pictures SET attempts = 0, failure = NULL WHERE job_id = :job_id AND role = 'input' AND failure IS NOT NULL;

-- name: pictures_of_job
SELECT * FROM pictures WHERE job_id = :job_id ORDER BY role, position;

-- name: inputs_due
SELECT * FROM pictures
WHERE due_at IS NOT NULL AND due_at <= :now AND role = 'input' AND attempts BETWEEN :fewest AND :most
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */
ORDER BY due_at
LIMIT :limit;

-- name: results_due
SELECT * FROM pictures
WHERE due_at IS NOT NULL AND due_at <= :now AND role <> 'input' AND attempts BETWEEN :fewest AND :most
    /*+ postgresql AND (holder IS NULL OR holder = :holder) */
ORDER BY due_at
LIMIT :limit;

-- name: next_picture_due_at$
SELECT MIN(due_at) FROM pictures
WHERE due_at IS NOT NULL AND due_at > :now /*+ postgresql AND (holder IS NULL OR holder = :holder) */;

-- name: stop_preview!
-- The job has ended: a preview that is kept stays until there is something better, one that is not is of no use, and
-- neither is an input.
UPDATE pictures SET due_at = NULL WHERE job_id = :job_id AND role IN ('preview', 'input');

-- name: drop_preview!
DELETE FROM pictures WHERE job_id = :job_id AND role = 'preview';

-- name: give_preview_up!
-- Unless a newer one has been wanted in its place.
DELETE FROM pictures WHERE job_id = :job_id AND role = 'preview' AND source_url = :source_url;
