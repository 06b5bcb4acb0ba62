"""An upgrade without a stop: the code of the last schema, out of the history, and ours, as processes on one PostgreSQL."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.metadata import distributions
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.storage.database import read_migrations
from bot.storage.store import MIGRATIONS
from tests.deploy.files import ROOT, give_up
from tests.reliability.processes import TOKEN, Child, engine, free_port, program

LIMIT_S = 100
REPLICAS_SINCE = 5
"""The first version of the schema that several processes share."""

STARTING_TOGETHER = 3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * LIMIT_S)]


def git(*arguments: str) -> bytes:
    """Ask the history of this repository."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        give_up(f"no history to take the last schema from: {done.stderr.decode().strip()}")
    return done.stdout


@pytest.fixture(scope="module")
def code_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest code that knows the last schema and not ours, or the oldest of ours where the last was for one process."""
    newest = read_migrations(MIGRATIONS)[-1].version
    added = (
        git("log", "--diff-filter=A", "--format=%H", "--", f"bot/storage/migrations/{newest:04}_*.sql").decode().split()
    )
    commit = added[-1] if added else "HEAD"  # a migration that is not committed yet
    folder = tmp_path_factory.mktemp("before")
    parts = ("bot", "adapters", "pyproject.toml", "requirements.lock")
    before = f"{commit}^" if added and newest > REPLICAS_SINCE else commit
    with tarfile.open(fileobj=BytesIO(git("archive", before, *parts))) as archive:
        archive.extractall(folder, filter="data")
    _name_its_adapters(folder)
    _bring_what_we_need_no_more(folder)
    return folder


def _bring_what_we_need_no_more(folder: Path) -> None:
    """Put beside the code what it stands on and ours does not, as its own lock has it."""
    ours = {canonicalize_name(each.name) for each in distributions()}
    missing = []
    for entry in re.split(r"\n(?=\S)", (folder / "requirements.lock").read_text("utf-8").strip()):
        wanted = Requirement(entry.split(" \\\n")[0])
        if canonicalize_name(wanted.name) not in ours and (wanted.marker is None or wanted.marker.evaluate()):
            missing.append(entry)
    if not missing:
        return
    (folder / "missing.lock").write_text("\n".join(missing))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run(
        [*command, "--target", folder, "-r", folder / "missing.lock"], capture_output=True, check=False
    )
    if done.returncode:
        give_up(f"what the last schema's code stands on cannot be had: {done.stderr.decode().strip()}")


def _name_its_adapters(folder: Path) -> None:
    """Let the code have the entry points that its own project names, not those of what is installed."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    about = folder / f"imaginebot-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: imaginebot\nVersion: {project['version']}\n")
    groups = (
        "\n".join([f"[{group}]", *(f"{name} = {place}" for name, place in points.items()), ""])
        for group, points in project["entry-points"].items()
    )
    (about / "entry_points.txt").write_text("\n".join(groups))


@dataclass(kw_only=True)
class Site:
    """An engine, one database, and as many processes as are wanted."""

    folder: Path
    database: str
    engine: Child
    children: list[Child] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    key: str = ""

    def process(self, code: Path = ROOT) -> Child:
        """Give a process that runs the program as it stands in a folder."""
        shared = {"DATABASE_URL": self.database, "IMAGINEBOT_BLOBS": str(self.folder / "pictures")}
        # The folder that it is started in does not count then.
        own = {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(code)}
        data = self.folder / f"process{len(self.children)}"
        self.children.append(program(data, self.engine.url, environment=shared | own))
        return self.children[-1]

    async def ask(self, child: Child, prompt: str) -> None:
        """Ask a process for a picture."""
        answer = await self._call(child, "POST", "/v1/imagine", json={"prompt": prompt})
        self.asked.append(answer["data"]["job_id"])

    async def rest(self, child: Child) -> None:
        """Wait until everything that was asked for has ended well, as one process tells."""
        for job in self.asked:
            while (await self._call(child, "GET", f"/v1/jobs/{job}"))["status"] != "completed":  # noqa: ASYNC110
                await asyncio.sleep(0.2)

    async def painted(self) -> int:
        """Give how many jobs the engine was given."""
        return len((await self._call(self.engine, "GET", "/v1/jobs?limit=100", key=TOKEN))["data"])

    async def schema(self) -> list[int]:
        """Give the versions of the schema that the database has come through, in order."""
        connection = await asyncpg.connect(self.database)
        try:
            rows = await connection.fetch("SELECT version FROM schema_migrations WHERE owner = 'bot' ORDER BY version")
        finally:
            await connection.close()
        return [row[0] for row in rows]

    async def _call(self, child: Child, method: str, path: str, *, key: str = "", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        async with httpx.AsyncClient(base_url=child.url, trust_env=False, timeout=30, headers=headers) as http:
            answer = await http.request(method, path, **more)
        assert answer.is_success, f"{answer.text}\n{child.said()}"
        return answer.json()


@pytest.fixture
async def site(tmp_path: Path, postgres_database: str) -> AsyncIterator[Site]:
    """An engine and a database with nothing in it."""
    port = free_port()
    built = Site(
        folder=tmp_path,
        database=postgres_database,
        engine=engine(tmp_path / "engine", port, f"http://127.0.0.1:{port}"),
    )
    try:
        await built.engine.start()
        await built.engine.answering()
        yield built
    finally:
        for child in (*built.children, built.engine):
            await child.kill()


async def new_key(child: Child) -> str:
    """Make a key for programs, by the command of a process's own code."""
    log = child.log.with_suffix(".key")
    data = child.arguments[child.arguments.index("--data") :]
    command = Child(arguments=("keys", "create", "robot", *data), port=0, log=log, environment=child.environment)
    await command.start()
    assert await command.ended() == 0, command.said()
    return str(re.findall(r"\bib_[\w-]+", command.said())[0])


async def test_the_last_schema_and_ours_work_at_once_and_nothing_is_lost_or_doubled(
    site: Site, code_before: Path
) -> None:
    old, new = site.process(code_before), site.process()
    last, newest = (
        read_migrations(each)[-1].version for each in (code_before / MIGRATIONS.relative_to(ROOT), MIGRATIONS)
    )
    async with asyncio.timeout(LIMIT_S):
        await old.start()
        await old.answering()
        assert await site.schema() == list(range(1, last + 1))
        site.key = await new_key(old)
        await site.ask(old, "a bird")
        await new.start()
        starting = asyncio.create_task(new.answering())
        while not starting.done():
            await site.ask(old, "a cat while the tables change")
            await asyncio.wait({starting}, timeout=0.2)
        await starting
        assert await site.schema() == list(range(1, newest + 1))
        for prompt in ("a dog", "a fish"):
            for child in (old, new):
                await site.ask(child, prompt)
        await site.rest(old)
        await site.ask(old, "a horse, asked for at the last moment")
        assert await old.stop() == 0, old.said()
        await site.ask(new, "a cow")
        await site.rest(new)
        assert await site.painted() == len(site.asked)
        assert await new.stop() == 0, new.said()


async def test_processes_that_start_at_once_bring_the_tables_up_to_date_once(site: Site) -> None:
    together = [site.process() for _ in range(STARTING_TOGETHER)]
    async with asyncio.timeout(LIMIT_S):
        for child in together:
            await child.start()
        for child in together:
            await child.answering()
        assert await site.schema() == list(range(1, read_migrations(MIGRATIONS)[-1].version + 1))
        for child in together:
            assert await child.stop() == 0, child.said()
