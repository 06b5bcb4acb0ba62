-- name: get_file^
SELECT * FROM slack_files WHERE workspace = :workspace AND digest = :digest;

-- name: reserve_file!
INSERT INTO slack_files (workspace, digest, file_id, state) VALUES (:workspace, :digest, :file_id, 'reserved')
ON CONFLICT (workspace, digest) DO UPDATE SET
    file_id = excluded.file_id, state = 'reserved', download_url = NULL;

-- name: file_completed!
UPDATE slack_files SET state = 'completed' WHERE workspace = :workspace AND digest = :digest AND file_id = :file_id;

-- name: file_ready!
UPDATE slack_files SET state = 'ready', download_url = :download_url
WHERE workspace = :workspace AND digest = :digest AND file_id = :file_id;

-- name: forget_file!
DELETE FROM slack_files WHERE workspace = :workspace AND digest = :digest;
