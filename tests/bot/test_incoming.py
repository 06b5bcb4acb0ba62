"""Webhooks on the shortcut between the server and the inbox: the same answers, in order, to whoever is still there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot import incoming
from bot.incoming import WebhookDoor
from bot.jobs.model import Job
from bot.jobs.upstream import WEBHOOK_PATH
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign
from bot.serving import bind, serve
from tests.bot.jobs.studio import Studio, until

SECRET = "the-webhook-secret"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of a shared machine may take its time."""
    monkeypatch.setattr(incoming, "ANSWER_WITHIN_S", 10.0)


@pytest.fixture
async def port(studio: Studio) -> AsyncIterator[int]:
    """Where webhooks are taken."""
    door = WebhookDoor(studio.tracker.inbox, SECRET, studio.store.metrics)
    app = Starlette(routes=[Route(WEBHOOK_PATH + "{job_id}", door, methods=["POST"])])
    listener = bind("127.0.0.1", 0)
    async with asyncio.timeout(60), serve(app, listener, shortcut=door.shortcut):
        yield listener.getsockname()[1]


def request(job_id: str, body: bytes, *headers: str, signature: str | None = None, version: str = "1.1") -> bytes:
    lines = [
        f"POST {WEBHOOK_PATH}{job_id} HTTP/{version}",
        "Host: here",
        f"{SIGNATURE_HEADER}: {signature or sign(body, SECRET)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def whole(job_id: str, body: bytes, *headers: str, signature: str | None = None, version: str = "1.1") -> bytes:
    return request(job_id, body, f"Content-Length: {len(body)}", *headers, signature=signature, version=version)


async def answer_to(port: int, *sent: bytes) -> bytes:
    """Give all that is answered before the connection ends, to what is sent in these pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_a_webhook_is_answered_alike_whether_it_comes_whole_or_in_pieces(
    studio: Studio, port: int, job: Job, version: str
) -> None:
    body = studio.api.event(studio.api.only.id)
    sent = whole(job.id, body, "Connection: close", version=version)
    at_once = await answer_to(port, sent)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in (sent[:-100], sent[-100:]):
        writer.write(piece)
        await until(lambda: _taken(writer))
    in_pieces = await reader.read()
    writer.close()
    assert at_once.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"x-content-type-options: nosniff\r\n" in at_once
    assert sorted(_without_date(at_once)) == sorted(_without_date(in_pieces))
    assert await studio.rows("SELECT count(*) FROM webhook_events") == [(1,)]


async def _taken(writer: asyncio.StreamWriter) -> bool:
    return writer.transport.get_write_buffer_size() == 0


def _without_date(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if not line.startswith(b"date:")]


async def test_a_webhook_of_unknown_length_is_taken(studio: Studio, port: int, job: Job) -> None:
    body = studio.api.event(studio.api.only.id)
    head = request(job.id, b"", "Transfer-Encoding: chunked", "Connection: close", signature=sign(body, SECRET))
    answer = await answer_to(port, head, f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_webhooks_in_a_row_without_waiting_are_answered_in_their_order(
    studio: Studio, port: int, job: Job
) -> None:
    body = studio.api.event(studio.api.only.id)
    one_after_the_other = [whole(job.id, body), whole("0190", body), whole(job.id, body, signature="0" * 64)] * 100
    answer = await answer_to(port, b"".join(one_after_the_other), whole("0190", body, "Connection: close"))
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404", b"401"] * 100 + [b"404"]


async def test_an_answer_by_the_shortcut_does_not_overtake_the_one_before(studio: Studio, port: int, job: Job) -> None:
    head, forged = b"HEAD /nowhere HTTP/1.1\r\nHost: here\r\n\r\n", whole(job.id, b"{}", signature="0" * 64)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(50):
        writer.write(head)
        for _ in range(8):  # rounds of the loop, in which the first is answered
            await asyncio.sleep(0)
            if reader._buffer:  # type: ignore[attr-defined]  # it has one
                break
        writer.write(forged)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 401 ")
        await reader.readuntil(b"}")
    writer.close()


async def test_on_a_busy_loop_a_late_answer_does_not_wait_for_all_that_have_come_since(
    studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "ANSWER_WITHIN_S", 0.0)
    door, answered = WebhookDoor(studio.tracker.inbox, SECRET, studio.store.metrics), list[tuple[str, int]]()
    body = studio.api.event(studio.api.only.id)
    signature = (SIGNATURE_HEADER.lower().encode(), sign(body, SECRET).encode())
    scope = {"path": WEBHOOK_PATH + job.id, "method": "POST", "headers": [signature]}
    for name in ("first", "second"):
        assert door.shortcut(scope, body, lambda answer, name=name: answered.append((name, answer.status_code)))  # type: ignore[misc]  # as lambdas are
    assert answered == [("first", 503)]

    async def kept() -> bool:
        return await studio.rows("SELECT count(*) FROM webhook_events") == [(1,)]

    await until(kept)
    assert answered == [("first", 503), ("second", 503)]


async def test_what_is_kept_at_the_last_moment_is_said_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "ANSWER_WITHIN_S", 0.0)
    kept: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    verdict = asyncio.create_task(incoming._in_time(kept))
    await asyncio.sleep(0)
    kept.set_result("taken")
    assert await verdict == "taken"


async def test_an_answer_that_cannot_be_given_keeps_no_other_waiting(
    studio: Studio, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    settled = list[Exception | None]()

    def cannot(_: Exception | None) -> None:
        raise RuntimeError("no such connection")

    for number, each in enumerate((cannot, settled.append)):
        studio.tracker.inbox.take(job.id, studio.api.event(studio.api.only.id) + b" " * number, each)
    await until(lambda: _heard(settled))
    assert settled == [None]


async def _heard(settled: list[Exception | None]) -> bool:
    return bool(settled)


async def test_who_posts_and_takes_no_answers_is_read_no_further(studio: Studio, port: int, job: Job) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's can
    forged = whole(job.id, b"{}", signature="0" * 64) * 5_000

    async def full() -> bool:
        writer.write(forged)
        return writer.transport.get_write_buffer_size() > 8_000_000

    await until(full)
    writer.transport.abort()


async def test_a_sender_that_has_gone_is_no_trouble_and_its_webhook_is_kept(
    studio: Studio, port: int, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    body = studio.api.event(studio.api.only.id)
    async with studio.store.unit():  # so that the answer has to wait
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(whole(job.id, body))
        await until(lambda: _arrived(studio))
        writer.transport.abort()

    async def kept() -> bool:
        return await studio.rows("SELECT count(*) FROM webhook_events") == [(1,)]

    await until(kept)
    assert [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []


async def _arrived(studio: Studio) -> bool:
    return studio.tracker.inbox._writing is not None


async def test_only_what_is_small_and_named_by_one_word_takes_the_shortcut(studio: Studio, job: Job) -> None:
    door = WebhookDoor(studio.tracker.inbox, SECRET, studio.store.metrics)
    scope = {"path": WEBHOOK_PATH + job.id, "method": "POST", "headers": []}
    assert door.shortcut(scope, b"{}", lambda _: None)
    assert not door.shortcut(scope, bytes(100_000), lambda _: None)
    for other in ({"path": WEBHOOK_PATH}, {"path": f"{WEBHOOK_PATH}a/b"}, {"path": "/"}, {"method": "GET"}):
        assert not door.shortcut(scope | other, b"{}", lambda _: None)
