"""Litestream: it reads its file, copies the database of a program that runs, and gives it back."""

from __future__ import annotations

import asyncio
import platform
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.app import upgrade_database
from bot.config import read_settings, setting_names
from bot.doctor import WAL_BUG_LAST
from tests.bot.storage.test_object_store import endpoint
from tests.deploy.files import DEPLOY, from_npm, read_yaml, said

__all__ = ["endpoint"]

FILE = DEPLOY / "litestream.yml"
LIMIT_S = 60


@pytest.fixture(scope="module")
def litestream() -> Path:
    """The program, fetched by the lock file the first time."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("npm has Litestream for Linux on x86-64 only")
    return from_npm("@flydotio/litestream-linux-x64/litestream")


def test_the_database_is_where_the_program_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGINEBOT_DATA_DIR", "/srv/imaginebot")
    (database,) = read_yaml(FILE)["dbs"]
    assert database["path"].replace("${IMAGINEBOT_DATA_DIR}", "/srv/imaginebot") == str(read_settings().database_path)


def test_it_warns_of_the_versions_of_sqlite_that_the_doctor_warns_of() -> None:
    major, minor, patch = WAL_BUG_LAST
    assert f"SQLite before {major}.{minor}.{patch + 1}" in FILE.read_text("utf-8")


def test_litestream_understands_its_file(litestream: Path) -> None:
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)\}", FILE.read_text("utf-8")), "x")
    variables |= {"IMAGINEBOT_DATA_DIR": "/srv/imaginebot", "LITESTREAM_ENDPOINT": "https://store.example"}
    listed = said(litestream, "databases", "-config", FILE, variables=variables)
    assert "/srv/imaginebot/imaginebot.db" in listed
    assert "s3" in listed


@pytest.mark.slow
def test_a_copy_that_litestream_made_in_a_store_comes_back_whole(
    litestream: Path, endpoint: str, tmp_path: Path
) -> None:
    database, back = tmp_path / "imaginebot.db", tmp_path / "back.db"
    asyncio.run(upgrade_database(database))
    variables = {
        "IMAGINEBOT_DATA_DIR": str(tmp_path),
        "LITESTREAM_ENDPOINT": endpoint,
        "LITESTREAM_BUCKET": "studio",
        "LITESTREAM_REGION": "eu-west-1",
        "LITESTREAM_ACCESS_KEY_ID": "key",
        "LITESTREAM_SECRET_ACCESS_KEY": "secret",
    }
    command: list[str | Path] = [litestream, "replicate", "-config", FILE]
    copying = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: _restored(litestream, database, back, variables))
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("CREATE TABLE written_later AS SELECT 42 AS answer")
        wait_for(lambda: _restored(litestream, database, back, variables) and _answer(back) == 42)
    finally:
        copying.terminate()
        copying.wait(LIMIT_S)


def _restored(litestream: Path, database: Path, back: Path, variables: dict[str, str]) -> bool:
    back.unlink(missing_ok=True)
    command: list[str | Path] = [litestream, "restore", "-config", FILE, "-o", back, database]
    return subprocess.run(command, env=variables, capture_output=True, check=False).returncode == 0


def _answer(database: Path) -> int | None:
    with closing(sqlite3.connect(database)) as connection:
        try:
            return int(connection.execute("SELECT answer FROM written_later").fetchone()[0])
        except sqlite3.OperationalError:
            return None


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, for so long at the most."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
