-- name: add_event!
INSERT INTO discord_events (
    id, token, token_ends_at, guild, channel, by_bot, upload_limit, age_restricted, spoiler, workspace, wish,
    created_at
) VALUES (
    :id, :token, :token_ends_at, :guild, :channel, :by_bot, :upload_limit, :age_restricted, :spoiler, :workspace,
    :wish, :created_at
)
ON CONFLICT (id) DO NOTHING;

-- name: set_wish!
UPDATE discord_events SET wish = :wish WHERE id = :id;

-- name: change_wish!
UPDATE discord_events SET wish = :wish WHERE id = :id AND wish IS NOT NULL;

-- name: get_wish$
SELECT wish FROM discord_events WHERE id = :id;

-- name: open_wishes
SELECT * FROM discord_events WHERE wish IS NOT NULL ORDER BY created_at;

-- name: unbound_events
-- Events of the last minutes before an end that led to jobs, perhaps, whose posts nobody has written down.
SELECT * FROM discord_events
WHERE created_at > :since AND NOT EXISTS (SELECT 1 FROM discord_posts WHERE event_id = discord_events.id)
ORDER BY created_at;

-- name: forget_events!
DELETE FROM discord_events WHERE created_at < :before AND wish IS NULL;

-- name: add_post!
INSERT INTO discord_posts (job_id, event_id, answer, guild, channel, by_bot, spoiler, age_restricted)
VALUES (:job_id, :event_id, :answer, :guild, :channel, :by_bot, :spoiler, :age_restricted)
ON CONFLICT (job_id) DO NOTHING;

-- name: get_post^
SELECT
    discord_posts.*, discord_events.token, discord_events.token_ends_at, discord_events.upload_limit, discord_events.created_at AS asked_at
FROM discord_posts LEFT JOIN discord_events ON discord_events.id = discord_posts.event_id
WHERE discord_posts.job_id = :job_id;

-- name: post_of_message^
SELECT job_id FROM discord_posts WHERE message = :message;

-- name: set_message!
UPDATE discord_posts
SET message = :message, guild = :guild, channel = :channel, by_bot = :by_bot, moved = :moved
WHERE job_id = :job_id;

-- name: set_tried!
UPDATE discord_posts SET tried_at = :tried_at WHERE job_id = :job_id;

-- name: claim_mention!
UPDATE discord_posts SET mentioned_at = :mentioned_at WHERE job_id = :job_id AND mentioned_at IS NULL;

-- name: get_member^
SELECT remix FROM discord_members WHERE user_id = :user_id;

-- name: set_remix!
INSERT INTO discord_members (user_id, remix) VALUES (:user_id, :remix)
ON CONFLICT (user_id) DO UPDATE SET remix = excluded.remix;

-- name: commands_digest$
SELECT digest FROM discord_commands WHERE application_id = :application_id;

-- name: set_commands_digest!
INSERT INTO discord_commands (application_id, digest) VALUES (:application_id, :digest)
ON CONFLICT (application_id) DO UPDATE SET digest = excluded.digest;

-- name: add_choice!
INSERT INTO discord_choices (id, pictures, created_at) VALUES (:id, :pictures, :created_at);

-- name: get_choice$
SELECT pictures FROM discord_choices WHERE id = :id;

-- name: forget_choices!
DELETE FROM discord_choices WHERE created_at < :before;
