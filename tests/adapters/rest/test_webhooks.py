"""Webhooks to programs, against receivers that are slow, dead, lying, redirecting inward, and that come back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.admin import carry_out
from bot.errors import InvalidCommand
from bot.midjourney.schema import WebhookEvent
from bot.midjourney.webhooks import verify
from tests.adapters.rest.studio import IMPATIENT, Studio, studio_in, until_async
from tests.fakes.engines import until
from tests.fakes.http_server import serve


@dataclass
class Receiver:
    """A program's own server. ``answers`` are the next statuses, "slow" or a redirect's target; after them 200."""

    origin: str = ""
    answers: list[int | str] = field(default_factory=list)
    always: int | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    inside: int = 0
    under_way: int = 0
    most_at_once: int = 0
    tried: int = 0

    @property
    def url(self) -> str:
        return f"{self.origin}/hook?token=s3cret"

    async def hook(self, request: Request) -> Response:
        body = await request.body()
        self.tried += 1
        answer = self.always or (self.answers.pop(0) if self.answers else 200)
        if answer == "slow":
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
            try:
                await asyncio.sleep(30)
            finally:
                self.under_way -= 1
        if isinstance(answer, str):
            return Response(status_code=307, headers={"Location": answer})
        if answer == 200:
            self.bodies.append(body)
            self.events.append(json.loads(body))
            self.headers.append(dict(request.headers))
        return Response(status_code=answer)

    async def secret(self, _: Request) -> Response:
        self.inside += 1
        return Response("inside")


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    paths = [
        Route("/hook", receiver.hook, methods=["POST"]),
        Route("/inside", receiver.secret, methods=["GET", "POST"]),
    ]
    async with serve(Starlette(routes=paths)) as url:
        receiver.origin = url
        yield receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def told(receiver: Receiver, job_id: str) -> list[str]:
    return [event["event"] for event in receiver.events if event["job_id"] == job_id]


async def states(studio: Studio) -> list[tuple[Any, ...]]:
    return await studio.rows("SELECT event, state, problem FROM webhook_deliveries ORDER BY id")


async def test_the_end_of_a_job_arrives_once_signed_with_the_keys_own_secret(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        job_id = await studio.imagine(webhook_url=receiver.url)
        await until(lambda: len(receiver.events) == 1)
        job = (await studio.http.get(f"/v1/jobs/{job_id}")).json()
        await until_async(lambda: _settled(studio))
    (event,), (body,), (headers,) = receiver.events, receiver.bodies, receiver.headers
    WebhookEvent.model_validate_json(body)
    assert (event["event"], event["job_id"], event["status"]) == ("job.completed", job_id, "completed")
    assert event["result"] == job["result"]
    assert None not in event.values()
    signature = headers["x-midjourney-signature"]
    assert verify(body, signature, studio.key.webhook_secret)
    assert not verify(body, signature, "another")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert len(headers["webhook-id"]) == 36
    assert headers["content-type"] == "application/json"


async def test_progress_arrives_in_order_and_ends_with_the_end(tmp_path: Path, receiver: Receiver) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        ids = [await studio.imagine("slowly", webhook_url=receiver.url, webhook_type="progress") for _ in range(3)]
        await until(lambda: any(event["event"] == "job.progress" for event in receiver.events))
        studio.open_gate()
        await until(lambda: all("job.completed" in told(receiver, job_id) for job_id in ids))
        await until_async(lambda: _settled(studio))
    for job_id in ids:
        names = told(receiver, job_id)
        assert names[-1] == "job.completed"
        assert names.count("job.completed") == 1
        assert set(names[:-1]) <= {"job.progress"}
        progress = [event["progress"] for event in receiver.events if event["job_id"] == job_id]
        assert progress == sorted(progress)
        stamps = [event["timestamp"] for event in receiver.events if event["job_id"] == job_id]
        assert stamps == sorted(stamps)


async def test_a_failure_and_a_cancel_are_told_with_their_reasons(tmp_path: Path, receiver: Receiver) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        failing = await studio.imagine("unreadable", webhook_url=receiver.url)
        cancelled = await studio.imagine("gated", webhook_url=receiver.url)
        await studio.http.post(f"/v1/jobs/{cancelled}/cancel")
        await until(lambda: len(receiver.events) == 2)
    assert told(receiver, failing) == ["job.failed"]
    assert told(receiver, cancelled) == ["job.cancelled"]
    failed = next(event for event in receiver.events if event["job_id"] == failing)
    assert failed["error"]["code"] == "invalid_picture"


async def test_what_is_answered_with_an_error_is_sent_again_with_the_same_id(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [500, 404, 302, 429]
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        await studio.imagine(webhook_url=receiver.url)
        await until(lambda: len(receiver.events) == 1)
        await until_async(lambda: _settled(studio))
        assert await studio.rows("SELECT state, attempts FROM webhook_deliveries") == [("delivered", 5)]
        assert await studio.rows("SELECT * FROM webhook_endpoints") == []


async def test_a_slow_receiver_holds_up_no_other(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = ["slow"] * 50
    patient = replace(IMPATIENT, time_limit=20.0, each=2, at_once=4)
    async with receiving() as quick:
        origins = (receiver.origin, quick.origin)
        async with studio_in(tmp_path, webhook_origins=origins, notifier=patient) as studio:
            for _ in range(6):
                await studio.imagine(webhook_url=receiver.url)
            await studio.imagine(webhook_url=quick.url)
            await until(lambda: len(quick.events) == 1 and receiver.under_way == 2)
    assert receiver.most_at_once == 2


async def test_a_dead_endpoint_is_paused_then_tried_once_at_a_time_and_gets_everything_when_it_is_back(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.always = 503
    pausing = replace(IMPATIENT, pause_after=2)
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,), notifier=pausing) as studio:
        ids = [await studio.imagine(f"number {number}", webhook_url=receiver.url) for number in range(5)]
        for job_id in ids:
            await studio.ended(job_id)
        await until_async(lambda: _paused(studio))
        shown = await carry_out(studio.app.settings, "list_webhooks", {})
        assert {row["endpoint"] for row in shown} == {f"{receiver.origin}/hook"}  # the token is not shown
        receiver.always = None
        await until(lambda: len(receiver.events) >= 5)
        await until_async(lambda: _settled(studio))
    assert sorted(event["job_id"] for event in receiver.events) == sorted(ids)


async def test_nothing_is_lost_in_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.always = 503
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        key = studio.key
        told_of = await studio.imagine("before", webhook_url=receiver.url)
        await studio.ended(told_of)
        await until(lambda: receiver.tried > 0)
        waiting = await studio.imagine("gated", webhook_url=receiver.url)
    receiver.always = None
    async with studio_in(tmp_path, key=key, webhook_origins=(receiver.origin,)) as studio:
        studio.open_gate()
        await until(lambda: {event["job_id"] for event in receiver.events} == {told_of, waiting})
    assert verify(receiver.bodies[0], receiver.headers[0]["x-midjourney-signature"], key.webhook_secret)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x", "http://localhost:9/x", "http://[::1]:9/", "http://10.0.0.1/"]
)
async def test_a_plainly_private_address_is_refused_at_once_and_the_setting_is_named(
    tmp_path: Path, address: str
) -> None:
    async with studio_in(tmp_path, webhook_origins=("http://127.0.0.1:8",)) as studio:
        answer = await studio.http.post("/v1/imagine", json={"prompt": "a bird", "webhook_url": address})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_webhook_url")
        assert "IMAGINEBOT_WEBHOOK_ORIGINS" in answer.json()["message"]
        await studio.imagine("gated", webhook_url="http://127.0.0.1:8/x")


async def test_an_address_that_turns_out_to_be_private_is_given_up_and_the_setting_is_named(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        key = studio.key
        await studio.imagine("gated", webhook_url=receiver.url)
    async with studio_in(tmp_path, key=key) as studio:
        studio.open_gate()
        await until_async(lambda: _settled(studio))
        ((_, state, problem),) = await states(studio)
    assert (state, "IMAGINEBOT_WEBHOOK_ORIGINS" in problem, receiver.tried) == ("failed", True, 0)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://hooks.invalid/x", "there is no such name"),
        ("http://127.0.0.1:9/x", "there is no connection to be had"),
    ],
)
async def test_what_keeps_an_event_from_arriving_is_told_in_words(tmp_path: Path, url: str, said: str) -> None:
    async with studio_in(tmp_path, webhook_origins=("http://127.0.0.1:9",)) as studio:
        await studio.ended(await studio.imagine(webhook_url=url))
        await until_async(lambda: _tried(studio))
        ((_, _, problem),) = await states(studio)
    assert problem == said


async def test_a_redirect_is_not_followed_inward(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answers = [f"{receiver.origin}/inside"] * 3
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        await studio.imagine(webhook_url=receiver.url)
        await until(lambda: len(receiver.events) == 1)
    assert (receiver.inside, receiver.tried) == (0, 4)


async def test_what_is_gone_is_given_up_and_what_was_given_up_can_be_replayed(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [410]
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        job_id = await studio.imagine(webhook_url=receiver.url)
        await studio.ended(job_id)
        await until_async(lambda: _settled(studio))
        assert await states(studio) == [("job.completed", "failed", "410")]
        (row,) = await carry_out(studio.app.settings, "list_webhooks", {"state": "failed"})
        assert (row["job_id"], row["problem"]) == (job_id, "410")
        assert await carry_out(studio.app.settings, "replay_webhooks", {"event_id": row["id"]}) == 1
        await until(lambda: told(receiver, job_id) == ["job.completed"])
        assert receiver.headers[0]["webhook-id"] == row["id"]
        with pytest.raises(InvalidCommand, match="no event"):
            await carry_out(studio.app.settings, "replay_webhooks", {"event_id": "x"})
        assert await carry_out(studio.app.settings, "replay_webhooks", {}) == 0


async def test_after_a_day_an_event_is_given_up(tmp_path: Path, receiver: Receiver) -> None:
    receiver.always = 500
    hasty = replace(IMPATIENT, give_up_after=timedelta(seconds=0.2))
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,), notifier=hasty) as studio:
        await studio.ended(await studio.imagine(webhook_url=receiver.url))
        await until_async(lambda: _settled(studio))
        assert await states(studio) == [("job.completed", "failed", "500")]
        assert receiver.tried > 1


async def test_a_revoked_keys_webhooks_are_not_sent(tmp_path: Path, receiver: Receiver) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        await studio.imagine("gated", webhook_url=receiver.url)
        await studio.app.keys.revoke("suite")
        studio.open_gate()
        await until_async(lambda: _failed(studio))
        assert receiver.tried == 0


async def test_two_programs_hear_of_the_same_upscale(tmp_path: Path, receiver: Receiver) -> None:
    async with studio_in(tmp_path, webhook_origins=(receiver.origin,)) as studio:
        parent = await studio.imagine()
        await studio.ended(parent)
        body = {"job_id": parent, "index": 1, "webhook_url": receiver.url}
        first = (await studio.http.post("/v1/upscale", json=body)).json()
        await studio.ended(first["data"]["job_id"])
        other = await studio.app.keys.create("other")
        async with studio.client(other.key) as http:
            second = (await http.post("/v1/upscale", json=body)).json()
        assert first["data"] == second["data"]
        await until(lambda: len(receiver.events) == 2)
    secrets = (studio.key.webhook_secret, other.webhook_secret)
    for body_sent, headers, secret in zip(receiver.bodies, receiver.headers, secrets, strict=True):
        assert verify(body_sent, headers["x-midjourney-signature"], secret)


@pytest.mark.parametrize("prompt", ["a lighthouse", "gated"])
async def test_two_parts_of_one_program_hear_of_the_same_job_at_their_own_addresses(
    tmp_path: Path, receiver: Receiver, prompt: str
) -> None:
    async with receiving() as other, studio_in(tmp_path, webhook_origins=(receiver.origin, other.origin)) as studio:
        job_id = await upscale_twice(studio, prompt, receiver.url, other.url)
        await until(lambda: told(receiver, job_id) == told(other, job_id) == ["job.completed"])
        await until_async(lambda: _settled(studio))
        assert (await studio.http.get(f"/v1/jobs/{job_id}")).json()["webhook_url"] == receiver.url
        assert await studio.rows("SELECT * FROM webhook_further_subscriptions") == []
    assert other.headers[0]["webhook-id"] != receiver.headers[0]["webhook-id"]
    assert verify(other.bodies[0], other.headers[0]["x-midjourney-signature"], studio.key.webhook_secret)


async def test_an_address_that_is_dead_keeps_no_other_of_the_same_job_waiting(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.always = 503
    async with receiving() as other, studio_in(tmp_path, webhook_origins=(receiver.origin, other.origin)) as studio:
        job_id = await upscale_twice(studio, "gated", receiver.url, other.url)
        await until(lambda: told(other, job_id) == ["job.completed"])


async def test_a_further_address_hears_of_progress_in_order_and_once_more_where_it_asks_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with receiving() as other, studio_in(tmp_path, webhook_origins=(receiver.origin, other.origin)) as studio:
        job_id = await upscale_twice(studio, "gated", receiver.url, other.url, webhook_type="progress")
        await until(lambda: "job.completed" in told(other, job_id))
        names = told(other, job_id)
        assert names == ["job.progress"] * (len(names) - 1) + ["job.completed"]
        parent = (await studio.http.get(f"/v1/jobs/{job_id}")).json()["parent_job_id"]
        await studio.http.post("/v1/upscale", json={"job_id": parent, "index": 1, "webhook_url": other.url})
        await until(lambda: told(other, job_id) == [*names, "job.completed"])


async def upscale_twice(studio: Studio, prompt: str, first: str, second: str, **fields: str) -> str:
    """Ask for an upscale with two addresses, one after the other, and give its id; a gated one is let go then."""
    parent = await studio.imagine(prompt)
    if prompt == "gated":
        studio.open_gate()
    await studio.ended(parent)
    (studio.folder / "gate").unlink(missing_ok=True)
    body = {"job_id": parent, "index": 1, **fields}
    one, other = [
        (await studio.http.post("/v1/upscale", json={**body, "webhook_url": url})).json() for url in (first, second)
    ]
    assert one["data"] == other["data"]
    studio.open_gate()
    job_id: str = one["data"]["job_id"]
    return job_id


async def _settled(studio: Studio) -> bool:
    return _all_are(await studio.rows("SELECT state FROM webhook_deliveries"), {"delivered", "failed"})


async def _tried(studio: Studio) -> bool:
    return _all_are(await studio.rows("SELECT attempts > 0 FROM webhook_deliveries"), {True})


async def _failed(studio: Studio) -> bool:
    return _all_are(await studio.rows("SELECT state FROM webhook_deliveries"), {"failed"})


async def _paused(studio: Studio) -> bool:
    rows = await studio.rows("SELECT failures FROM webhook_endpoints")
    return any(failures >= 2 for (failures,) in rows)


def _all_are(rows: Sequence[tuple[Any, ...]], wanted: set[Any]) -> bool:
    return bool(rows) and {state for (state,) in rows} <= wanted
