-- name: insert_post!
INSERT INTO posts (
    id, job_id, platform, workspace, channel, thread, reference, state, wanted_revision, shown_revision, final, due_at,
    created_at
) VALUES (
    :id, :job_id, :platform, :workspace, :channel, :thread, NULL, 'open', :wanted_revision, -1, 0, :due_at, :created_at
);

-- name: post_of_job^
SELECT * FROM posts WHERE job_id = :job_id;

-- name: want_revision!
-- An end is due at once; anything else keeps the pace that the publisher has set. A message that is not there yet
-- comes when it comes: it shows the end anyway.
UPDATE posts SET
    wanted_revision = :revision,
    final = :final,
    due_at = CASE WHEN :final = 1 AND attempts = 0 AND reference IS NOT NULL THEN CAST(:now AS BIGINT) ELSE due_at END
WHERE job_id = :job_id AND wanted_revision < :revision;

-- name: want_front_of_queue!
-- As want_revision, for the jobs whose revision bump_front_of_queue has raised.
UPDATE posts SET wanted_revision = (
    SELECT CASE WHEN revision > posts.wanted_revision THEN revision ELSE posts.wanted_revision END
    FROM jobs WHERE jobs.id = posts.job_id
)
WHERE job_id IN (
    SELECT id FROM jobs
    WHERE submission = 'waiting' AND ended_at IS NULL
    ORDER BY mode_rank, turn, id
    LIMIT :limit
)
/*+ postgresql AND id IN (
    SELECT id FROM posts WHERE job_id IN (
        SELECT id FROM jobs
        WHERE submission = 'waiting' AND ended_at IS NULL
        ORDER BY mode_rank, turn, id
        LIMIT :limit
    )
    FOR NO KEY UPDATE SKIP LOCKED
) */;

-- name: due_posts
-- Without what is being sent. REPLACE changes a list that holds the text; it compares alike in every database.
-- New messages of a conversation wait for one before them that was put off and is due soon, for some tries of it.
SELECT posts.* FROM posts
LEFT JOIN (
    SELECT workspace AS its_workspace, channel AS its_channel, COALESCE(thread, '') AS its_thread, MIN(id) AS first_id
    FROM posts
    WHERE platform = :platform AND state = 'open' AND shown_revision < wanted_revision
        AND reference IS NULL AND attempts > 0 AND attempts <= :tries AND due_at <= :soon
    GROUP BY workspace, channel, COALESCE(thread, '')
) AS put_off ON reference IS NULL AND first_id < id AND its_workspace = workspace AND its_channel = channel
    AND its_thread = COALESCE(thread, '')
WHERE first_id IS NULL
    AND platform = :platform AND state = 'open' AND shown_revision < wanted_revision AND due_at <= :now
    AND REPLACE(CAST(:channels AS TEXT), '|' || workspace || '|' || channel || '|', '') = CAST(:channels AS TEXT)
    AND REPLACE(CAST(:posts AS TEXT), id, '') = CAST(:posts AS TEXT)
    AND (reference IS NOT NULL OR REPLACE(
        CAST(:conversations AS TEXT),
        '|' || workspace || '|' || channel || '|' || COALESCE(thread, '') || '|',
        ''
    ) = CAST(:conversations AS TEXT))
    /*+ postgresql AND (holder IS NULL OR holder = :holder) AND NOT EXISTS (
        SELECT 1 FROM posts AS held
        WHERE held.holder IS NOT NULL AND held.holder <> COALESCE(:holder, '')
            AND held.platform = posts.platform AND held.workspace = posts.workspace AND held.channel = posts.channel
    ) */
ORDER BY final DESC, due_at, id
LIMIT :limit
/*+ postgresql FOR NO KEY UPDATE OF posts SKIP LOCKED */;

-- name: next_post_due_at$
-- Every post is final or is not; to say so leads past those that are due already.
SELECT MIN(due_at) FROM posts
WHERE platform = :platform AND state = 'open' AND shown_revision < wanted_revision AND final IN (0, 1) AND due_at > :now
    /*+ postgresql AND (holder IS NULL OR holder = :holder) AND NOT EXISTS (
        SELECT 1 FROM posts AS held
        WHERE held.holder IS NOT NULL AND held.holder <> COALESCE(:holder, '')
            AND held.platform = posts.platform AND held.workspace = posts.workspace AND held.channel = posts.channel
    ) */;

-- name: set_post_reference!
UPDATE posts SET reference = :reference WHERE id = :id AND reference IS NULL;

-- name: set_post_shown!
-- An end that came while this was being sent is due as it is.
UPDATE posts SET
    shown_revision = :revision,
    end_shown = CASE WHEN CAST(:its_end AS INTEGER) = 1 THEN 1 ELSE end_shown END,
    attempts = 0,
    due_at = CASE WHEN final = 1 AND wanted_revision > :revision THEN due_at ELSE CAST(:due_at AS BIGINT) END
WHERE id = :id AND shown_revision < :revision;

-- name: make_post_due!
UPDATE posts SET due_at = :now WHERE id = :id AND reference IS NULL AND due_at > :now;

-- name: put_post_off!
UPDATE posts SET due_at = :due_at, attempts = CASE WHEN attempts < :least THEN :least ELSE attempts + 1 END
WHERE id = :id;

-- name: hold_post!
-- By our own pace, so no try is counted, but for the one by which a new message keeps its place (see due_posts). An end
-- that the platform has not been asked to show yet waits for no pace.
UPDATE posts SET due_at = :due_at, attempts = CASE WHEN reference IS NULL AND attempts = 0 THEN 1 ELSE attempts END
WHERE id = :id AND (final = 0 OR CAST(:ended AS INTEGER) = 1);

-- name: close_post!
UPDATE posts SET state = 'gone' WHERE id = :id;

-- name: count_due_posts$
SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision AND due_at <= :now;
