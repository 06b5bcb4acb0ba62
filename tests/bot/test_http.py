"""What the program itself serves: pictures, webhooks, and how it is."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from bot import incoming, serving
from bot.errors import StorageUnavailable, UpstreamUnauthorized, UpstreamUnavailable
from bot.http import Core, create_http_app
from bot.incoming import ANSWER_WITHIN_S, WEBHOOK_LIMIT_BYTES, WebhookDoor
from bot.jobs import inbox
from bot.jobs.circuit import Circuit, CircuitSettings
from bot.jobs.inbox import AHEAD_WINDOW, REPLAY_WINDOW
from bot.jobs.model import Job, JobStatus
from bot.midjourney.schema import ListQuery
from bot.midjourney.webhooks import SIGNATURE_HEADER
from bot.serving import bind, url_of
from bot.storage.store import Unit
from bot.supervision import Supervisor
from tests.bot.images.pictures import plain
from tests.bot.jobs.studio import Studio, until
from tests.fakes.http_server import serve
from tests.fakes.image_service import Fault

SECRET = "the-webhook-secret"


def digest(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of a shared machine may take its time."""
    monkeypatch.setattr(incoming, "ANSWER_WITHIN_S", 10.0)


def client_of(
    studio: Studio,
    *routes: Route,
    secret: str = SECRET,
    supervisor: Supervisor | None = None,
    circuit: Circuit | None = None,
    metrics_readers: tuple[str, ...] = (),
) -> httpx.AsyncClient:
    core = Core(
        service=studio.service,
        door=WebhookDoor(studio.tracker.inbox, secret, studio.store.metrics),
        supervisor=supervisor or Supervisor(),
        circuit=circuit or Circuit(studio.api),
        metrics=studio.store.metrics,
        metrics_readers=metrics_readers,
    )
    app = create_http_app(core, [Route("/extra", lambda request: PlainTextResponse("an adapter's")), *routes])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio.test")


def app_of(client: httpx.AsyncClient) -> ASGIApp:
    assert isinstance(client._transport, httpx.ASGITransport)
    return client._transport.app


@pytest.fixture(params=["by the application", "by the server"])
async def client(studio: Studio, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A caller from outside, answered by the application alone, or by the server, which knows a shortcut."""
    async with client_of(studio) as client:
        if request.param == "by the application":
            yield client
            return
        shortcut = WebhookDoor(studio.tracker.inbox, SECRET, studio.store.metrics).shortcut
        listener = bind("127.0.0.1", 0)
        async with (
            serving.serve(app_of(client), listener, shortcut=shortcut),
            httpx.AsyncClient(base_url=url_of(listener)) as caller,
        ):
            yield caller


async def deliver(client: httpx.AsyncClient, job_id: str, body: bytes, signature: str | None) -> httpx.Response:
    headers = {} if signature is None else {SIGNATURE_HEADER: signature}
    return await client.post(f"/webhooks/midjourney/{job_id}", content=body, headers=headers)


@pytest.mark.parametrize("form", ["hex", "sha256", "base64"])
async def test_a_signed_webhook_is_taken(client: httpx.AsyncClient, studio: Studio, job: Job, form: str) -> None:
    body = studio.api.event(studio.api.only.id)
    forms = {
        "hex": digest(body).hex(),
        "sha256": f"sha256={digest(body).hex()}",
        "base64": base64.b64encode(digest(body)).decode(),
    }
    answer = await deliver(client, job.id, body, forms[form])
    assert (answer.status_code, answer.json()) == (200, {"status": "SUCCESS"})
    await studio.tracker.apply_kept_events()
    assert (await studio.service.get(job.id)).progress == 40
    assert (await deliver(client, job.id, body, forms[form])).status_code == 200


@pytest.mark.parametrize(
    "signature", [None, "", "nonsense", "sha256=", "ä", "0" * 64, "wrong-secret", "other-body", "x" * 5000]
)
async def test_an_unsigned_webhook_is_refused(
    client: httpx.AsyncClient, studio: Studio, job: Job, signature: str | None
) -> None:
    body = studio.api.event(studio.api.only.id)
    made = {"wrong-secret": digest(body, "another").hex(), "other-body": digest(body + b" ").hex()}
    given = None if signature is None else made.get(signature, signature)
    headers = {} if given is None else {SIGNATURE_HEADER: given.encode("latin-1")}
    answer = await client.post(f"/webhooks/midjourney/{job.id}", content=body, headers=headers)  # type: ignore[arg-type]  # bytes are allowed
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (401, "ERROR", "invalid_signature")
    assert (await studio.service.get(job.id)).progress == 0
    assert await studio.rows("SELECT * FROM webhook_events") == []


async def test_without_a_secret_no_webhook_is_taken(studio: Studio, job: Job) -> None:
    body = studio.api.event(studio.api.only.id)
    async with client_of(studio, secret="") as client:
        assert (await deliver(client, job.id, body, digest(body, "").hex())).status_code == 401


async def test_a_huge_webhook_is_not_read_to_its_end(studio: Studio, job: Job) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65536
            yield bytes(65536)

    async with client_of(studio) as client:
        answer = await client.post(f"/webhooks/midjourney/{job.id}", content=endless(), headers={SIGNATURE_HEADER: "x"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert read < 2 * WEBHOOK_LIMIT_BYTES


async def test_a_webhook_that_announces_too_much_is_not_read_at_all(studio: Studio, job: Job) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it is read")
        yield b""

    headers = {SIGNATURE_HEADER: "x", "Content-Length": str(WEBHOOK_LIMIT_BYTES + 1)}
    async with client_of(studio) as client:
        answer = await client.post(f"/webhooks/midjourney/{job.id}", content=never(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("declared", [10_000, None])
async def test_a_sender_that_hangs_up_in_the_middle_troubles_nobody(
    studio: Studio, job: Job, declared: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(studio) as client, serve(app_of(client)) as url:
        port = int(url.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        length = "Transfer-Encoding: chunked" if declared is None else f"Content-Length: {declared}"
        writer.write(f"POST /webhooks/midjourney/{job.id} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        writer.write(b"5\r\n{" if declared is None else b"{")
        await writer.drain()
        writer.close()

        async def is_counted() -> bool:
            return bool(studio.store.metrics.webhooks.labels("invalid")._value.get() == 1)

        await until(is_counted)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_sender_that_hangs_up_on_an_adapter_is_no_error_of_ours(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    heard = asyncio.Event()

    async def read(request: Request) -> PlainTextResponse:
        heard.set()
        await request.body()
        return PlainTextResponse("all of it")

    async with (
        client_of(studio, Route("/read", read, methods=["POST"])) as client,
        serve(app_of(client)) as url,
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        await writer.drain()
        async with asyncio.timeout(10):
            await heard.wait()
        writer.close()
        await writer.wait_closed()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_body_that_trickles_is_not_waited_for(
    studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "WEBHOOK_ARRIVES_WITHIN_S", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client_of(studio) as client:
        answer = await client.post(f"/webhooks/midjourney/{job.id}", content=trickle())
    assert answer.status_code == 400


async def test_many_large_bodies_are_asked_to_come_again_and_keep_out_no_small_one(
    studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "WEBHOOKS_TOGETHER_BYTES", 300_000)
    arrived: asyncio.Queue[None] = asyncio.Queue()
    rest = asyncio.Event()

    async def most_of_it(size: int) -> AsyncIterator[bytes]:
        yield bytes(size)
        arrived.put_nowait(None)
        await rest.wait()

    async with client_of(studio) as client:

        def send(size: int) -> asyncio.Task[httpx.Response]:
            return asyncio.create_task(client.post(f"/webhooks/midjourney/{job.id}", content=most_of_it(size)))

        async with asyncio.timeout(30):
            held = [send(150_000), send(150_000)]
            for _ in held:
                await arrived.get()
            refused = await send(150_000)
            assert (refused.status_code, refused.json()["code"]) == (503, "busy")
            body = studio.api.event(studio.api.only.id)
            assert (await deliver(client, job.id, body, digest(body).hex())).status_code == 200
            rest.set()
            assert [answer.status_code for answer in await asyncio.gather(*held)] == [401, 401]
            # What has been judged takes no room any more.
            assert (await send(280_000)).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"null", b'{"event": "job.exploded"}', b"\xff"])
async def test_a_signed_body_that_is_no_event_is_refused(client: httpx.AsyncClient, job: Job, body: bytes) -> None:
    answer = await deliver(client, job.id, body, digest(body).hex())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_event")


@pytest.mark.parametrize("job_id", ["0190", "..%2F..", "%00", "%ff", "x" * 5000])
async def test_a_webhook_for_an_unknown_job_is_refused(
    client: httpx.AsyncClient, studio: Studio, job: Job, job_id: str
) -> None:
    body = studio.api.event(studio.api.only.id)
    assert (await deliver(client, job_id, body, digest(body).hex())).status_code == 404


def spoilt(event: bytes, **changes: object) -> bytes:
    return json.dumps(json.loads(event) | changes).encode()


ODD: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "a lone surrogate": (400, lambda event: spoilt(event, prompt="\ud800")),
    "NUL": (200, lambda event: spoilt(event, prompt="a\0b", error={"code": "\0", "message": "\0"})),
    "a raw NUL": (400, lambda event: event.replace(b"job.", b"job\0.")),
    "deep": (400, lambda event: event[:-1] + b',"result":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "a huge number": (400, lambda event: event[:-1] + b',"progress":1' + b"0" * 10_000 + b"}"),
    "an infinite number": (400, lambda event: event[:-1] + b',"progress":1e999}'),
    "wrong types": (400, lambda event: spoilt(event, progress=[], status={"a": 1}, job_id=7)),
    "a list for a picture": (400, lambda event: spoilt(event, result={"images": [[]]})),
    "no time zone": (200, lambda event: spoilt(event, timestamp="2026-03-14T09:00:00")),
    "the end of time": (400, lambda event: spoilt(event, timestamp="9999-12-31T23:59:59Z")),
    "the beginning of time": (400, lambda event: spoilt(event, timestamp="0001-01-01T00:00:00+14:00")),
    "UTF-16": (400, lambda event: event.decode().encode("utf-16")),
    "invalid UTF-8": (400, lambda event: event.replace(b"job.", b"job\xc3\x28")),
    "a picture nowhere": (200, lambda event: spoilt(event, result={"images": [{"url": "\0://"}]})),
}


@pytest.mark.parametrize("kind", ODD)
async def test_odd_bodies_with_a_true_signature_are_answered_and_harm_nobody(
    client: httpx.AsyncClient, studio: Studio, job: Job, kind: str
) -> None:
    event = studio.api.event(studio.api.only.id)
    status, spoil = ODD[kind]
    body = spoil(event)
    answer = await deliver(client, job.id, body, digest(body).hex())
    assert answer.status_code == status, answer.text
    await studio.tracker.apply_kept_events()
    assert (await deliver(client, job.id, event, digest(event).hex())).status_code == 200
    await studio.tracker.apply_kept_events()
    assert (await studio.service.get(job.id)).progress == 40


@pytest.mark.parametrize("beyond", [REPLAY_WINDOW, -AHEAD_WINDOW])
async def test_an_old_recording_or_one_from_the_future_is_refused(
    client: httpx.AsyncClient, studio: Studio, job: Job, beyond: timedelta
) -> None:
    body = studio.api.event(studio.api.only.id)
    second = timedelta(seconds=1) if beyond > timedelta() else timedelta(seconds=-1)
    studio.clock.advance((beyond + second).total_seconds())
    answer = await deliver(client, job.id, body, digest(body).hex())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_event")
    assert await studio.rows("SELECT * FROM webhook_events") == []
    studio.clock.advance(-second.total_seconds())
    assert (await deliver(client, job.id, body, digest(body).hex())).status_code == 200


async def test_a_webhook_is_answered_in_time_though_the_disk_is_slow_and_is_kept_all_the_same(
    client: httpx.AsyncClient, studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "ANSWER_WITHIN_S", ANSWER_WITHIN_S)
    body = studio.api.event(studio.api.only.id)
    async with studio.store.unit():  # the disk is busy with this one
        answer = await deliver(client, job.id, body, digest(body).hex())
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert ANSWER_WITHIN_S < 0.05
        assert int(answer.headers["retry-after"]) > 0

    async def is_kept() -> bool:
        return await studio.rows("SELECT count(*) FROM webhook_events") == [(1,)]

    await until(is_kept)


async def test_more_webhooks_than_can_be_kept_are_asked_to_come_again(
    client: httpx.AsyncClient, studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "WAITING_LIMIT", 3)
    events = [spoilt(studio.api.event(studio.api.only.id), prompt=str(number)) for number in range(6)]
    async with studio.store.unit():  # the first is being written, and waits for this one
        first = asyncio.create_task(deliver(client, job.id, events[0], digest(events[0]).hex()))
        await until(lambda: handed_over(studio))
        others = [asyncio.create_task(deliver(client, job.id, body, digest(body).hex())) for body in events[1:]]
        refused, _ = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*list(refused))
    statuses = [answer.status_code for answer in await asyncio.gather(first, *others)]
    assert sorted(statuses) == [200, 200, 200, 200, 503, 503]


async def handed_over(studio: Studio) -> bool:
    return studio.tracker.inbox._writing is not None and not studio.tracker.inbox._arrived


async def test_webhooks_that_come_together_share_one_unit_of_work_and_each_has_its_own_answer(
    client: httpx.AsyncClient, studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = 0
    unit = studio.store.unit

    def counted(**wishes: Any) -> AbstractAsyncContextManager[Unit]:
        nonlocal units
        units += 1
        return unit(**wishes)

    monkeypatch.setattr(studio.store, "unit", counted)
    events = [spoilt(studio.api.event(studio.api.only.id), prompt=str(number)) for number in range(40)]
    ids = [("0190" if number % 10 == 9 else job.id) for number in range(40)]
    answers = await asyncio.gather(
        *(deliver(client, job_id, body, digest(body).hex()) for job_id, body in zip(ids, events, strict=True))
    )
    assert [answer.status_code for answer in answers] == [404 if job_id == "0190" else 200 for job_id in ids]
    assert await studio.rows("SELECT count(*) FROM webhook_events") == [(36,)]
    assert units < 10


@pytest.mark.parametrize("error", [StorageUnavailable("the disk is full"), RuntimeError("boom")])
async def test_a_failure_of_ours_is_no_server_error_and_soon_forgotten(
    client: httpx.AsyncClient, studio: Studio, job: Job, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: object) -> AbstractAsyncContextManager[Unit]:
        raise error

    body = studio.api.event(studio.api.only.id)
    with monkeypatch.context() as broken:
        broken.setattr(studio.store, "unit", fail)
        assert (await deliver(client, job.id, body, digest(body).hex())).status_code == 503
    assert (await deliver(client, job.id, body, digest(body).hex())).status_code == 200


async def test_an_end_by_webhook_ends_the_job(client: httpx.AsyncClient, studio: Studio, job: Job) -> None:
    studio.api.complete(studio.api.only.id)
    body = studio.api.event(studio.api.only.id)
    await deliver(client, job.id, body, digest(body).hex())
    await studio.tracker.apply_kept_events()
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def test_only_post_is_taken(client: httpx.AsyncClient, job: Job) -> None:
    assert (await client.get(f"/webhooks/midjourney/{job.id}")).status_code == 405


async def test_a_kept_picture_is_served_for_ever_and_harmlessly(client: httpx.AsyncClient, studio: Studio) -> None:
    content = plain((10, 200, 10), (600, 400))
    kept = await studio.service.keep_picture(content)
    answer = await client.get(f"/pictures/{kept}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content == await studio.blobs.get(kept)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    again = await client.get(f"/pictures/{kept}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_picture_comes_smaller_on_demand(client: httpx.AsyncClient, studio: Studio) -> None:
    kept = await studio.service.keep_picture(plain((10, 200, 10), (600, 400)))
    whole = await client.get(f"/pictures/{kept}")
    small = await client.get(f"/pictures/{kept}?w=256")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert small.headers["etag"] != whole.headers["etag"]


@pytest.mark.parametrize("path", ["0" * 64, "nonsense", "..%2F..%2Fetc%2Fpasswd", "%00"])
async def test_a_picture_that_is_not_kept_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/pictures/{path}")).status_code == 404


@pytest.mark.parametrize("width", ["", "0", "-1", "257", "huge", "1e3", "99999999999999999999"])
async def test_a_width_that_is_not_offered_is_refused_with_those_that_are(
    client: httpx.AsyncClient, studio: Studio, width: str
) -> None:
    kept = await studio.service.keep_picture(plain((10, 200, 10)))
    answer = await client.get(f"/pictures/{kept}?w={width}")
    assert (answer.status_code, answer.json()["message"]) == (400, "w must be one of 256, 512, 1024, 1600.")


async def test_health_is_about_the_process_and_readiness_about_its_parts(studio: Studio) -> None:
    supervisor = Supervisor()
    async with client_of(studio, supervisor=supervisor) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 503  # nothing runs yet


async def test_readiness_names_every_part_and_the_image_service(studio: Studio) -> None:
    supervisor, circuit = Supervisor(), Circuit(studio.api, settings=CircuitSettings(failures=1))
    tasks = [asyncio.create_task(supervisor.keep("loop", asyncio.Event().wait))]
    tasks += [asyncio.create_task(supervisor.keep("adapter chat", asyncio.Event().wait, connects=True))]
    await asyncio.sleep(0)
    async with client_of(studio, supervisor=supervisor, circuit=circuit) as client:
        answer = await client.get("/readyz")
        parts = {"loop": "running", "adapter chat": "starting", "image service": "running"}
        assert (answer.status_code, answer.json()) == (503, {"parts": parts})
        supervisor.up("adapter chat")
        assert (await client.get("/readyz")).status_code == 200
        studio.api.script("list_jobs", Fault(error=UpstreamUnavailable()), Fault(error=UpstreamUnauthorized("no")))
        with pytest.raises(UpstreamUnavailable):
            await circuit.list_jobs(ListQuery())
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["parts"]["image service"]) == (200, "away, jobs wait")
        await circuit.probe()
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["parts"]["image service"]) == (503, "refuses MIDJOURNEY_TOKEN")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_adapters_routes_are_served_beside_the_cores(client: httpx.AsyncClient) -> None:
    assert (await client.get("/extra")).text == "an adapter's"


async def test_an_unknown_path_shows_a_person_the_way_back_and_a_program_a_code(client: httpx.AsyncClient) -> None:
    page = await client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert '<a href="/">' in page.text
    assert (await client.get("/nothing")).json()["code"] == "not_found"
