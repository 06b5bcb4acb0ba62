"""How the client takes what a remote service does; the operations themselves are tested in tests/contract."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from structlog.contextvars import bound_contextvars

from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    InvalidSetting,
    JobNotFound,
    UpstreamBarred,
    UpstreamBusy,
    UpstreamError,
    UpstreamRejected,
    UpstreamTroubled,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.logs import set_up_logs
from bot.midjourney import client as client_module
from bot.midjourney.client import Client, Retries, Timeouts
from bot.midjourney.foreign import read_retry_after, translate
from bot.midjourney.listing import PartOfJob
from bot.midjourney.schema import DescribeRequest, ImagineRequest, Job, JobStatus, ListQuery, SortOrder
from bot.rates import OwnRates, Rate
from tests.fakes.broken_tls import broken_tls, trusting
from tests.fakes.scripted_service import Answer, ScriptedService, scripted_service

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "top-secret-key"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ID = uuid4()
IMAGINE = ImagineRequest(prompt="a cat")
QUICK = Retries(attempts=3, wait=0.001, jitter=0.001, longest_wait=0.05)


def error_body(code: str = "some_code", message: str = "A sentence.") -> bytes:
    return json.dumps({"status": "ERROR", "code": code, "message": message}).encode()


CREATED = Answer(body=json.dumps({"status": "SUCCESS", "message": "ok", "data": {"job_id": str(ID)}}).encode())
JOB = Answer(
    body=json.dumps(
        {"id": str(ID), "type": "imagine", "status": "pending", "created_at": "2026-01-01T00:00:00Z", "new_field": 1}
    ).encode()
)
EMPTY_PAGE = Answer(body=b'{"data": [], "total": 0, "limit": 25, "offset": 0}')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_service() -> AsyncIterator[ScriptedService]:
    async with scripted_service() as running:
        yield running


@pytest.fixture
def service(running_service: ScriptedService) -> ScriptedService:
    running_service.calls.clear()
    return running_service


@pytest_asyncio.fixture(loop_scope="module")
async def client(service: ScriptedService) -> AsyncIterator[Client]:
    timeouts = Timeouts(connect=5, read=5, write=5, attempt=5)
    async with Client(service.url, TOKEN, retries=QUICK, timeouts=timeouts, clock=lambda: NOW) as opened:
        yield opened


async def outcome(client: Client, operation: str) -> object:
    match operation:
        case "imagine":
            return await client.imagine(IMAGINE)
        case "get_job":
            return await client.get_job(ID)
        case "list_jobs":
            return await client.list_jobs(ListQuery())
        case _:
            return await client.cancel(ID)


async def test_a_request_carries_key_request_id_and_only_what_was_given(
    client: Client, service: ScriptedService
) -> None:
    service.answers = [CREATED]
    assert await client.imagine(IMAGINE) == ID
    (call,) = service.calls
    assert (call.method, call.target) == ("POST", "/v1/imagine")
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.headers["content-type"] == "application/json"
    UUID(call.headers["x-request-id"])
    assert json.loads(call.body) == {"prompt": "a cat"}


async def test_the_request_id_of_our_log_lines_is_the_one_that_is_sent(
    client: Client, service: ScriptedService
) -> None:
    service.answers = [CREATED]
    with bound_contextvars(request_id="0b9c1b9e-one-of-ours"):
        await client.imagine(IMAGINE)
    assert service.calls[0].headers["x-request-id"] == "0b9c1b9e-one-of-ours"


async def test_a_picture_is_sent_in_base64(client: Client, service: ScriptedService) -> None:
    service.answers = [CREATED]
    await client.describe(DescribeRequest.model_validate({"image_base64": "cGljdHVyZQ=="}))
    assert json.loads(service.calls[0].body)["image_base64"] == "cGljdHVyZQ=="


async def test_a_query_is_sent_as_the_contract_names_it(client: Client, service: ScriptedService) -> None:
    service.answers = [EMPTY_PAGE]
    query = ListQuery(status=JobStatus.IN_PROGRESS, limit=5, offset=10, sort=SortOrder.OLDEST_FIRST)
    await client.list_jobs(query)
    assert service.calls[0].target == "/v1/jobs?status=in_progress&limit=5&offset=10&sort=created_at_asc"


async def test_fields_of_a_newer_service_are_ignored(client: Client, service: ScriptedService) -> None:
    service.answers = [JOB]
    assert (await client.get_job(ID)).id == ID


async def test_a_job_of_the_list_that_cannot_be_read_hides_no_other_and_is_logged_once(
    client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    good = json.loads(JOB.body)
    bad = good | {"id": str(uuid4()), "progress": 101}
    service.answers = [Answer(body=json.dumps({"data": [bad, good], "total": 2, "limit": 25, "offset": 0}).encode())]
    for _ in range(3):
        page = await client.list_jobs(ListQuery())
        assert [type(job) for job in page.data] == [PartOfJob, Job]
    assert caplog.text.count(bad["id"]) == 1
    assert len(service.calls) == 3


async def test_what_has_been_logged_once_is_not_remembered_for_ever(
    client: Client, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_TOLD_LIMIT", 10)
    bad = [{"id": str(number)} for number in range(25)]
    service.answers = [Answer(body=json.dumps({"data": bad, "total": 25, "limit": 25, "offset": 0}).encode())]
    await client.list_jobs(ListQuery())
    assert list(client._told_of) == [str(number) for number in range(15, 25)]


REFUSALS: list[tuple[str, Answer, type[ImaginebotError], str]] = [
    ("imagine", Answer(status=400, body=error_body("blocked_prompt")), UpstreamRejected, "blocked_prompt"),
    ("cancel", Answer(status=400, body=error_body("already_ended")), AlreadyEnded, "already_ended"),
    ("imagine", Answer(status=401, body=error_body()), UpstreamUnauthorized, "unauthorized"),
    ("imagine", Answer(status=401, body=b"<html>"), UpstreamUnauthorized, "unauthorized"),
    ("imagine", Answer(status=403, body=b""), UpstreamUnauthorized, "unauthorized"),
    ("get_job", Answer(status=404, body=error_body()), JobNotFound, "job_not_found"),
    ("cancel", Answer(status=404, body=error_body()), JobNotFound, "job_not_found"),
    ("imagine", Answer(status=404, body=error_body("not_found")), UpstreamRejected, "not_found"),
    ("get_job", Answer(status=404, body=b"<html>nginx</html>"), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(status=413, body=b"<html>"), UpstreamRejected, "http_413"),
    ("imagine", Answer(status=422, body=error_body("odd")), UpstreamRejected, "odd"),
    ("imagine", Answer(status=429, body=error_body()), UpstreamBusy, "rate_limited"),
    ("imagine", Answer(status=500, body=error_body()), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(status=503, body=b"<html>"), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(status=302, headers={"location": "http://elsewhere.invalid/"}), UpstreamUnavailable, ""),
    ("imagine", Answer(status=201, body=b"{}"), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(body=b"<html>"), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(body=b'{"status":"SUCCESS"}'), UpstreamUnavailable, "upstream_unavailable"),
    ("imagine", Answer(body=b"[" * 100_000), UpstreamUnavailable, "upstream_unavailable"),
    ("get_job", Answer(body=b'{"id":"x"}'), UpstreamUnavailable, "upstream_unavailable"),
    ("get_job", Answer(body=json.dumps({"id": str(ID)}).encode()), UpstreamRejected, "unreadable_job"),
    ("get_job", Answer(body=json.dumps({"id": str(uuid4())}).encode()), UpstreamUnavailable, "upstream_unavailable"),
    ("list_jobs", Answer(body=b"\xff\xfe"), UpstreamUnavailable, "upstream_unavailable"),
]


@pytest.mark.parametrize(("operation", "answer", "kind", "code"), REFUSALS)
async def test_every_answer_becomes_one_error_of_ours(
    client: Client,
    service: ScriptedService,
    operation: str,
    answer: Answer,
    kind: type[ImaginebotError],
    code: str,
) -> None:
    service.answers = [answer]
    with pytest.raises(ImaginebotError) as refusal:
        await outcome(client, operation)
    assert type(refusal.value) is kind
    assert code in refusal.value.code
    assert TOKEN not in str(refusal.value)


async def test_an_answer_that_cannot_be_read_may_have_arrived_and_is_logged(
    client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    service.answers = [Answer(body=b"<html>")]
    with pytest.raises(UpstreamUnavailable) as refusal:
        await client.imagine(IMAGINE)
    assert refusal.value.may_have_arrived
    assert "is not a Created" in caplog.text


@pytest.mark.parametrize("passing", [Answer(status=503), Answer(status=429), Answer(body=b"<html>")])
async def test_a_reading_call_is_tried_again(client: Client, service: ScriptedService, passing: Answer) -> None:
    service.answers = [passing, passing, JOB]
    assert (await client.get_job(ID)).id == ID
    assert len(service.calls) == 3
    assert len({call.headers["x-request-id"] for call in service.calls}) == 1


async def test_trying_again_has_an_end(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(status=503)]
    with pytest.raises(UpstreamUnavailable):
        await client.get_job(ID)
    assert len(service.calls) == QUICK.attempts


async def test_a_call_can_be_tried_once(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(status=503), JOB]
    with pytest.raises(UpstreamUnavailable):
        await client.once().get_job(ID)
    assert len(service.calls) == 1
    assert (await client.get_job(ID)).id == ID


@pytest.mark.parametrize("operation", ["imagine", "cancel"])
async def test_a_call_that_may_have_been_carried_out_is_not_repeated(
    client: Client, service: ScriptedService, operation: str
) -> None:
    service.answers = [Answer(status=503)]
    with pytest.raises(UpstreamUnavailable) as refusal:
        await outcome(client, operation)
    assert refusal.value.may_have_arrived
    assert len(service.calls) == 1


async def test_a_creating_call_that_was_too_much_is_repeated(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(status=429, headers={"retry-after": "0"}), CREATED]
    assert await client.imagine(IMAGINE) == ID
    assert len(service.calls) == 2
    assert service.calls[0].body == service.calls[1].body


async def test_another_imaginebot_hears_a_key_and_is_heard_in_its_own_words(service: ScriptedService) -> None:
    full = Answer(status=429, headers={"retry-after": "60"}, body=error_body(message="You have enough under way."))
    service.answers = [full, full, JOB]
    async with Client(service.url, TOKEN, retries=QUICK, ours=True) as client:
        with pytest.raises(UpstreamBusy, match="You have enough under way"):
            await client.imagine(IMAGINE)
        with pytest.raises(UpstreamBusy):
            await client.imagine(IMAGINE)
        await client.get_job(ID)
    keys = [call.headers.get("idempotency-key") for call in service.calls]
    assert keys == [*(call.headers["x-request-id"] for call in service.calls[:2]), None]
    assert len(set(keys)) == 3


NOT_OF_A_BOT = [Answer(status=302, headers={"location": "http://elsewhere.invalid/"}), Answer(status=404, body=b"<p>")]


@pytest.mark.parametrize("answer", NOT_OF_A_BOT)
async def test_what_an_imaginebot_never_answers_has_not_reached_it(service: ScriptedService, answer: Answer) -> None:
    service.answers = [answer]
    async with Client(service.url, TOKEN, retries=QUICK, ours=True) as client:
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
    assert not refusal.value.may_have_arrived


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(("body", "kind"), [(b"<html>", UpstreamBarred), (error_body(), UpstreamUnauthorized)])
async def test_a_key_that_is_refused_is_told_from_a_proxy_that_lets_nothing_through(
    service: ScriptedService, status: int, body: bytes, kind: type[UpstreamUnauthorized]
) -> None:
    service.answers = [Answer(status=status, body=body)]
    async with Client(service.url, TOKEN, retries=QUICK, ours=True) as client:
        with pytest.raises(UpstreamUnauthorized) as refusal:
            await client.imagine(IMAGINE)
    assert type(refusal.value) is kind


@pytest.mark.parametrize("answer", [Answer(body=CREATED.body[:-9]), Answer(status=502, body=b"<html>")])
async def test_an_answer_that_a_proxy_cut_off_or_gave_itself_may_hide_what_an_imaginebot_did(
    service: ScriptedService, answer: Answer
) -> None:
    service.answers = [answer]
    async with Client(service.url, TOKEN, retries=QUICK, ours=True) as client:
        with pytest.raises(UpstreamUnavailable) as unclear:
            await client.imagine(IMAGINE)
    assert unclear.value.may_have_arrived


@pytest.mark.parametrize(
    ("status", "code", "may_have"),
    [(503, "storage_unavailable", False), (503, "commit_unknown", True), (500, "internal_error", True)],
)
async def test_another_imaginebots_trouble_is_told_in_its_own_words(
    service: ScriptedService, status: int, code: str, may_have: bool
) -> None:
    service.answers = [Answer(status=status, headers={"retry-after": "5"}, body=error_body(code, "The disk is full."))]
    async with Client(service.url, TOKEN, retries=QUICK, ours=True) as client:
        with pytest.raises(UpstreamTroubled, match="The disk is full") as refusal:
            await client.imagine(IMAGINE)
    assert refusal.value.may_have_arrived is may_have


@pytest.mark.parametrize("answer", [*NOT_OF_A_BOT, Answer(status=503, body=error_body("storage_unavailable"))])
async def test_what_a_service_that_is_not_ours_did_with_a_call_stays_open(
    client: Client, service: ScriptedService, answer: Answer
) -> None:
    service.answers = [answer]
    with pytest.raises(UpstreamUnavailable, match=r"^The image service") as refusal:
        await client.imagine(IMAGINE)
    assert refusal.value.may_have_arrived


async def test_a_service_that_is_not_ours_hears_no_key_and_its_words_go_no_further(
    client: Client, service: ScriptedService
) -> None:
    service.answers = [Answer(status=429, headers={"retry-after": "60"}, body=error_body(message="Inside of theirs."))]
    with pytest.raises(UpstreamBusy, match="image service is busy"):
        await client.imagine(IMAGINE)
    assert "idempotency-key" not in service.calls[0].headers


async def test_a_refusal_is_not_repeated(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(status=400, body=error_body())]
    with pytest.raises(UpstreamRejected):
        await client.get_job(ID)
    assert len(service.calls) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 01 Jan 2026 12:02:00 GMT", 120.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
async def test_retry_after_is_read_in_seconds_and_as_a_date(
    client: Client, service: ScriptedService, header: str, seconds: float | None
) -> None:
    service.answers = [Answer(status=429, headers={"retry-after": header})]
    with pytest.raises(UpstreamBusy) as busy:
        await client.imagine(IMAGINE)
    assert busy.value.retry_after == seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(" " * 20 + "120", 120.0), ("\t120 ", 120.0), (" " * 20, None), ("9" * 400, 999999999999.0), ("\u00b2", None)],
)
async def test_retry_after_is_read_whatever_surrounds_it(header: str, seconds: float | None) -> None:
    assert read_retry_after(header, NOW) == seconds


async def test_a_long_retry_after_is_left_to_the_caller(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(status=503, headers={"retry-after": "3600"})]
    with pytest.raises(UpstreamUnavailable) as refusal:
        await client.get_job(ID)
    assert refusal.value.retry_after == 3600
    assert len(service.calls) == 1


async def test_a_last_look_keeps_a_request_that_changes_something_from_being_written(service: ScriptedService) -> None:
    class TooLate(Exception):
        pass

    def last_look() -> None:
        raise TooLate

    async with Client(service.url, TOKEN, retries=QUICK, last_look=last_look) as late:
        with pytest.raises(TooLate):
            await late.imagine(IMAGINE)
        assert service.calls == []
        service.answers = [JOB]
        await late.get_job(ID)
    assert len(service.calls) == 1


async def test_a_refused_connection_has_not_arrived() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with Client(url, TOKEN, retries=QUICK) as client:
            with pytest.raises(UpstreamUnavailable) as refusal:
                await client.imagine(IMAGINE)
    assert not refusal.value.may_have_arrived


async def test_a_handshake_that_fails_has_not_arrived_and_names_nothing_of_the_inside(service: ScriptedService) -> None:
    async with Client(service.url.replace("http://", "https://"), TOKEN, retries=QUICK) as client:
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
    assert not refusal.value.may_have_arrived
    assert "SSL" not in str(refusal.value)


@asynccontextmanager
async def breaking_off(after: bytes, *, reset: bool) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve answers that end in the middle, orderly or with a reset; give the address and the requests that came."""
    requests: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(after)
        await writer.drain()
        if reset:
            plug = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests


HALF_READ = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "half a body": b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"status": "SUCC',
    "half a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
    "no HTTP": b"\x00\x01\x02 hello\r\n\r\n",
}


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("after", HALF_READ)
async def test_a_connection_that_breaks_off_may_have_arrived_and_only_reading_calls_are_repeated(
    after: str, *, reset: bool
) -> None:
    async with (
        breaking_off(HALF_READ[after], reset=reset) as (url, requests),
        Client(url, TOKEN, retries=QUICK) as client,
    ):
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
        assert refusal.value.may_have_arrived
        assert len(requests) == 1
        with pytest.raises(UpstreamUnavailable):
            await client.get_job(ID)
        assert len(requests) == 1 + QUICK.attempts


@pytest.mark.parametrize("after", ["nothing", "half a head", "half a body"])
async def test_tls_that_breaks_after_the_handshake_may_have_arrived_and_only_reading_calls_are_repeated(
    after: str,
) -> None:
    async with (
        broken_tls(HALF_READ[after]) as (url, requests),
        Client(url, TOKEN, retries=QUICK, transport=httpx.AsyncHTTPTransport(verify=trusting())) as client,
    ):
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
        assert refusal.value.may_have_arrived
        assert len(requests) == 1
        with pytest.raises(UpstreamUnavailable):
            await client.get_job(ID)
        assert len(requests) == 1 + QUICK.attempts


async def test_the_lines_about_a_call_carry_the_job_and_the_id_that_the_service_got(
    client: Client, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    set_up_logs()
    service.answers = [Answer(status=503), Answer(body=b"<html>"), JOB]
    with bound_contextvars(job="one-of-ours"):
        await client.get_job(ID)
    assert isinstance(sys.stderr, io.StringIO)
    lines = [json.loads(line) for line in sys.stderr.getvalue().splitlines()]
    told = {(line["job"], line["request_id"]) for line in lines}
    assert len(lines) >= 2
    assert told == {("one-of-ours", service.calls[0].headers["x-request-id"])}


async def test_silence_ends_with_a_timeout_that_may_have_arrived(service: ScriptedService) -> None:
    service.answers = [Answer(silent=True)]
    async with Client(service.url, TOKEN, retries=QUICK, timeouts=Timeouts(read=0.05)) as client:
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
    assert refusal.value.may_have_arrived


async def test_an_answer_that_trickles_for_ever_ends_with_the_attempts_time(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_LIMIT", 10**15)
    service.answers = [Answer(endless=True)]
    async with Client(service.url, TOKEN, retries=QUICK, timeouts=Timeouts(attempt=0.2)) as client:
        with pytest.raises(UpstreamUnavailable) as refusal:
            await client.imagine(IMAGINE)
    assert refusal.value.may_have_arrived


async def test_an_endless_answer_is_cut_off_at_the_limit(client: Client, service: ScriptedService) -> None:
    service.answers = [Answer(endless=True)]
    with pytest.raises(UpstreamUnavailable, match="cannot be understood"):
        await client.imagine(IMAGINE)


async def test_calls_of_all_who_share_the_key_keep_to_one_pace(service: ScriptedService) -> None:
    service.answers = [JOB]
    rates, pace = OwnRates(), Rate(name="image service", count=1, within_s=3600)
    async with (
        Client(service.url, TOKEN, rates=rates, pace=pace) as one,
        Client(service.url, TOKEN, rates=rates, pace=pace) as other,
    ):
        await one.get_job(ID)
        with pytest.raises(UpstreamBusy) as busy:
            await other.get_job(ID)
    assert busy.value.retry_after == pytest.approx(3600, abs=60)
    assert len(service.calls) == 1


async def test_a_call_waits_for_a_turn_that_is_near(service: ScriptedService) -> None:
    service.answers = [JOB]
    async with Client(service.url, TOKEN, pace=Rate(name="image service", count=1, within_s=0.05)) as client:
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            await client.get_job(ID)
        assert asyncio.get_running_loop().time() - began >= 0.1


async def test_connections_are_used_again(service: ScriptedService, client: Client) -> None:
    service.answers = [JOB]
    for _ in range(3):
        await client.get_job(ID)
    pool = client._http._transport._pool  # type: ignore[attr-defined]  # httpx shows its pool nowhere else
    assert len(pool.connections) == 1


def every_kind(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every_kind(child))]


HTTPX_ROOTS: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
HTTPX_ERRORS = sorted(
    {kind for root in HTTPX_ROOTS for kind in every_kind(root) if kind.__module__.partition(".")[0] == "httpx"},
    key=lambda kind: kind.__name__,
)


async def test_no_error_of_httpx_is_outside_the_known_roots() -> None:
    public = [getattr(httpx, name) for name in httpx.__all__]
    raised = [kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)]
    assert raised
    assert set(raised) <= set(HTTPX_ERRORS)


@pytest.mark.parametrize("kind", HTTPX_ERRORS)
async def test_every_error_of_httpx_is_translated(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise made(kind)

    retries = Retries(attempts=1)
    async with Client("http://a.test", TOKEN, transport=httpx.MockTransport(fail), retries=retries) as client:
        with pytest.raises(UpstreamError):
            await client.get_job(ID)


def made(kind: type[Exception]) -> Exception:
    """Make an error of a kind, whatever its constructor wants."""
    error: Exception = kind.__new__(kind)
    Exception.__init__(error, "no luck")
    return error


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol]
)
async def test_what_never_left_has_not_arrived(kind: type[Exception]) -> None:
    error = translate(kind("no luck"))
    assert isinstance(error, UpstreamUnavailable)
    assert not error.may_have_arrived


@pytest.mark.parametrize("kind", [httpx.ReadError, httpx.WriteError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_what_was_cut_off_may_have_arrived(kind: type[Exception]) -> None:
    error = translate(kind("no luck"))
    assert isinstance(error, UpstreamUnavailable)
    assert error.may_have_arrived


@pytest.mark.parametrize("url", ["", "api.example.com", "ftp://a", "http://", "http://a:b@c", "http://a:b", "/v1"])
async def test_an_address_that_is_none_is_refused_with_the_settings_name(url: str) -> None:
    with pytest.raises(InvalidSetting, match="MIDJOURNEY_BASE_URL"):
        Client(url, TOKEN)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "schlüssel", "a\x00"])
async def test_a_token_that_cannot_be_sent_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(InvalidSetting, match="MIDJOURNEY_TOKEN") as refusal:
        Client("http://a.test", token)
    assert not token or token not in str(refusal.value)


async def test_the_token_appears_in_no_representation_and_no_log(
    client: Client, service: ScriptedService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.answers = [Answer(status=500)]
    with pytest.raises(UpstreamUnavailable):
        await client.get_job(ID)
    assert TOKEN not in repr(client)
    assert TOKEN not in caplog.text


async def test_closing_twice_is_the_same_as_once(client: Client) -> None:
    await client.aclose()
    await client.aclose()
