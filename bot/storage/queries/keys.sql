-- name: insert_key!
INSERT INTO api_keys (
    id, name, prefix, digest, webhook_secret, workspace, channel_platform, channel, thread, created_at
) VALUES (
    :id, :name, :prefix, :digest, :webhook_secret, :workspace, :channel_platform, :channel, :thread, :created_at
);

-- name: all_keys
SELECT * FROM api_keys ORDER BY id;

-- name: revoke_key!
UPDATE api_keys SET revoked_at = :revoked_at WHERE id = :id AND revoked_at IS NULL;

-- name: mark_key_used!
UPDATE api_keys SET used_at = :used_at WHERE id = :id AND (used_at IS NULL OR used_at < :used_at);
