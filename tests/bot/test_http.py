"""What the program itself serves: pictures, webhooks, and how it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.http import SIGNATURE_HEADER, WEBHOOK_LIMIT_BYTES, Core, create_http_app
from bot.jobs.model import Job, JobStatus
from bot.supervision import Supervisor
from tests.bot.images.pictures import plain
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock

SECRET = "the-webhook-secret"


def digest(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).digest()


@pytest.fixture
async def studio(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Studio]:
    """One process of the program."""
    async with World(tmp_path, clock).studio() as studio:
        yield studio


def client_of(studio: Studio, *, secret: str = SECRET, supervisor: Supervisor | None = None) -> httpx.AsyncClient:
    core = Core(
        service=studio.service, tracker=studio.tracker, supervisor=supervisor or Supervisor(), webhook_secret=secret
    )
    app = create_http_app(core, [Route("/extra", lambda request: PlainTextResponse("an adapter's"))])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio.test")


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[httpx.AsyncClient]:
    """A caller from outside."""
    async with client_of(studio) as client:
        yield client


@pytest.fixture
async def job(studio: Studio) -> Job:
    """A job that the service has, 40 % done."""
    (job,) = await studio.service.imagine(Person("Anna").does(), "a bird")
    await studio.send()
    studio.api.go_on(studio.api.only.id, 40)
    return job


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


async def test_a_huge_webhook_is_not_read_to_its_end(client: httpx.AsyncClient, job: Job) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65536
            yield bytes(65536)

    answer = await client.post(f"/webhooks/midjourney/{job.id}", content=endless(), headers={SIGNATURE_HEADER: "x"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert read < 2 * WEBHOOK_LIMIT_BYTES


@pytest.mark.parametrize("body", [b"", b"{", b"null", b'{"event": "job.exploded"}', b"\xff"])
async def test_a_signed_body_that_is_no_event_is_refused(client: httpx.AsyncClient, job: Job, body: bytes) -> None:
    answer = await deliver(client, job.id, body, digest(body).hex())
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_event")


@pytest.mark.parametrize("job_id", ["0190", "..%2F..", "%00"])
async def test_a_webhook_for_an_unknown_job_is_refused(
    client: httpx.AsyncClient, studio: Studio, job: Job, job_id: str
) -> None:
    body = studio.api.event(studio.api.only.id)
    assert (await deliver(client, job_id, body, digest(body).hex())).status_code == 404


async def test_an_end_by_webhook_ends_the_job(client: httpx.AsyncClient, studio: Studio, job: Job) -> None:
    studio.api.complete(studio.api.only.id)
    body = studio.api.event(studio.api.only.id)
    await deliver(client, job.id, body, digest(body).hex())
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


@pytest.mark.parametrize("width", ["0", "-1", "257", "huge", "1e3", "99999999999999999999"])
async def test_a_width_that_is_not_offered_is_not_found(client: httpx.AsyncClient, studio: Studio, width: str) -> None:
    kept = await studio.service.keep_picture(plain((10, 200, 10)))
    assert (await client.get(f"/pictures/{kept}?w={width}")).status_code == 404


async def test_health_is_about_the_process_and_readiness_about_its_parts(studio: Studio) -> None:
    supervisor = Supervisor()
    async with client_of(studio, supervisor=supervisor) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 503  # nothing runs yet


async def test_an_adapters_routes_are_served_beside_the_cores(client: httpx.AsyncClient) -> None:
    assert (await client.get("/extra")).text == "an adapter's"


async def test_an_unknown_path_shows_a_person_the_way_back_and_a_program_a_code(client: httpx.AsyncClient) -> None:
    page = await client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert '<a href="/">' in page.text
    assert (await client.get("/nothing")).json()["code"] == "not_found"
