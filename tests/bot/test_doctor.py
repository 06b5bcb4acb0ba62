"""The doctor: every check, healthy and ill, with something to do about it."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from pathlib import Path

import pytest
from fastapi import Request

from bot import doctor
from bot.app import upgrade_database
from bot.config import Settings, read_settings, setting_names
from bot.doctor import Finding, Verdict, examine
from bot.errors import NotAuthenticated
from bot.midjourney.routes import create_contract_app
from bot.serving import bind
from bot.storage.database import Database
from tests.fakes.http_server import serve
from tests.fakes.image_service import ImageService, SettableClock

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


async def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding async for finding in examine(settings)}


async def test_the_embedded_studio_is_well(tmp_path: Path, settings: Settings) -> None:
    found = await findings(settings.model_copy(update={"token": None}))
    assert list(found) == ["Python", "SQLite", "Data folder", "Database", "Port", "Image service", "Webhooks", "Doors"]
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
