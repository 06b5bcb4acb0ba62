-- name: next_number^
UPDATE web_sequence SET value = value + 1 WHERE id = 1 RETURNING value;

-- name: head^
SELECT value FROM web_sequence WHERE id = 1;

-- name: add_text!
INSERT INTO web_messages (id, channel, kind, member_id, author, body, created_at, changed_seq, idempotency_key)
VALUES (:id, :channel, 'text', :member_id, :author, :body, :created_at, :id, :idempotency_key);

-- name: message_by_key^
SELECT id FROM web_messages WHERE idempotency_key = :idempotency_key;

-- name: add_post!
-- A post that is made again (a crash, a lost answer) keeps its message. An older view never replaces a newer one.
INSERT INTO web_messages (
    id, channel, kind, member_id, author, body, created_at, changed_seq, post_id, job_id, revision
) VALUES (
    :id, :channel, 'post', :member_id, :author, :body, :created_at, :id, :post_id, :job_id, :revision
)
ON CONFLICT (post_id) DO UPDATE SET
    body = excluded.body, changed_seq = excluded.changed_seq, revision = excluded.revision
WHERE web_messages.revision <= excluded.revision;

-- name: message_by_post^
SELECT id FROM web_messages WHERE post_id = :post_id;

-- name: show_post!
UPDATE web_messages
SET body = :body, changed_seq = :changed_seq, revision = :revision
WHERE id = :id AND kind = 'post' AND revision <= :revision;

-- name: get_message^
SELECT id, channel, kind, member_id, author, body, created_at, changed_seq, job_id
FROM web_messages WHERE id = :id;

-- name: message_by_job^
SELECT id, channel, kind, member_id, author, body, created_at, changed_seq, job_id
FROM web_messages WHERE job_id = :job_id ORDER BY id LIMIT 1;

-- name: messages_before
SELECT id, channel, kind, member_id, author, body, created_at, changed_seq, job_id
FROM web_messages WHERE channel = :channel AND id < :before
ORDER BY id DESC LIMIT :limit;

-- name: messages_from
SELECT id, channel, kind, member_id, author, body, created_at, changed_seq, job_id
FROM web_messages WHERE channel = :channel AND id >= :start
ORDER BY id LIMIT :limit;

-- name: messages_changed_after
SELECT id, channel, kind, member_id, author, body, created_at, changed_seq, job_id
FROM web_messages WHERE changed_seq > :after
ORDER BY changed_seq LIMIT :limit;
