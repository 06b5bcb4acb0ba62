"""The whole program in one process: it starts, works, stops, and says what keeps it from starting."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from structlog.testing import capture_logs

import bot.app
from bot.app import App, Tuning, own_folder, running, upgrade_database
from bot.background import Background
from bot.clock import system_clock
from bot.config import Settings, read_settings, setting_names
from bot.engine import EngineSettings, run_engine
from bot.errors import (
    DatabaseDamaged,
    DatabaseTooNew,
    DataFolderBusy,
    ImaginebotError,
    InvalidSetting,
    PlatformUnavailable,
    QuotaExceeded,
    StorageUnavailable,
)
from bot.jobs.circuit import CircuitSettings
from bot.jobs.model import Action, Job, JobStatus, Post, Submission
from bot.jobs.pace import Backoff
from bot.jobs.service import JobService
from bot.jobs.submitter import SubmitterSettings
from bot.jobs.view import JobView
from bot.midjourney.schema import ListQuery
from bot.serving import bind
from bot.storage.connection import LeaseLost
from tests.bot.jobs.studio import Chat, Person
from tests.fakes.engines import png
from tests.fakes.scripted_service import Answer, scripted_service

ANNA = Person("Anna")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a studio of its own on a free port."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return read_settings(data_dir=tmp_path / "studio", http_port=0)


@pytest.fixture
def tuning(tmp_path: Path) -> Tuning:
    """An engine whose painter is quick."""
    return Tuning(
        engine={
            "painter": "tests.fakes.tiny_painter:TinyPainter",
            "painter_options": {"folder": str(tmp_path)},
            "workers": 2,
        }
    )


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Chat:
    """The one platform that there is."""
    chat = Chat()
    monkeypatch.setattr(bot.app, "load_adapters", lambda app: [chat])
    return chat


async def until(look: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not look():  # noqa: ASYNC110 - a process of its own works on it and sends no event
            await asyncio.sleep(0.01)


def shown(chat: Chat, job: Job) -> JobView | None:
    return next((view for view in chat.messages.values() if view.job_id == job.id), None)


def done(chat: Chat, job: Job) -> bool:
    view = shown(chat, job)
    return view is not None and view.status.ended and view.state != "Fetching the pictures"


async def test_a_grid_an_upscale_and_a_restart(settings: Settings, tuning: Tuning, chat: Chat) -> None:
    async with running(settings, tuning=tuning) as app:
        (grid,) = await app.service.imagine(ANNA.does(), "a lighthouse --ar 3:2")
        await until(lambda: done(chat, grid))
        view = shown(chat, grid)
        assert view is not None
        assert view.status is JobStatus.COMPLETED
        assert view.main is not None
        assert len(view.images) == 4
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{app.url}/pictures/{view.main.digest}")).status_code == 200
            assert (await client.get(f"{app.url}/readyz")).status_code == 200
        edited = await app.service.vary(ANNA.does(), grid.id, 2, prompt="a lighthouse in snow")
        await until(lambda: done(chat, edited.job))  # the engine fetches the picture from us
        ended = shown(chat, edited.job)
        assert ended is not None
        assert (ended.status, ended.error) == (JobStatus.COMPLETED, None)
        (waiting,) = await app.service.imagine(ANNA.does(), "gated")
        await until(lambda: shown(chat, waiting))
    async with running(settings, tuning=tuning) as app:
        await app.service.cancel(ANNA.does(), waiting.id)
        await until(lambda: done(chat, waiting))
        button = next(each for each in view.buttons if each.action is Action.UPSCALE and each.index == 4)
        upscale = (await app.service.press(ANNA.does(), button.id)).job
        await until(lambda: done(chat, upscale))
        ended = shown(chat, upscale)
        assert ended is not None
        assert ended.main is not None
        assert ended.main.width == 2 * view.images[3].width


async def test_a_job_under_way_is_reported_where_the_next_start_listens(
    settings: Settings, tuning: Tuning, chat: Chat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings, tuning=tuning) as app:
        (job,) = await app.service.imagine(ANNA.does(), "gated")
        await until(lambda: shown(chat, job))
    (tmp_path / "gate").touch()
    async with running(settings, tuning=tuning):
        await until(lambda: done(chat, job))
    assert "given up" not in caplog.text


async def test_a_stop_brings_posts_up_to_date(settings: Settings, tuning: Tuning, chat: Chat) -> None:
    async with running(settings, tuning=tuning) as app:
        (job,) = await app.service.imagine(ANNA.does(), "gated")
    assert shown(chat, job) is not None


async def test_a_remote_service_that_is_out_of_reach_keeps_jobs_waiting(
    settings: Settings, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "a-token")
    monkeypatch.setenv("MIDJOURNEY_BASE_URL", f"http://127.0.0.1:{port}")
    remote = read_settings(data_dir=settings.data_dir, http_port=0)
    async with running(remote) as app:
        (job,) = await app.service.imagine(ANNA.does(), "a bird")
        await until(lambda: shown(chat, job))
        assert (await app.service.get(job.id)).submission is not Submission.SENT
        assert not (settings.data_dir / "engine").exists()


async def test_a_service_that_is_down_is_probed_with_one_request_at_a_time(
    settings: Settings, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = CircuitSettings(failures=1, backoff=Backoff(first=0.0, last=0.0))
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "a-token")
    async with scripted_service() as service:
        service.answers = [Answer(status=503)]
        monkeypatch.setenv("MIDJOURNEY_BASE_URL", service.url)
        remote = read_settings(data_dir=settings.data_dir, http_port=0)
        async with running(remote, tuning=Tuning(circuit=at_once)) as app:
            await app.service.imagine(ANNA.does(), "a bird")
            await until(lambda: len(service.calls) >= 5)
        calls = [call.headers["x-request-id"] for call in service.calls]
    assert len(set(calls)) == len(calls)


@pytest.mark.parametrize("secret", ["", "a-secret"])
async def test_no_webhooks_are_asked_for_that_could_not_be_verified(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: str
) -> None:
    engine = EngineSettings(folder=tmp_path, token="a-token", webhook_secret=secret, **tuning.engine)
    async with run_engine(engine) as service:
        monkeypatch.setenv("MIDJOURNEY_TOKEN", "a-token")
        monkeypatch.setenv("MIDJOURNEY_BASE_URL", service.url)
        monkeypatch.setenv("MIDJOURNEY_WEBHOOK_SECRET", secret)
        async with running(read_settings(data_dir=settings.data_dir, http_port=0)) as app:
            (job,) = await app.service.imagine(ANNA.does(), "a bird")
            await until(lambda: done(chat, job))
            asked_for = app.url if secret else None
            await app.service.lend(await app.service.keep_picture(png((9, 9, 9))))  # pictures need no secret
        (theirs,) = (await service.engine.list_jobs(ListQuery())).data
    assert theirs.status == JobStatus.COMPLETED
    assert theirs.webhook_url == (f"{asked_for}/webhooks/midjourney/{job.id}" if asked_for else None)


async def test_what_waited_by_a_clock_that_was_ahead_is_done_at_once_after_a_start_by_the_right_time(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fast_clock() -> datetime:
        return system_clock() + timedelta(hours=1)

    with contextlib.closing(bind("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with monkeypatch.context() as remote:
        remote.setenv("MIDJOURNEY_TOKEN", "a-token")
        remote.setenv("MIDJOURNEY_BASE_URL", f"http://127.0.0.1:{port}")
        async with running(read_settings(data_dir=settings.data_dir, http_port=0), clock=fast_clock) as app:
            jobs = await app.service.imagine(ANNA.does(), "a bird --repeat 5")  # more than are sent at a time
            await until(lambda: all(shown(chat, job) for job in jobs))
    # What was being sent in that moment may still turn up, and takes up the room of the others until it no longer can.
    tuning = replace(tuning, submitter=SubmitterSettings(arrives_within=timedelta(seconds=1)))
    async with running(settings, tuning=tuning):
        await until(lambda: all(done(chat, job) for job in jobs))


async def refused(settings: Settings) -> BaseException:
    """Give what keeps the program from starting; nothing of it is left behind."""
    with pytest.raises(Exception) as caught:
        async with running(settings):
            pytest.fail("it started")
    return caught.value


async def test_a_busy_data_folder_is_a_sentence(settings: Settings, chat: Chat) -> None:
    with own_folder(settings.data_dir):
        error = await refused(settings)
    assert isinstance(error, DataFolderBusy)
    assert "--data" in str(error)
    with own_folder(settings.data_dir):
        pass


async def test_a_busy_port_is_a_sentence_and_frees_the_folder(settings: Settings, chat: Chat) -> None:
    with contextlib.closing(bind("127.0.0.1", 0)) as taken:
        error = await refused(settings.model_copy(update={"http_port": taken.getsockname()[1]}))
    assert isinstance(error, InvalidSetting)
    assert "--port" in str(error)
    with own_folder(settings.data_dir):
        pass


async def test_a_newer_database_is_a_sentence(settings: Settings, chat: Chat) -> None:
    await upgrade_database(settings.database_path)
    with contextlib.closing(sqlite3.connect(settings.database_path)) as connection, connection:
        connection.execute("UPDATE schema_migrations SET version = version + 99 WHERE owner = 'bot'")
    assert isinstance(await refused(settings), DatabaseTooNew)


async def test_a_damaged_database_is_a_sentence(settings: Settings, chat: Chat) -> None:
    settings.data_dir.mkdir()
    settings.database_path.write_bytes(b"a letter to my aunt" * 100)
    assert isinstance(await refused(settings), DatabaseDamaged)


async def test_a_data_folder_that_is_a_file_is_a_sentence(settings: Settings, chat: Chat) -> None:
    settings.data_dir.write_text("in the way")
    assert isinstance(await refused(settings), StorageUnavailable)


async def test_an_adapter_that_cannot_start_stops_everything(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = False

    async def start() -> None:
        raise InvalidSetting("CHAT_TOKEN is not accepted.")

    async def stop() -> None:
        nonlocal stopped
        stopped = True

    class Slow(Chat):
        async def start(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(chat, "start", start)
    monkeypatch.setattr(chat, "stop", stop)
    monkeypatch.setattr(bot.app, "load_adapters", lambda app: [Slow(), chat])
    with pytest.raises(BaseExceptionGroup) as caught, capture_logs() as logged:
        async with running(settings, tuning=tuning):
            pytest.fail("it started")
    assert caught.group_contains(InvalidSetting, match="CHAT_TOKEN")
    assert logged == []  # whoever starts it says so
    assert stopped
    with own_folder(settings.data_dir):
        pass


@pytest.mark.parametrize("failure", [PlatformUnavailable("the platform is down"), LeaseLost()])
async def test_an_adapter_whose_start_fails_is_tried_again_and_brings_down_nothing_else(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch, failure: ImaginebotError
) -> None:
    calls: list[str] = []
    may_start = False

    async def start() -> None:
        calls.append("start")
        if not may_start:
            raise failure

    async def stop() -> None:
        calls.append("stop")

    monkeypatch.setattr(chat, "start", start)
    monkeypatch.setattr(chat, "stop", stop)
    async with running(settings, tuning=tuning) as app, httpx.AsyncClient() as client:
        await app.service.imagine(ANNA.does(), "gated")
        answer = await client.get(f"{app.url}/readyz")
        assert answer.status_code == 503
        assert answer.json()["parts"]["adapter chat"] == "failing"
        assert answer.json()["parts"]["submitter"] == "running"
        may_start = True

        async def is_up() -> bool:
            return (await client.get(f"{app.url}/readyz")).status_code == 200

        async with asyncio.timeout(10):
            while not await is_up():  # noqa: ASYNC110 - backoff of a real loop, which sends no event
                await asyncio.sleep(0.02)
    assert calls[:3] == ["start", "stop", "start"]
    assert calls[-2:] == ["start", "stop"]
    assert calls.count("start") == calls.count("stop")


@pytest.mark.parametrize("end", ["fails", "returns", "is cancelled"])
async def test_an_adapter_whose_background_ends_by_itself_is_seen_in_readyz_and_started_again(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    calls: list[str] = []
    may_end, may_start = asyncio.Event(), asyncio.Event()
    background = Background()

    async def work() -> None:
        await may_end.wait()
        if end == "fails":
            raise RuntimeError("boom")

    async def start() -> None:
        calls.append("start")
        if len(calls) > 1:
            await may_start.wait()
        working = background.begin(work(), name="chat work")
        if end == "is cancelled" and len(calls) == 1:
            asyncio.get_running_loop().call_soon(working.cancel)

    async def stop() -> None:
        calls.append("stop")
        await background.stop()
        may_end.clear()

    monkeypatch.setattr(chat, "background", background, raising=False)
    monkeypatch.setattr(chat, "start", start)
    monkeypatch.setattr(chat, "stop", stop)
    async with running(settings, tuning=tuning) as app, httpx.AsyncClient() as client:

        async def state() -> str:
            return str((await client.get(f"{app.url}/readyz")).json()["parts"]["adapter chat"])

        async with asyncio.timeout(10):
            may_end.set()
            while await state() != "failing":
                pass
            may_start.set()
            while await state() != "running":
                pass
        assert calls == ["start", "stop", "start"]
    assert calls == ["start", "stop", "start", "stop"]


async def test_a_stop_takes_no_more_commands_shows_what_is_due_and_then_lets_the_platform_go(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    service: list[JobService] = []
    show = chat.post

    async def post(post: Post, view: JobView) -> str:
        with pytest.raises(QuotaExceeded, match="restarting"):
            await service[0].imagine(ANNA.does(), "another bird")
        order.append("post")
        return await show(post, view)

    async def stop() -> None:
        order.append("stop")

    monkeypatch.setattr(chat, "stop", stop)
    async with running(settings, tuning=tuning) as app:
        service.append(app.service)
        monkeypatch.setattr(chat, "post", post)
        (job,) = await app.service.imagine(ANNA.does(), "gated")
        await app.service.intake.close(timedelta())
    assert shown(chat, job) is not None
    assert order == ["post", "stop"]


def port_of(server: uvicorn.Server) -> int | None:
    name = server.servers[0].sockets[0].getsockname()
    return name[1] if isinstance(name, tuple) else None


async def test_an_http_server_that_ends_is_started_again_on_the_same_port(
    settings: Settings, tuning: Tuning, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    startup = uvicorn.Server.startup

    async def noted(server: uvicorn.Server, sockets: Any = None) -> None:
        servers.append(server)
        await startup(server, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", noted)
    async with running(settings, tuning=tuning) as app, httpx.AsyncClient() as client:
        before = len(servers)
        (ours,) = [server for server in servers if port_of(server) == app.settings.http_port]
        ours.should_exit = True
        await until(lambda: len(servers) > before and servers[-1].started)
        assert (await client.get(f"{app.url}/healthz")).status_code == 200


async def test_an_upgrade_covers_the_core_and_the_adapters(tmp_path: Path) -> None:
    path = tmp_path / "imaginebot.db"
    assert [name.rpartition(" ")[0] for name in await upgrade_database(path)] == [
        *(f"bot {number:04}" for number in range(1, 13)),
        *("discord 0001", "discord 0002", "slack 0001", "slack 0002", "web 0001"),
    ]
    assert await upgrade_database(path) == []


async def test_what_an_adapter_gets(settings: Settings, tuning: Tuning, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[App] = []

    def load(app: App) -> list[Chat]:
        given.append(app)
        return []

    monkeypatch.setattr(bot.app, "load_adapters", load)
    async with running(settings, tuning=tuning) as app:
        assert given == [app]
        assert app.settings.http_port != 0
        assert app.url == f"http://127.0.0.1:{app.settings.http_port}"
