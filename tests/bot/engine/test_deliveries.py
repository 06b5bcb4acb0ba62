"""Webhooks as they arrive at a real receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bot.engine import Engine
from bot.midjourney.schema import ImagineRequest, JobStatus, WebhookEvent
from bot.midjourney.webhooks import verify
from tests.fakes.engines import ended, open_gate, reached, tiny_settings, until
from tests.fakes.hook_receiver import HookReceiver, hook_receiver

SECRET = "a-webhook-secret"


@pytest.fixture
async def receiver() -> AsyncIterator[HookReceiver]:
    async with hook_receiver() as running:
        yield running


def engine_for(receiver: HookReceiver, folder: Path, **changes: Any) -> Engine:
    origins = frozenset({receiver.origin})
    defaults = {"webhook_secret": SECRET, "webhook_origins": origins, "webhook_wait": 0.02}
    return Engine(tiny_settings(folder, **{**defaults, **changes}))


async def imagine(engine: Engine, receiver: HookReceiver, *, prompt: str = "x", kind: str = "result") -> UUID:
    fields = {"prompt": prompt, "webhook_url": receiver.url, "webhook_type": kind}
    return await engine.imagine(ImagineRequest.model_validate(fields))


async def all_settled(engine: Engine) -> None:
    while await engine._outbox.count():
        await until(lambda: True)


async def test_the_end_of_a_job_is_reported_once_and_signed(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path) as engine:
        job_id = await imagine(engine, receiver)
        job = await ended(engine, job_id)
        await receiver.received(1)
        await all_settled(engine)
    (body,) = receiver.bodies
    assert verify(body, receiver.signatures[0], SECRET)
    assert not verify(body + b" ", receiver.signatures[0], SECRET)
    event = WebhookEvent.model_validate_json(body)
    assert (event.event, event.job_id, event.status, event.progress) == ("job.completed", job_id, "completed", 100)
    assert event.result == job.result


async def test_without_a_secret_nothing_is_signed(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, webhook_secret="") as engine:
        await imagine(engine, receiver)
        await receiver.received(1)
    assert receiver.signatures == [None]


async def test_a_cancel_is_reported(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path) as engine:
        await engine.cancel(await imagine(engine, receiver, prompt="gated"))
        await receiver.received(1)
    assert receiver.names == ["job.cancelled"]


async def test_a_failure_is_reported_with_its_reason(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path) as engine:
        await imagine(engine, receiver, prompt="unreadable")
        await receiver.received(1)
    assert receiver.names == ["job.failed"]
    assert receiver.events[0]["error"]["code"] == "invalid_picture"


async def test_progress_is_reported_in_order_and_with_previews(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, latency=0.2) as engine:
        job_id = await imagine(engine, receiver, kind="progress")
        await ended(engine, job_id)
        await until(lambda: "job.completed" in receiver.names)
    progress = [event["progress"] for event in receiver.events]
    assert progress == sorted(progress)
    assert len(set(progress)) >= 4
    assert receiver.names == ["job.progress"] * (len(progress) - 1) + ["job.completed"]
    assert any(event.get("result") for event in receiver.events[:-1])


async def test_a_webhook_that_is_refused_is_sent_again(tmp_path: Path, receiver: HookReceiver) -> None:
    receiver.answers = [500, 302]
    async with engine_for(receiver, tmp_path) as engine:
        await imagine(engine, receiver)
        await receiver.received(3)
        await all_settled(engine)
    assert len(set(receiver.bodies)) == 1
    assert len(receiver.bodies) == 3


async def test_a_webhook_is_given_up_after_its_attempts(tmp_path: Path, receiver: HookReceiver) -> None:
    receiver.answers = [500] * 50
    async with engine_for(receiver, tmp_path, webhook_attempts=3) as engine:
        await ended(engine, await imagine(engine, receiver))
        await all_settled(engine)
    assert len(receiver.bodies) == 3


async def test_a_receiver_that_is_gone_for_good_is_believed(tmp_path: Path, receiver: HookReceiver) -> None:
    receiver.answers = [410]
    async with engine_for(receiver, tmp_path) as engine:
        await ended(engine, await imagine(engine, receiver))
        await all_settled(engine)
    assert len(receiver.bodies) == 1


async def test_a_webhook_survives_a_restart(tmp_path: Path, receiver: HookReceiver) -> None:
    receiver.answers = [503]
    async with engine_for(receiver, tmp_path, webhook_wait=0.5) as engine:
        await ended(engine, await imagine(engine, receiver))
        await receiver.received(1)
    async with engine_for(receiver, tmp_path):
        await receiver.received(2)
    assert receiver.bodies[0] == receiver.bodies[1]


async def test_a_program_that_listens_elsewhere_after_a_restart_gets_the_webhooks_of_what_it_asked_for_before(
    tmp_path: Path, receiver: HookReceiver
) -> None:
    before = HookReceiver(url="http://localhost:1/hook")
    async with engine_for(before, tmp_path, home=before.origin) as engine:
        job_id = await imagine(engine, before, prompt="gated")
    open_gate(engine.settings)
    async with engine_for(receiver, tmp_path, home=receiver.origin) as engine:
        await ended(engine, job_id)
        await receiver.received(1)
    assert receiver.names == ["job.completed"]


@pytest.mark.parametrize(
    ("home", "address", "now"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:8/a/b?c=d", "http://127.0.0.1:9/a/b?c=d"),
        ("http://127.0.0.1:9", "http://[::1]:8/a", "http://127.0.0.1:9/a"),
        ("http://10.0.0.2:9", "http://10.0.0.2:8/a", "http://10.0.0.2:9/a"),
        ("http://127.0.0.1:9", "http://10.0.0.2:8/a", "http://10.0.0.2:8/a"),
        ("http://127.0.0.1:9", "https://example.com/a", "https://example.com/a"),
        ("", "http://127.0.0.1:8/a", "http://127.0.0.1:8/a"),
    ],
)
def test_only_what_leads_to_this_machine_leads_home(tmp_path: Path, home: str, address: str, now: str) -> None:
    assert tiny_settings(tmp_path, home=home).as_of_now(address) == now


async def test_late_progress_is_dropped_where_something_newer_waits(tmp_path: Path, receiver: HookReceiver) -> None:
    receiver.answers = [500]
    async with engine_for(receiver, tmp_path, webhook_wait=0.5) as engine:
        job_id = await imagine(engine, receiver, kind="progress", prompt="slowly")
        await reached(engine, job_id, lambda job: job.result is not None)
        await receiver.received(1)
        open_gate(engine.settings)
        await ended(engine, job_id)
        await until(lambda: "job.completed" in receiver.names)
        await all_settled(engine)
    assert receiver.bodies.count(receiver.bodies[0]) == 1


async def test_a_private_address_gets_nothing(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, webhook_origins=frozenset(), webhook_attempts=1) as engine:
        job = await ended(engine, await imagine(engine, receiver))
        await all_settled(engine)
    assert job.status is JobStatus.COMPLETED
    assert receiver.bodies == []


async def test_webhooks_can_be_dropped(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, drop_webhooks=1.0) as engine:
        await ended(engine, await imagine(engine, receiver, kind="progress"))
        assert await engine._outbox.count() == 0
    assert receiver.bodies == []


async def test_webhooks_can_come_twice(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, duplicate_webhooks=1.0) as engine:
        await imagine(engine, receiver)
        await receiver.received(2)
        await all_settled(engine)
    assert receiver.names == ["job.completed", "job.completed"]


async def test_webhooks_can_overtake_each_other(tmp_path: Path, receiver: HookReceiver) -> None:
    async with engine_for(receiver, tmp_path, shuffle_webhooks=1.0, seed=1) as engine:
        await imagine(engine, receiver, kind="progress")
        await until(lambda: "job.completed" in receiver.names)
        await all_settled(engine)
    progress = [event["progress"] for event in receiver.events]
    assert progress != sorted(progress)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://[::1]:1/", "http://a..b/", f"http://{'a' * 70}.test/"],
)
async def test_an_address_that_leads_nowhere_harms_no_other(tmp_path: Path, receiver: HookReceiver, url: str) -> None:
    async with engine_for(receiver, tmp_path, webhook_attempts=1) as engine:
        lost = ImagineRequest.model_validate({"prompt": "x", "webhook_url": url})
        assert (await ended(engine, await engine.imagine(lost))).status is JobStatus.COMPLETED
        await imagine(engine, receiver)
        await receiver.received(1)
