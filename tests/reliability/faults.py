"""Faults to plant in the remains of a sound run: what is amiss, the name that the auditor has for it, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.reliability.front import Heard, Shown

_COPY_OF_THE_MESSAGE = """
INSERT INTO web_messages (id, channel, kind, member_id, author, body, created_at, changed_seq, post_id, job_id, revision)
SELECT 100000, channel, kind, member_id, author, body, created_at, 100000, 'another', job_id, revision
FROM web_messages WHERE kind = 'post' LIMIT 1
"""
_COPY_OF_THEIR_JOB = """
INSERT INTO jobs (id, type, status, mode_rank, orders, webhook_url, webhook_type, created_at, updated_at, ended_at)
SELECT '00000000-0000-4000-8000-000000000000', type, status, mode_rank, orders, {url}, webhook_type, created_at,
    updated_at, ended_at
FROM jobs WHERE type = 'imagine' LIMIT 1
"""
_REST_OF_A_DELIVERY = "job_id, key_id, url, endpoint, event, body, state, due_at, give_up_at, created_at, settled_at"
COPY_OF_THE_WEBHOOK = f"""
INSERT INTO webhook_deliveries (id, {_REST_OF_A_DELIVERY})
SELECT 'ffffffff', {_REST_OF_A_DELIVERY} FROM webhook_deliveries WHERE event = 'job.completed' LIMIT 1
"""
_ONE_GRID = "(SELECT id FROM jobs WHERE type = 'imagine' AND status = 'completed' LIMIT 1)"
UNEND = "UPDATE jobs SET status = 'pending', ended_at = NULL WHERE id = (SELECT MAX(id) FROM jobs)"

OURS = {
    "a job that never ended": ("lost", UNEND),
    "a job that is gone": ("lost", "DELETE FROM jobs WHERE type = 'describe'"),
    "a key that is gone": (
        "lost",
        "DELETE FROM idempotency_keys WHERE rowid = (SELECT MAX(rowid) FROM idempotency_keys)",
    ),
    "a message that is gone": ("lost", "DELETE FROM web_messages WHERE kind = 'post' AND id = 1"),
    "words that are gone": ("lost", "DELETE FROM web_messages WHERE kind = 'text'"),
    "an end that is not shown": (
        "lost",
        'UPDATE web_messages SET body = replace(body, \'"status":"completed"\', \'"status":"in_progress"\')',
    ),
    "nobody who asked": ("lost", "DELETE FROM audit"),
    "two messages for a job": ("doubled", _COPY_OF_THE_MESSAGE),
    "a job that no command led to": (
        "doubled",
        "DELETE FROM idempotency_keys WHERE rowid = (SELECT MIN(rowid) FROM idempotency_keys)",
    ),
    "a key with a job too many": (
        "doubled",
        f"UPDATE idempotency_keys SET job_ids = json_array({_ONE_GRID}, {_ONE_GRID})",
    ),
    "two upscales of one picture": (
        "doubled",
        f"DROP INDEX one_upscale_of_a_picture; UPDATE jobs SET type = 'upscale', parent_id = {_ONE_GRID}, image_index = 1 WHERE type IN ('upscale', 'describe')",
    ),
    "an old revision shown": ("untrue", "UPDATE web_messages SET revision = revision - 1 WHERE kind = 'post'"),
    "a post that does not know its message": ("untrue", "UPDATE posts SET reference = NULL"),
    "another end than theirs": (
        "untrue",
        "UPDATE jobs SET status = 'cancelled' WHERE type = 'upscale'",
    ),
    "a job that they do not know": (
        "untrue",
        "UPDATE jobs SET upstream_id = '00000000-0000-4000-8000-000000000001' WHERE type = 'upscale'",
    ),
    "a button without a row": ("dead buttons", "DELETE FROM buttons WHERE action = 'reroll'"),
    "a button of another job": (
        "dead buttons",
        "UPDATE buttons SET job_id = (SELECT MAX(id) FROM jobs WHERE type = 'describe') WHERE id = (SELECT MIN(id) FROM buttons WHERE action = 'reroll')",
    ),
    "a button that led to a job that is gone": (
        "dead buttons",
        "UPDATE buttons SET outcome_job_id = 'nowhere' WHERE action = 'upscale' AND position = 1",
    ),
    "a post without its buttons": (
        "dead buttons",
        "UPDATE web_messages SET body = json_set(body, '$.buttons', json_array()) WHERE kind = 'post'",
    ),
    "a picture that was not fetched": (
        "missing pictures",
        "UPDATE pictures SET digest = NULL WHERE role = 'image' AND position = 2",
    ),
    "a post without its picture": (
        "missing pictures",
        "UPDATE web_messages SET body = json_set(body, '$.main', NULL) WHERE kind = 'post'",
    ),
    "a post that was given up": ("lost", "UPDATE posts SET state = 'gone' WHERE platform = 'parlour'"),
    "a job without a post": ("lost", "DELETE FROM posts WHERE platform = 'parlour'"),
    "a webhook that was given up": (
        "lost",
        "UPDATE webhook_deliveries SET state = 'failed' WHERE event = 'job.completed'",
    ),
    "an end that no program was told": ("lost", "DELETE FROM webhook_deliveries"),
    "an end that a program was told twice": (
        "doubled",
        COPY_OF_THE_WEBHOOK,
    ),
    "another end than was told": (
        "untrue",
        "UPDATE webhook_deliveries SET event = 'job.failed' WHERE event = 'job.completed'",
    ),
    "another job than was answered": (
        "lost",
        f"UPDATE idempotency_keys SET job_ids = json_array({_ONE_GRID}) WHERE key LIKE 'api:%'",
    ),
}

THEIRS = {
    "a job that was sent twice": (
        "doubled",
        _COPY_OF_THEIR_JOB.format(url="webhook_url"),
    ),
    "a job that belongs to nobody": (
        "orphaned upstream",
        _COPY_OF_THEIR_JOB.format(url="NULL"),
    ),
    "a job that they forgot": ("untrue", "DELETE FROM jobs WHERE type = 'describe'"),
}


SHOWN: dict[str, tuple[str, str, Callable[[list[Shown]], list[Shown]]]] = {
    "a second message on a platform": ("doubled", "parlour", lambda shown: [*shown, replace(shown[0], reference="m9")]),
    "a message of nothing": (
        "doubled",
        "parlour",
        lambda shown: [*shown, replace(shown[0], reference="m9", buttons=())],
    ),
    "no message on a platform": ("lost", "parlour", lambda _: []),
    "a message of a job that is gone": ("lost", "parlour", lambda shown: [replace(shown[0], job_id="gone")]),
    "an end that a platform does not show": ("lost", "parlour", lambda shown: [replace(shown[0], status=None)]),
    "a message that is not the post's": ("untrue", "parlour", lambda shown: [replace(shown[0], reference="m9")]),
    "a platform that shows a button too few": (
        "dead buttons",
        "parlour",
        lambda shown: [replace(shown[0], buttons=(shown[0].buttons or ())[:8])],
    ),
    "a platform that shows a button of nobody": (
        "dead buttons",
        "parlour",
        lambda shown: [replace(shown[0], buttons=[*(shown[0].buttons or ())[:8], "nobody"])],
    ),
    "a platform that shows a picture too few": (
        "missing pictures",
        "parlour",
        lambda shown: [replace(shown[0], pictures=4)],
    ),
    "a job that no program is answered": ("lost", "api", lambda shown: []),
    "a job that programs are answered twice": ("doubled", "api", lambda shown: [*shown, *shown]),
    "another end than programs are answered": (
        "lost",
        "api",
        lambda shown: [replace(each, status="failed") for each in shown],
    ),
}

HEARD: dict[str, tuple[str, Callable[[list[Heard]], list[Heard]]]] = {
    "a webhook that nobody heard": (
        "lost",
        lambda heard: [each for each in heard if each.event_id != heard[-1].event_id],
    ),
    "a webhook that nobody wrote": ("untrue", lambda heard: [*heard, replace(heard[-1], event_id="ffffffff")]),
    "a webhook without a signature": ("untrue", lambda heard: [replace(each, signed=False) for each in heard]),
    "a webhook that says something else": ("untrue", lambda heard: [replace(each, status="failed") for each in heard]),
}
