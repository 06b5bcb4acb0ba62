"""API keys: made, shown once, checked, revoked, and reached from a second process."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
from starlette.requests import Request

from bot.access import api_key_of
from bot.admin import carry_out
from bot.app import own_folder, running
from bot.config import Settings, read_settings
from bot.control import CONTROL_FILE, ask_running
from bot.errors import InvalidCommand, NotAuthenticated
from bot.jobs.model import Source
from bot.keys import Keys
from bot.storage.database import Database
from bot.storage.identifiers import new_id
from bot.storage.store import Store
from tests.fakes.image_service import SettableClock

HOOK = "https://hooks.invalid/" + "h" * 150


async def test_a_key_is_accepted_and_says_who_it_is(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        keys = await _keys(database)
        made = await keys.create("ci", channel="web:local:general")
        found = await keys.authenticate(made.key)
        assert found is not None
        assert (found.requester.platform, found.requester.workspace, found.requester.name) == ("api", "local", "ci")
        assert (found.conversation.platform, found.conversation.channel) == ("web", "general")
        assert found.webhook_secret == made.webhook_secret


@pytest.mark.parametrize("wrong", ["", "x", "ib_", "ib__", "ib_00_x", "\ud800", "_" * 9, "é"])
async def test_what_is_no_key_is_not_accepted(tmp_path: Path, wrong: str) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        keys = await _keys(database)
        made = await keys.create("ci")
        assert await keys.authenticate(wrong) is None
        assert await keys.authenticate(made.record.prefix + "_" + wrong) is None
        assert await keys.authenticate(made.key[:-1]) is None
        assert await keys.authenticate(made.key + wrong + "A") is None


async def test_the_key_itself_is_nowhere_on_the_disk(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        made = await (await _keys(database)).create("ci")
    secret = made.key.split("_", 2)[2].encode()
    assert all(secret not in content for content in _contents(tmp_path))
    assert made.key not in repr(made)
    assert made.webhook_secret not in repr(made.record)


async def test_a_revoked_key_is_refused_at_once_and_its_name_is_free_again(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        keys = await _keys(database)
        old = await keys.create("ci")
        assert await keys.authenticate(old.key) is not None
        await keys.revoke("ci")
        assert await keys.authenticate(old.key) is None
        new = await keys.create("ci")
        found = await keys.authenticate(new.key)
        assert found is not None
        assert found.id == new.record.id
        with pytest.raises(InvalidCommand, match="already"):
            await keys.create(" ci ")
        with pytest.raises(InvalidCommand, match="no live key"):
            await keys.revoke(old.record.id)


async def test_uses_are_written_together_and_not_one_by_one(tmp_path: Path, clock: SettableClock) -> None:
    async with await Database.open(tmp_path / "a.db", clock=clock) as database:
        keys = await _keys(database, clock)
        made = await keys.create("ci")
        for _ in range(3):
            clock.advance(1)
            await keys.authenticate(made.key)
        async with keys._store.unit() as unit:
            assert [row["used_at"] for row in await unit.keys()] == [None]
        (record,) = await keys.all()
        assert record.used_at == clock()


@pytest.mark.parametrize("channel", ["general", "web:general", "web::general", "a:b:c:d:e", "web:local: x"])
async def test_a_malformed_channel_is_refused(tmp_path: Path, channel: str) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        with pytest.raises(InvalidCommand, match="platform:workspace:channel"):
            await (await _keys(database)).create("ci", channel=channel)


async def test_a_channel_of_another_workspace_is_refused(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        with pytest.raises(InvalidCommand, match="not in other"):
            await (await _keys(database)).create("ci", workspace="other", channel="web:local:general")


async def test_a_key_made_by_a_second_process_works_at_once(tmp_path: Path) -> None:
    async with running(_settings(tmp_path)) as app:
        assert await app.keys.authenticate("ib_00_x") is None  # what there was has been read
        said = await _command("keys", "create", "ci", "--data", str(tmp_path))
        key = re.search(r"ib_\w+_[\w-]+", said)
        assert key is not None
        assert (await app.keys.authenticate(key[0])) is not None
        assert "ci" in await _command("keys", "list", "--data", str(tmp_path))
        assert "Revoked ci" in await _command("keys", "revoke", "ci", "--data", str(tmp_path))
        assert await app.keys.authenticate(key[0]) is None
    assert not (tmp_path / CONTROL_FILE).exists()


async def test_a_key_can_be_made_while_nothing_runs(tmp_path: Path) -> None:
    made = await carry_out(_settings(tmp_path), "create_key", {"name": "ci"})
    async with running(_settings(tmp_path)) as app:
        assert await app.keys.authenticate(made["key"]) is not None


async def test_a_channel_on_a_platform_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    for channel in ("discrod:local:general", "rest:local:general"):
        command = ("keys", "create", "ci", "--channel", channel, "--data", str(tmp_path))
        said = await _command(*command, expected=1)
        assert "discord, slack, web" in said
    assert await carry_out(_settings(tmp_path), "list_keys", {}) == []


async def test_lists_are_whole_in_a_pipe_however_long_what_stands_in_them(tmp_path: Path) -> None:
    channel = "web:" + "w" * 60 + ":" + "c" * 60
    async with running(_settings(tmp_path)) as app:
        key = await app.keys.create("n" * 60, channel=channel)
        source = Source(requester=key.record.requester, conversation=key.record.conversation, key="one")
        (job,) = await app.service.imagine(source, "a bird")
        values = {"id": new_id(), "job_id": job.id, "key_id": key.record.id, "event": "job.completed", "body": "{}"}
        async with app.store.unit() as unit:
            await unit.webhooks("insert_delivery", **values, url=HOOK, endpoint=HOOK, now=0, give_up_at=2**50)
            (event,) = await unit.webhook_rows("list_deliveries", state=None, limit=1)
        (line,) = (await _command("keys", "list", "--data", str(tmp_path))).splitlines()[1:]
        assert line.split()[:4] == ["n" * 60, key.record.prefix, "w" * 60, channel]
        (line,) = (await _command("webhooks", "list", "--data", str(tmp_path))).splitlines()[1:]
        assert line.split()[:4] == [event["id"], event["job_id"], "job.completed", HOOK]
        assert "1 to be sent again" in await _command("webhooks", "replay", line.split()[0], "--data", str(tmp_path))


async def test_the_way_to_the_running_program_is_its_owners_alone(tmp_path: Path) -> None:
    async with running(_settings(tmp_path)):
        file = tmp_path / CONTROL_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        door = json.loads(file.read_text())
        file.write_text(json.dumps(door | {"secret": "guessed"}))
        assert await ask_running(tmp_path, "list_keys", {}) is None


async def test_a_command_never_writes_beside_a_program_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.admin._BETWEEN_TRIES_S", 0.0)
    with own_folder(tmp_path), pytest.raises(Exception, match="does not answer"):
        await carry_out(_settings(tmp_path), "create_key", {"name": "ci"})
    assert not (tmp_path / "imaginebot.db").exists()


async def test_two_live_keys_of_a_name_are_kept_out_by_the_database(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        keys = await _keys(database)
        made = await keys.create("ci")
        with pytest.raises(sqlite3.IntegrityError):
            async with database.transaction() as connection:
                await connection.execute(
                    "INSERT INTO api_keys (id, name, prefix, digest, webhook_secret, workspace, created_at) "
                    "VALUES ('x', ?, 'y', '', '', '', 0)",
                    (made.record.name,),
                )


@pytest.mark.parametrize(
    ("scheme", "client", "headers", "proxied", "accepted"),
    [
        ("http", "127.0.0.1", {}, False, True),
        ("http", "::1", {}, False, True),
        ("http", "192.168.1.7", {}, False, False),
        ("https", "192.168.1.7", {}, False, True),
        ("http", "127.0.0.1", {"x-forwarded-for": "192.168.1.7"}, False, False),
        ("https", "8.8.8.8", {"x-forwarded-proto": "https"}, True, True),
        ("http", "8.8.8.8", {"x-forwarded-proto": "http"}, True, False),
    ],
)
async def test_a_key_in_the_clear_is_taken_from_this_machine_alone(
    tmp_path: Path, scheme: str, client: str, headers: dict[str, str], proxied: bool, accepted: bool
) -> None:
    async with await Database.open(tmp_path / "a.db") as database:
        keys = await _keys(database)
        made = await keys.create("ci")
        sent = {"authorization": f"Bearer {made.key}", **headers}
        scope = {
            "type": "http",
            "scheme": scheme,
            "client": (client, 1),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        if accepted:
            assert (await api_key_of(Request(scope), keys, proxied=proxied)).name == "ci"
        else:
            with pytest.raises(NotAuthenticated, match="https"):
                await api_key_of(Request(scope), keys, proxied=proxied)


def _contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


async def _keys(database: Database, clock: SettableClock | None = None) -> Keys:
    store = Store(database, clock=clock) if clock else Store(database)
    await store.migrate()
    return Keys(store)


def _settings(folder: Path) -> Settings:
    return read_settings(data_dir=folder, http_port=0)


async def _command(*arguments: str, expected: int = 0) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == expected, said.decode()
    return said.decode()
