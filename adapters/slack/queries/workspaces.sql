-- name: get_workspace^
SELECT * FROM slack_workspaces WHERE id = :id;

-- name: all_workspaces
SELECT * FROM slack_workspaces ORDER BY name, id;

-- name: keep_workspace!
INSERT INTO slack_workspaces (
    id, organisation, name, url, app_id, bot_id, bot_user_id, bot_name, token, refresh_token, expires_at, scopes,
    installed_at
) VALUES (
    :id, :organisation, :name, :url, :app_id, :bot_id, :bot_user_id, :bot_name, :token, :refresh_token, :expires_at,
    :scopes, :installed_at
)
ON CONFLICT (id) DO UPDATE SET
    organisation = excluded.organisation, name = excluded.name, url = excluded.url, app_id = excluded.app_id,
    bot_id = excluded.bot_id, bot_user_id = excluded.bot_user_id, bot_name = excluded.bot_name, token = excluded.token,
    refresh_token = excluded.refresh_token, expires_at = excluded.expires_at, scopes = excluded.scopes,
    installed_at = excluded.installed_at;

-- name: rotate_workspace!
UPDATE slack_workspaces SET token = :token, refresh_token = :refresh_token, expires_at = :expires_at WHERE id = :id;

-- name: remove_workspace!
-- What was installed after the news was sent is another install, and stays.
DELETE FROM slack_workspaces WHERE id = :id AND installed_at <= :until;

-- name: add_state!
INSERT INTO slack_states (state, expires_at) VALUES (:state, :expires_at);

-- name: take_state^
DELETE FROM slack_states WHERE state = :state RETURNING expires_at;

-- name: drop_states!
DELETE FROM slack_states WHERE expires_at < :now;
