"""The auditor finds nothing in a sound run, and every fault that is planted in one."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.engine import run_engine
from tests.fakes.engines import png, tiny_settings
from tests.reliability.auditor import Audit, at_rest, audit, kept_files
from tests.reliability.front import Ledger, Told
from tests.reliability.fronts.web import WebFront
from tests.reliability.processes import SECRET, free_port, program

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
_ONE_GRID = "(SELECT id FROM jobs WHERE type = 'imagine' AND status = 'completed' LIMIT 1)"
_UNEND = "UPDATE jobs SET status = 'pending', ended_at = NULL WHERE id = (SELECT MAX(id) FROM jobs)"

OURS = {
    "a job that never ended": ("lost", _UNEND),
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
        "UPDATE buttons SET job_id = (SELECT MAX(id) FROM jobs WHERE type = 'describe') WHERE action = 'reroll'",
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


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """Give what a sound run leaves: a grid, an upscale, a description and some words."""
    folder = tmp_path_factory.mktemp("run")
    ledger = Ledger()
    asyncio.run(_run(folder, ledger))
    return folder, ledger.told()


async def _run(folder: Path, ledger: Ledger) -> None:
    port = free_port()
    child = program(folder / "studio", f"http://127.0.0.1:{port}")
    origins = frozenset({child.url})
    (folder / "engine").mkdir()
    settings = tiny_settings(
        folder / "engine", previews=False, webhook_secret=SECRET, webhook_origins=origins, picture_origins=origins
    )
    async with run_engine(settings, port=port):
        await child.start()
        try:
            async with WebFront(folder / "studio").visitor(child.url, ledger) as visitor:
                await visitor.command("/imagine a lighthouse")
                grid = await visitor.seen("a lighthouse", "completed", label="U1")
                await visitor.press(grid.buttons["U1"])
                await visitor.command("/describe", png())
                await visitor.command("How about that?")
            async with asyncio.timeout(30):
                while not at_rest(folder / "studio" / "imaginebot.db"):  # noqa: ASYNC110 - rows send no events
                    await asyncio.sleep(0.05)
            assert await child.stop() == 0, child.said()
        finally:
            await child.kill()


@pytest.fixture
def copy(remains: tuple[Path, Told], tmp_path: Path) -> Path:
    """Give a copy of the remains to plant something in."""
    shutil.copytree(remains[0], tmp_path / "run")
    return tmp_path / "run"


def look(folder: Path, told: Told) -> Audit:
    studio = folder / "studio"
    return audit(studio / "imaginebot.db", folder / "engine" / "engine.db", studio / "pictures", told, WebFront(studio))


def plant(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {sql}")
        connection.commit()


def test_a_sound_run_is_clean(remains: tuple[Path, Told]) -> None:
    found = look(*remains)
    assert found.clean, found.sentences
    assert (found.acknowledged, found.accepted, found.ended, found.shown_once) == (4, 3, 3, 3)


@pytest.mark.parametrize("fault", OURS)
def test_a_fault_in_the_programs_tables_is_found(copy: Path, remains: tuple[Path, Told], fault: str) -> None:
    kind, sql = OURS[fault]
    plant(copy / "studio" / "imaginebot.db", sql)
    assert look(copy, remains[1]).findings[kind]


@pytest.mark.parametrize("fault", THEIRS)
def test_a_fault_at_the_image_service_is_found(copy: Path, remains: tuple[Path, Told], fault: str) -> None:
    kind, sql = THEIRS[fault]
    plant(copy / "engine" / "engine.db", sql)
    assert look(copy, remains[1]).findings[kind]


def test_a_damaged_picture_is_found(copy: Path, remains: tuple[Path, Told]) -> None:
    next(kept_files(copy / "studio" / "pictures")).write_bytes(b"gone")
    assert look(copy, remains[1]).findings["missing pictures"]


def test_a_button_that_led_nowhere_when_it_was_pressed_is_found(remains: tuple[Path, Told]) -> None:
    folder, told = remains
    assert look(folder, replace(told, dead=("abc",))).findings["dead buttons"]


def test_what_is_left_to_do_is_seen(copy: Path) -> None:
    database = copy / "studio" / "imaginebot.db"
    assert at_rest(database)
    plant(database, _UNEND)
    assert not at_rest(database)
