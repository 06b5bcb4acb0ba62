"""The doctor: every check, healthy and ill, with something to do about it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Request

from bot import doctor, keeping
from bot.app import upgrade_database
from bot.config import Settings, read_settings, setting_names
from bot.doctor import Finding, Verdict, examine
from bot.engine import workshop
from bot.errors import NotAuthenticated
from bot.keeping import look_at_database, look_at_privacy
from bot.midjourney.routes import create_contract_app
from bot.serving import bind
from bot.storage.database import Database
from tests.bot.storage.test_object_store import endpoint, environment
from tests.bot.strangers import bound_by_modes
from tests.fakes.http_server import serve
from tests.fakes.image_service import ImageService, SettableClock

__all__ = ["endpoint", "environment"]

REMOTE = {"MIDJOURNEY_BASE_URL": "https://service.invalid"}
PUBLIC = {"PUBLIC_URL": "https://studio.example"}
SECRET = {"MIDJOURNEY_WEBHOOK_SECRET": "s"}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A studio with a remote service that does not exist."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "a-token")
    with contextlib.closing(bind("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("MIDJOURNEY_BASE_URL", f"http://127.0.0.1:{port}")
    return read_settings(data_dir=tmp_path / "studio", http_port=0)


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """A folder that other users can come to, as they cannot to pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding async for finding in examine(settings)}


async def test_the_embedded_studio_is_well(tmp_path: Path, settings: Settings) -> None:
    found = await findings(settings.model_copy(update={"token": None}))
    ours = [
        "Python",
        "SQLite",
        "Data folder",
        "Database",
        "Privacy",
        "Pictures",
        "Port",
        "Image service",
        "Webhooks",
        "Doors",
    ]
    assert list(found) == [*ours, "MCP port"]
    assert all(finding.verdict is not Verdict.BAD for finding in found.values())
    assert found["Image service"].seen == "the embedded engine answers"
    assert found["Database"].seen == "none yet; the first start makes it"


async def test_a_service_that_does_not_answer_is_bad(settings: Settings) -> None:
    finding = (await findings(settings))["Image service"]
    assert (finding.verdict, "MIDJOURNEY_BASE_URL" in finding.advice) == (Verdict.BAD, True)


@pytest.mark.parametrize(("token", "verdict"), [("a-token", Verdict.GOOD), ("another", Verdict.BAD)])
async def test_a_service_is_asked_whether_it_takes_the_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, clock: SettableClock, token: str, verdict: Verdict
) -> None:
    async def authenticate(request: Request) -> ImageService:
        if request.headers.get("authorization") != "Bearer a-token":
            raise NotAuthenticated("no")
        return ImageService(clock)

    async with serve(create_contract_app(authenticate, title="service")) as url:
        monkeypatch.setenv("MIDJOURNEY_BASE_URL", url)
        monkeypatch.setenv("MIDJOURNEY_TOKEN", token)
        finding = (await findings(read_settings(data_dir=settings.data_dir, http_port=0)))["Image service"]
    assert finding.verdict is verdict
    assert ("MIDJOURNEY_TOKEN" in finding.advice) is (verdict is Verdict.BAD)


async def test_a_token_that_cannot_be_sent_is_bad(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "with spaces")
    finding = (await findings(read_settings(data_dir=settings.data_dir, http_port=0)))["Image service"]
    assert finding.verdict is Verdict.BAD
    assert "with spaces" not in finding.seen


@pytest.mark.parametrize(
    ("version", "verdict"),
    [((3, 6, 0), Verdict.GOOD), ((3, 7, 0), Verdict.NOTE), ((3, 51, 2), Verdict.NOTE), ((3, 51, 3), Verdict.GOOD)],
)
async def test_the_sqlite_versions_with_the_wal_bug_are_noted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], verdict: Verdict
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert (await findings(settings))["SQLite"].verdict is verdict


async def test_an_old_python_is_bad(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON", (sys.version_info.major, sys.version_info.minor + 1))
    finding = (await findings(settings))["Python"]
    assert (finding.verdict, finding.advice) == (Verdict.BAD, "Install Python 3.11 or later.")


async def test_a_folder_that_cannot_be_written_is_bad(settings: Settings) -> None:
    settings.data_dir.write_text("in the way")
    finding = (await findings(settings))["Data folder"]
    assert (finding.verdict, "--data" in finding.advice) == (Verdict.BAD, True)


async def test_little_space_is_noted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SPACE_NEEDED", 10**18)
    assert (await findings(settings))["Data folder"].verdict is Verdict.NOTE


async def test_a_sound_database_is_good_and_a_damaged_one_bad(settings: Settings) -> None:
    await upgrade_database(settings.database_path)
    assert (await findings(settings))["Database"].verdict is Verdict.GOOD
    settings.database_path.write_bytes(b"a letter to my aunt" * 100)
    finding = (await findings(settings))["Database"]
    assert (finding.verdict, "backup" in finding.advice) == (Verdict.BAD, True)


def test_a_database_that_belongs_to_somebody_else_is_bad(others_folder: Path) -> None:
    path = others_folder / "imaginebot.db"
    asyncio.run(upgrade_database(path))
    others_folder.chmod(0o777)
    path.chmod(0o444)
    with bound_by_modes():
        finding = look_at_database(path)
    assert (finding.verdict, finding.seen) == (Verdict.BAD, f"{path} cannot be written")
    assert f"chown USER {path}" in finding.advice


@pytest.mark.parametrize("name", ["imaginebot.db", "further/down/imaginebot.db"])
def test_a_database_that_cannot_be_made_is_bad_and_nobody_is_told_to_open_folders(
    others_folder: Path, name: str
) -> None:
    others_folder.chmod(0o555)
    with bound_by_modes():
        finding = look_at_database(others_folder / name)
    assert (finding.verdict, finding.seen) == (Verdict.BAD, f"{others_folder} cannot be written")
    assert finding.advice == "Name a place that can be, with DATABASE_URL or --data."


def test_what_everybody_can_read_is_noted_with_how_to_close_it(others_folder: Path) -> None:
    database, pictures = others_folder / "imaginebot.db", others_folder / "pictures"
    database.touch(mode=0o640)
    pictures.mkdir(mode=0o750)
    assert look_at_privacy(others_folder, database).verdict is Verdict.GOOD
    database.chmod(0o644)
    pictures.chmod(0o755)
    finding = look_at_privacy(others_folder, database)
    assert finding.verdict is Verdict.NOTE
    assert finding.advice.endswith(f"chmod -R o= {database} {pictures}")
    others_folder.chmod(0o750)
    assert look_at_privacy(others_folder, database).verdict is Verdict.GOOD


@pytest.mark.parametrize("in_the_way", [True, False])
async def test_pictures_that_cannot_be_kept_in_their_folder_are_bad(settings: Settings, *, in_the_way: bool) -> None:
    place = settings.data_dir.parent / "elsewhere"
    if in_the_way:
        place.write_text("in the way")
    finding = (await findings(settings.model_copy(update={"blobs": str(place / "pictures")})))["Pictures"]
    assert (finding.verdict, "IMAGINEBOT_BLOBS" in finding.advice) == (
        (Verdict.BAD, True) if in_the_way else (Verdict.GOOD, False)
    )


async def test_pictures_are_written_to_their_store(settings: Settings, environment: str) -> None:
    found = (await findings(settings.model_copy(update={"blobs": "s3://studio/pictures"})))["Pictures"]
    assert (found.verdict, found.seen) == (Verdict.GOOD, "s3://studio/pictures can be written")
    missing = (await findings(settings.model_copy(update={"blobs": "s3://nobucket/pictures"})))["Pictures"]
    assert (missing.verdict, "AWS_" in missing.advice) == (Verdict.BAD, True)


async def test_a_store_of_pictures_that_does_not_answer_is_bad(
    settings: Settings, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "STORE_ANSWERS_WITHIN_S", 0.3)
    with contextlib.closing(bind("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        found = (await findings(settings.model_copy(update={"blobs": "s3://studio/pictures"})))["Pictures"]
    assert (found.verdict, found.seen) == (Verdict.BAD, "s3://studio/pictures: it does not answer")


async def test_a_painter_that_takes_too_long_is_one_finding_of_many(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workshop, "_START_SECONDS", 0.1)
    found = await findings(settings.model_copy(update={"token": None}))
    assert (found["Image service"].verdict, "takes too long" in found["Image service"].seen) == (Verdict.BAD, True)
    assert "Doors" in found


async def test_a_newer_database_is_bad(settings: Settings) -> None:
    await upgrade_database(settings.database_path)
    with contextlib.closing(sqlite3.connect(settings.database_path)) as connection, connection:
        connection.execute("UPDATE schema_migrations SET version = version + 99 WHERE owner = 'bot'")
    finding = (await findings(settings))["Database"]
    assert finding.verdict is Verdict.BAD
    assert "newer" in finding.seen


async def test_a_port_in_use_is_noted(settings: Settings) -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as taken:
        finding = (await findings(settings.model_copy(update={"http_port": taken.getsockname()[1]})))["Port"]
    assert (finding.verdict, "--port" in finding.advice) == (Verdict.NOTE, True)


@pytest.mark.parametrize("host", ["nohost.invalid", "203.0.113.7"])
async def test_a_host_that_cannot_be_listened_on_is_bad(settings: Settings, host: str) -> None:
    finding = (await findings(settings.model_copy(update={"http_host": host})))["Port"]
    assert (finding.verdict, "IMAGINEBOT_HTTP_HOST" in finding.seen) == (Verdict.BAD, True)


async def test_the_port_of_agents_is_looked_at_too(settings: Settings) -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as taken:
        finding = (await findings(settings.model_copy(update={"mcp_port": taken.getsockname()[1]})))["MCP port"]
    assert (finding.verdict, "--mcp-port" in finding.advice) == (Verdict.NOTE, True)
    assert (await findings(settings.model_copy(update={"mcp_port": 0})))["MCP port"].verdict is Verdict.GOOD
    assert "MCP port" not in await findings(settings.model_copy(update={"mcp": False}))


@pytest.mark.parametrize(("asked_for", "verdict"), [({"mcp_port": 9090}, Verdict.BAD), ({}, Verdict.NOTE)])
async def test_one_port_for_two_is_as_bad_as_the_start_takes_it(
    settings: Settings, asked_for: dict[str, int], verdict: Verdict
) -> None:
    found = await findings(read_settings(data_dir=settings.data_dir, http_port=9090, **asked_for))
    assert (found["MCP port"].verdict, "IMAGINEBOT_MCP_PORT" in found["MCP port"].advice) == (verdict, True)


@pytest.mark.parametrize(
    ("variables", "verdict", "told"),
    [
        ({}, Verdict.NOTE, "PUBLIC_URL"),
        (REMOTE, Verdict.NOTE, "PUBLIC_URL"),
        (REMOTE | SECRET, Verdict.NOTE, "PUBLIC_URL"),
        (PUBLIC, Verdict.BAD, "MIDJOURNEY_WEBHOOK_SECRET"),
        (REMOTE | PUBLIC | SECRET, Verdict.GOOD, "to https://studio.example"),
        (SECRET, Verdict.GOOD, "to port 0 on loopback"),
    ],
)
async def test_webhooks_need_an_address_and_a_secret(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], verdict: Verdict, told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    finding = (await findings(read_settings(data_dir=settings.data_dir, http_port=0)))["Webhooks"]
    assert finding.verdict is verdict
    assert told in f"{finding.seen} {finding.advice}"


async def test_an_open_door_is_bad_and_closing_it_good(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    abroad = settings.model_copy(update={"http_host": "0.0.0.0"})
    finding = (await findings(abroad))["Doors"]
    assert (finding.verdict, "IMAGINEBOT_WEB=false" in finding.advice) == (Verdict.BAD, True)
    assert (await findings(abroad.model_copy(update={"web": False})))["Doors"].verdict is Verdict.GOOD


async def on_postgresql(settings: Settings, address: str) -> Finding:
    return (await findings(settings.model_copy(update={"database_url": address})))["Database"]


async def test_a_postgresql_database_is_looked_at_too(settings: Settings, postgres_database: str) -> None:
    empty = await on_postgresql(settings, postgres_database)
    assert (empty.verdict, "the first start fills it" in empty.seen) == (Verdict.GOOD, True)
    await upgrade_database(postgres_database)
    async with await Database.open(postgres_database) as database, database.shared():
        found = await on_postgresql(settings, postgres_database)
    assert (found.verdict, "1 running" in found.seen) == (Verdict.GOOD, True), found


async def test_a_postgresql_database_that_is_newer_or_away_is_bad(
    settings: Settings, postgres_database: str, tmp_path: Path
) -> None:
    await upgrade_database(postgres_database)
    async with await Database.open(postgres_database) as database, database.transaction() as connection:
        await connection.execute("UPDATE schema_migrations SET version = version + 99 WHERE owner = 'bot'")
    newer = await on_postgresql(settings, postgres_database)
    assert (newer.verdict, "newer" in newer.seen) == (Verdict.BAD, True)
    away = await on_postgresql(settings, f"postgresql://anna:hunter2@/jobs?host={tmp_path}")
    assert (away.verdict, "DATABASE_URL" in away.seen, "hunter2" in away.seen) == (Verdict.BAD, True, False)


async def test_a_clock_that_differs_and_too_few_connections_are_noted(
    settings: Settings, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upgrade_database(postgres_database)
    monkeypatch.setattr(doctor, "CONNECTIONS_OF_A_REPLICA", 10_000)
    assert "max_connections" in (await on_postgresql(settings, postgres_database)).advice
    monkeypatch.setattr(doctor, "CLOCKS_DIFFER_S", -1.0)
    assert "NTP" in (await on_postgresql(settings, postgres_database)).advice
