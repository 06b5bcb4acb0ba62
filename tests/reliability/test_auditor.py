"""The auditor finds nothing in a sound run, and every fault that is planted in one."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.engine import run_engine
from tests.fakes.engines import png, tiny_settings
from tests.reliability.auditor import at_rest, audit, kept_files
from tests.reliability.faults import COPY_OF_THE_WEBHOOK, HEARD, OURS, SHOWN, THEIRS, UNEND
from tests.reliability.findings import Audit
from tests.reliability.front import Front, Heard, Ledger, Shown, Told
from tests.reliability.fronts.parlour import open_front as open_parlour
from tests.reliability.fronts.rest import open_front as open_rest
from tests.reliability.fronts.web import WebFront
from tests.reliability.processes import SECRET, free_port, program


@dataclass(frozen=True)
class Everything:
    """All ways in at once, as they were in the end; what the page shows is read from whichever database is asked."""

    api: Sequence[Shown]
    parlour: Sequence[Shown]
    events: Sequence[Heard]

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        return {**WebFront(database.parent).shown(database), "api": self.api, "parlour": self.parlour}

    def said(self, database: Path) -> Iterable[str]:
        return WebFront(database.parent).said(database)

    def heard(self) -> Sequence[Heard]:
        return self.events


@dataclass(frozen=True)
class Remains:
    """What a run leaves."""

    folder: Path
    told: Told
    everything: Everything


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Remains:
    """Give what a sound run leaves: on the page a grid, an upscale, a description and some words; a grid in the
    parlour; a grid for a program that wants to hear of its progress too, and posts on the page."""
    return asyncio.run(_run(tmp_path_factory.mktemp("run")))


async def _run(folder: Path) -> Remains:
    ledger, studio, port = Ledger(), folder / "studio", free_port()
    async with open_parlour(studio) as parlour, open_rest(studio) as rest:
        environment = {**parlour.environment, **rest.environment}
        child = program(studio, f"http://127.0.0.1:{port}", environment=environment, module=rest.module)
        origins = frozenset({child.url})
        (folder / "engine").mkdir()
        settings = tiny_settings(
            folder / "engine", previews=False, webhook_secret=SECRET, webhook_origins=origins, picture_origins=origins
        )
        async with run_engine(settings, port=port):
            await child.start()
            try:
                await _use(studio, child.url, ledger, parlour, rest)
                async with asyncio.timeout(30):
                    while not at_rest(studio / "imaginebot.db"):  # noqa: ASYNC110 - rows send no events
                        await asyncio.sleep(0.05)
                await rest.look_at_the_end(child.url)
                assert await child.stop() == 0, child.said()
            finally:
                await child.kill()
        everything = Everything(
            rest.shown(studio / "imaginebot.db")["api"],
            parlour.shown(studio / "imaginebot.db")["parlour"],
            rest.heard() or (),
        )
    return Remains(folder, ledger.told(), everything)


async def _use(studio: Path, url: str, ledger: Ledger, parlour: Front, rest: Front) -> None:
    async with WebFront(studio).visitor(url, ledger) as visitor:
        await visitor.command("/imagine a lighthouse")
        grid = await visitor.seen("a lighthouse", "completed", label="U1")
        await visitor.press(grid.buttons["U1"])
        await visitor.command("/describe", png())
        await visitor.command("How about that?")
    for front, prompt in ((parlour, "a parlour"), (rest, "a rest")):
        async with front.visitor(url, ledger) as visitor:
            await visitor.command(f"/imagine {prompt}")
            await visitor.seen(prompt, "completed", label="U1")


@pytest.fixture
def copy(remains: Remains, tmp_path: Path) -> Path:
    """Give a copy of the remains to plant something in."""
    shutil.copytree(remains.folder, tmp_path / "run")
    return tmp_path / "run"


def look(folder: Path, told: Told, everything: Everything) -> Audit:
    studio = folder / "studio"
    return audit(studio / "imaginebot.db", folder / "engine" / "engine.db", studio / "pictures", told, everything)


def plant(database: Path, sql: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(f"PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {sql}")
        connection.commit()


def test_a_sound_run_is_clean(remains: Remains) -> None:
    found = look(remains.folder, remains.told, remains.everything)
    assert found.clean, found.sentences
    assert (found.acknowledged, found.accepted, found.ended, found.shown_once) == (6, 5, 5, 5)
    assert found.told_by_webhook == 1


def test_a_job_of_what_somebody_was_told_to_try_again_is_found(remains: Remains) -> None:
    key, *_ = remains.told.jobs
    told = replace(remains.told, denied={key, "of-nothing"})
    [found] = look(remains.folder, told, remains.everything).findings["doubled"]
    assert key in found


@pytest.mark.parametrize("fault", OURS)
def test_a_fault_in_the_programs_tables_is_found(copy: Path, remains: Remains, fault: str) -> None:
    kind, sql = OURS[fault]
    plant(copy / "studio" / "imaginebot.db", sql)
    assert look(copy, remains.told, remains.everything).findings[kind]


@pytest.mark.parametrize("fault", THEIRS)
def test_a_fault_at_the_image_service_is_found(copy: Path, remains: Remains, fault: str) -> None:
    kind, sql = THEIRS[fault]
    plant(copy / "engine" / "engine.db", sql)
    assert look(copy, remains.told, remains.everything).findings[kind]


@pytest.mark.parametrize("fault", SHOWN)
def test_a_fault_in_what_is_shown_is_found(remains: Remains, fault: str) -> None:
    kind, place, change = SHOWN[fault]
    everything = remains.everything
    if place == "api":
        everything = replace(everything, api=change([*everything.api]))
    else:
        everything = replace(everything, parlour=change([*everything.parlour]))
    assert look(remains.folder, remains.told, everything).findings[kind]


@pytest.mark.parametrize("fault", HEARD)
def test_a_fault_in_what_programs_hear_is_found(remains: Remains, fault: str) -> None:
    kind, change = HEARD[fault]
    everything = replace(remains.everything, events=change([*remains.everything.events]))
    assert look(remains.folder, remains.told, everything).findings[kind]


def test_a_webhook_after_a_newer_one_is_found(copy: Path, remains: Remains) -> None:
    plant(copy / "studio" / "imaginebot.db", COPY_OF_THE_WEBHOOK)
    heard = remains.everything.events
    newer = replace(heard[-1], event_id="ffffffff")
    for events, found in (([*heard, newer], False), ([newer, *heard], True)):
        everything = replace(remains.everything, events=events)
        assert bool(look(copy, remains.told, everything).findings["untrue"]) is found


def test_a_platform_that_nobody_looks_at_is_judged_by_its_posts(copy: Path, remains: Remains) -> None:
    watched = WebFront(copy / "studio")
    studio = copy / "studio"
    arguments = (studio / "imaginebot.db", copy / "engine" / "engine.db", studio / "pictures", remains.told, watched)
    assert audit(*arguments).clean
    plant(studio / "imaginebot.db", "UPDATE posts SET shown_revision = 0 WHERE platform = 'parlour'")
    assert audit(*arguments).findings["lost"]


def test_a_damaged_picture_is_found(copy: Path, remains: Remains) -> None:
    next(kept_files(copy / "studio" / "pictures")).write_bytes(b"gone")
    assert look(copy, remains.told, remains.everything).findings["missing pictures"]


def test_a_button_that_led_nowhere_when_it_was_pressed_is_found(remains: Remains) -> None:
    told = replace(remains.told, dead=("abc",))
    assert look(remains.folder, told, remains.everything).findings["dead buttons"]


def test_what_is_left_to_do_is_seen(copy: Path) -> None:
    database = copy / "studio" / "imaginebot.db"
    assert at_rest(database)
    plant(database, UNEND)
    assert not at_rest(database)


def test_a_webhook_that_waits_is_something_left_to_do(copy: Path) -> None:
    database = copy / "studio" / "imaginebot.db"
    plant(database, "UPDATE webhook_deliveries SET state = 'waiting', settled_at = NULL")
    assert not at_rest(database)
