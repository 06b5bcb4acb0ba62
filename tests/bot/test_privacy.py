"""Other users of the machine read nothing of what is kept, under whatever umask it is run."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import upgrade_database
from bot.backup import Places, back_up, restore
from bot.privacy import closed_to_others, make_folder
from tests.bot.test_cli import command, folder

__all__ = ["folder"]


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def open_in(folder: Path) -> list[str]:
    """Name everything under a folder that others may do something with."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if mode_of(path) & 0o007)


def painters_of(process: int) -> Iterator[int]:
    """Give the umask of each process that another has started."""
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        yield next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))


@pytest.mark.parametrize(
    "arguments", [("keys", "create", "ci"), ("db", "upgrade"), ("keys", "list"), ("doctor", "--port", "0")]
)
def test_a_folder_that_a_command_makes_is_its_users_alone(folder: Path, arguments: tuple[str, ...]) -> None:
    command(*arguments, "--data", folder)
    assert (mode_of(folder), open_in(folder)) == (0o700, [])
    assert os.umask(0o022) == 0o022


@pytest.mark.parametrize("subcommand", ["run", "engine"])
def test_what_the_program_and_its_painters_write_is_closed_to_others(folder: Path, subcommand: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", subcommand, "--data", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "IMAGINEBOT_MCP": "false"},
    )
    try:
        assert process.stdout is not None
        assert "is ready at" in process.stdout.readline()
        assert (mode_of(folder), open_in(folder)) == (0o700, [])
        painters = set(painters_of(process.pid))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert painters == {0o027}
    assert (folder / "engine" / "engine.db").exists()


def test_a_folder_that_was_there_keeps_its_mode_and_its_database_is_closed(folder: Path) -> None:
    asyncio.run(upgrade_database(folder / "imaginebot.db"))
    folder.chmod(0o2755)
    for name in ("imaginebot.db", "imaginebot.db-wal"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    command("keys", "list", "--data", folder)
    assert (mode_of(folder), mode_of(folder / "imaginebot.db"), open_in(folder)) == (0o2755, 0o640, [])


def test_a_new_database_in_a_folder_that_was_there_is_its_users_alone(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    asyncio.run(upgrade_database(folder / "imaginebot.db"))
    assert mode_of(folder / "imaginebot.db") == 0o600


def test_a_group_keeps_what_the_umask_gives_it() -> None:
    with closed_to_others():
        assert os.umask(0o027) == 0o027
    os.umask(0o077)
    with closed_to_others():
        assert os.umask(0o077) == 0o077
    assert os.umask(0o022) == 0o077


@pytest.mark.parametrize("there", [True, False])
def test_only_a_folder_that_we_make_is_closed(tmp_path: Path, *, there: bool) -> None:
    place = tmp_path / "shared"
    if there:
        place.mkdir(mode=0o755)
    make_folder(place)
    assert mode_of(place) == (0o755 if there else 0o700)


def test_what_is_restored_and_what_is_kept_beside_it_are_closed_to_others(tmp_path: Path) -> None:
    old, new = (
        Places(database=home / "imaginebot.db", pictures=home / "pictures", engine=home / "engine")
        for home in (tmp_path / "old", tmp_path / "new")
    )
    for places in (old, new):
        for database in (places.database, places.engine / "engine.db"):
            asyncio.run(upgrade_database(database))
            database.chmod(0o644)
    back_up(old, tmp_path / "backup.tar")
    restore(new, tmp_path / "backup.tar", replace=True)
    databases = [path for path in new.database.parent.rglob("*") if ".db" in path.name]
    assert {path.name for path in databases} == {"imaginebot.db", "imaginebot.db.before-restore", "engine.db"}
    assert len(databases) == 4
    assert [path for path in databases if mode_of(path) & 0o007] == []
