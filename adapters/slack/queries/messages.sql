-- name: get_message^
SELECT * FROM slack_messages WHERE id = :id;

-- name: message_at^
SELECT * FROM slack_messages WHERE workspace = :workspace AND channel = :channel AND ts = :ts;

-- name: claim_message^
-- Nothing comes back where somebody else is sending it at this moment, or has sent it.
INSERT INTO slack_messages (id, job_id, workspace, channel, thread, claimed_at)
VALUES (:id, :job_id, :workspace, :channel, :thread, :now)
ON CONFLICT (id) DO UPDATE SET claimed_at = excluded.claimed_at, looked_to = NULL
WHERE slack_messages.ts IS NULL
    AND (slack_messages.claimed_at IS NULL OR slack_messages.claimed_at <= :settled_before)
RETURNING id;

-- name: claim_now!
UPDATE slack_messages SET claimed_at = :now, looked_to = NULL WHERE id = :id AND ts IS NULL AND claimed_at > :now;

-- name: release_message!
UPDATE slack_messages SET claimed_at = NULL WHERE id = :id AND ts IS NULL;

-- name: looked_to!
UPDATE slack_messages SET looked_to = :looked_to WHERE id = :id;

-- name: message_made!
UPDATE slack_messages SET channel = :channel, ts = :ts WHERE id = :id;
