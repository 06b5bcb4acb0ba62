-- name: add_member!
INSERT INTO web_members (id, token_digest, name, created_at)
VALUES (:id, :token_digest, :name, :created_at);

-- name: rename_member!
UPDATE web_members SET name = :name WHERE id = :id;

-- name: member_by_token^
SELECT id, name FROM web_members WHERE token_digest = :token_digest;
