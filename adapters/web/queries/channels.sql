-- name: list_channels
SELECT name, topic FROM web_channels ORDER BY created_at, name;

-- name: get_channel^
SELECT name, topic FROM web_channels WHERE name = :name;

-- name: add_channel!
INSERT INTO web_channels (name, topic, created_at)
VALUES (:name, '', :created_at)
ON CONFLICT (name) DO NOTHING;
