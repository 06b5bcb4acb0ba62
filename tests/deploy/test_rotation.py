"""Secrets are rotated as deploy/README.md says: replace the file, restart; nothing that was asked for is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import pytest

from tests import postgresql
from tests.deploy.test_upgrade import new_key
from tests.reliability.processes import Child, engine, free_port, program

LIMIT_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT_S)]


@dataclass(kw_only=True)
class Site:
    """A program whose secrets lie in a folder, an image service, and a program with a key."""

    credentials: Path
    service: Child
    studio: Child
    key: str = ""

    def hand_over(self, name: str, secret: str) -> None:
        """Put a secret into the place of the one before."""
        file = self.credentials / name
        file.unlink(missing_ok=True)
        file.touch(mode=0o400)
        file.chmod(0o600)
        file.write_text(secret + "\n")

    async def restart(self, child: Child) -> None:
        """Stop and start."""
        assert await child.stop() == 0, child.said()
        await child.start()
        await child.answering()

    async def ask(self) -> str:
        """Ask for a picture, and give the job."""
        return str((await self._call("POST", "/v1/imagine", {"prompt": "a bird"}))["data"]["job_id"])

    async def done(self, job: str) -> None:
        """Wait until a job has ended well."""

        async def completed() -> bool:
            return bool((await self._call("GET", f"/v1/jobs/{job}"))["status"] == "completed")

        await until(completed)

    async def webhooks(self, verdict: str) -> float:
        """Give how many webhooks have come to a verdict since the start."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{self.studio.url}/metrics")).text
        return float(re.findall(rf'^imaginebot_webhooks_total{{verdict="{verdict}"}} (\S+)$', text, re.MULTILINE)[0])

    async def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=self.studio.url, trust_env=False, timeout=30, headers=headers) as http:
            answer = await http.request(method, path, json=body)
        assert answer.is_success, f"{answer.text}\n{self.studio.said()}"
        return answer.json()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so, within a time limit."""
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110 - another process sends no event
            await asyncio.sleep(0.1)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Everything, not started yet, with the secrets that the service has."""
    port = free_port()
    credentials = tmp_path / "credentials"
    credentials.mkdir(mode=0o700)
    handed = {"MIDJOURNEY_TOKEN": "", "MIDJOURNEY_WEBHOOK_SECRET": "", "CREDENTIALS_DIRECTORY": str(credentials)}
    studio = program(tmp_path / "studio", f"http://127.0.0.1:{port}", environment=handed)
    built = Site(credentials=credentials, service=engine(tmp_path / "engine", port, studio.url), studio=studio)
    for name, secret in built.service.environment.items():
        built.hand_over(name, secret)
    try:
        yield built
    finally:
        for child in (built.studio, built.service):
            await child.kill()


async def begin(site: Site) -> None:
    """Start everything, and make a key."""
    for child in (site.service, site.studio):
        await child.start()
        await child.answering()
    site.key = await new_key(site.studio)


async def test_a_job_that_is_under_way_goes_on_with_another_key_of_the_same_account(site: Site) -> None:
    await begin(site)
    await site.done(await site.ask())
    under_way = await site.ask()
    assert await site.studio.stop() == 0
    site.service.environment["MIDJOURNEY_TOKEN"] = "another"
    await site.restart(site.service)
    site.hand_over("MIDJOURNEY_TOKEN", "another")
    await site.studio.start()
    await site.studio.answering()
    await site.done(under_way)
    await site.done(await site.ask())


async def test_webhooks_of_another_secret_are_refused_asked_for_and_taken_once_it_is_rotated(site: Site) -> None:
    await begin(site)
    await site.done(await site.ask())
    assert (await site.webhooks("taken") > 0, await site.webhooks("bad_signature")) == (True, 0)
    site.service.environment["MIDJOURNEY_WEBHOOK_SECRET"] = "another"
    await site.restart(site.service)
    await site.done(await site.ask())
    assert await site.webhooks("bad_signature") > 0
    site.hand_over("MIDJOURNEY_WEBHOOK_SECRET", "another")
    await site.restart(site.studio)
    await site.done(await site.ask())
    assert await site.webhooks("taken") > 0


@pytest.fixture
async def with_password(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncpg.Connection]:
    """A server of our own, which asks the role imaginebot for its password and knows the database of that name."""
    monkeypatch.delenv(postgresql.GIVEN, raising=False)
    with postgresql.server() as address:
        connection = await asyncpg.connect(address)
        try:
            await connection.execute("CREATE ROLE imaginebot LOGIN PASSWORD 'first'")
            await connection.execute("CREATE DATABASE imaginebot OWNER imaginebot")
            _ask_for_passwords(Path(await connection.fetchval("SHOW hba_file")))
            await connection.execute("SELECT pg_reload_conf()")
            yield connection
        finally:
            await connection.close()


def _ask_for_passwords(rules: Path) -> None:
    rules.write_text("local all imaginebot scram-sha-256\n" + rules.read_text("utf-8"))


async def test_the_password_of_the_database_is_rotated(site: Site, with_password: asyncpg.Connection) -> None:
    folder = await with_password.fetchval("SHOW unix_socket_directories")
    address = "postgresql://imaginebot:{}@/imaginebot?host=" + quote(folder)
    site.hand_over("DATABASE_URL", address.format("first"))
    await begin(site)
    under_way = await site.ask()
    await with_password.execute("ALTER ROLE imaginebot PASSWORD 'second'")
    await site.done(under_way)  # whoever is connected stays so
    assert await site.studio.stop() == 0
    await site.studio.start()
    assert await site.studio.ended() != 0
    assert "refuses us" in site.studio.said()
    site.hand_over("DATABASE_URL", address.format("second"))
    await site.studio.start()
    await site.studio.answering()
    await site.done(await site.ask())
