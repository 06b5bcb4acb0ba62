"""What is counted: each thing once, when it is certain, and for this machine alone to see."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.errors import PlatformUnavailable, UpstreamUnavailable
from bot.jobs.model import Job, JobStatus, JobType
from bot.metrics import Metrics
from tests.bot.jobs.studio import Person, Studio, World
from tests.bot.test_http import SECRET, client_of, deliver, digest
from tests.fakes.image_service import Fault, SettableClock

ANNA = Person("Anna")


def values(text: str | bytes) -> dict[tuple[str, ...], float]:
    """Give every sample by its name without the prefix and the values of its labels."""
    text = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name.removeprefix("imaginebot_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def seen(studio: Studio) -> dict[tuple[str, ...], float]:
    async with client_of(studio) as client:
        answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/plain")
    return values(answer.text)


@pytest.fixture
def world(tmp_path: Path, clock: SettableClock) -> World:
    """What outlives a process."""
    return World(tmp_path, clock)


def test_every_type_and_outcome_of_a_job_is_there_before_the_first() -> None:
    counted = values(Metrics().exposition())
    for kind in JobType:
        assert counted["jobs_accepted_total", kind] == counted["jobs_submitted_total", kind] == 0
        for status in JobStatus:
            assert (("jobs_finished_total", status, kind) in counted) is status.ended


async def test_a_job_is_counted_at_each_step_of_its_life(world: World) -> None:
    async with world.studio() as studio:
        (job,) = await studio.service.imagine(ANNA.does("once"), "a bird")
        await studio.service.imagine(ANNA.does("once"), "a bird")  # the same event again
        await studio.done(job)
        await studio.publish()
        (cancelled,) = await studio.service.imagine(ANNA.does(), "a cat")
        await studio.service.cancel(ANNA.does(), cancelled.id)
        found = await seen(studio)
        assert found["jobs_accepted_total", "imagine"] == 2
        assert found["jobs_submitted_total", "imagine"] == 1
        assert found["jobs_finished_total", "completed", "imagine"] == 1
        assert found["jobs_finished_total", "cancelled", "imagine"] == 1
        assert found["end_to_shown_seconds_count",] == 1
        assert found["acknowledge_seconds_count",] == 4
        assert found["jobs_in_flight",] == 0


async def test_what_was_undone_is_not_counted(world: World) -> None:
    async with world.studio() as studio:

        async def fail() -> None:
            async with studio.store.unit() as unit:
                (job,) = await_jobs
                await unit.add_job(job.evolve(id="another", upstream_id=None))
                raise RuntimeError

        await_jobs: tuple[Job, ...] = await studio.service.imagine(ANNA.does(), "a bird")
        with pytest.raises(RuntimeError):
            await fail()
        assert (await seen(studio))["jobs_accepted_total", "imagine"] == 1


async def test_what_waits_is_measured_by_number_and_age(world: World) -> None:
    async with world.studio() as studio:
        await studio.service.imagine(ANNA.does(), "a bird")
        studio.clock.advance(30)
        await studio.service.imagine(ANNA.does(), "a cat")
        studio.clock.advance(12)
        found = await seen(studio)
        assert (found["queue_jobs",], found["queue_oldest_seconds",]) == (2, 42)
        assert (found["outbox_posts",], found["outbox_lag_seconds",]) == (2, 42)
        await studio.send()
        await studio.publish()
        found = await seen(studio)
        assert (found["queue_jobs",], found["queue_oldest_seconds",], found["jobs_in_flight",]) == (0, 0, 2)
        assert (found["outbox_posts",], found["outbox_lag_seconds",]) == (0, 0)


async def test_what_is_tried_again_and_the_circuit_are_seen(world: World) -> None:
    async with world.studio() as studio:
        world.api.script("imagine", Fault(error=UpstreamUnavailable(may_have_arrived=False)))
        world.chat.trouble.append(PlatformUnavailable("down"))
        await studio.service.imagine(ANNA.does(), "a bird")
        await studio.send()
        await studio.publish()
        found = await seen(studio)
        assert (found["retries_total", "submit"], found["retries_total", "post"]) == (1, 1)
        assert found["retries_total", "picture"] == 0
        assert [found["circuit_state", state] for state in ("closed", "open", "unauthorized")] == [1, 0, 0]


async def test_webhooks_are_counted_by_their_verdict(world: World) -> None:
    async with world.studio() as studio, client_of(studio) as client:
        (job,) = await studio.service.imagine(ANNA.does(), "a bird")
        await studio.send()
        body = studio.api.event(studio.api.only.id)
        signature = digest(body, SECRET).hex()
        await deliver(client, job.id, body, signature)
        await deliver(client, "0190", body, signature)
        await deliver(client, job.id, body, "no")
        await deliver(client, job.id, b"{}", digest(b"{}", SECRET).hex())
        found = await seen(studio)
        verdicts = ("taken", "unknown_job", "bad_signature", "invalid", "too_large", "busy")
        assert [found["webhooks_total", verdict] for verdict in verdicts] == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize(("address", "headers"), [("192.0.2.7", {}), ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"})])
async def test_only_this_machine_sees_the_metrics(world: World, address: str, headers: dict[str, str]) -> None:
    async with world.studio() as studio, client_of(studio) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # the transport over an application has one
        transport = httpx.ASGITransport(app, client=(address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as stranger:
            assert (await stranger.get("/metrics", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("10.1.2.3", {}, 200),
        ("fd00::7", {}, 200),
        ("127.0.0.1", {}, 200),
        ("10.2.0.1", {}, 404),
        ("10.1.2.3", {"x-forwarded-for": "203.0.113.7"}, 404),
        ("a unix socket", {}, 404),
    ],
)
async def test_the_readers_that_are_named_see_the_metrics_too(
    world: World, address: str, headers: dict[str, str], status: int
) -> None:
    async with world.studio() as studio, client_of(studio, metrics_readers=("10.1.0.0/16", "fd00::/8")) as client:
        app = client._transport.app  # type: ignore[attr-defined]  # the transport over an application has one
        transport = httpx.ASGITransport(app, client=(address, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://studio.test") as reader:
            assert (await reader.get("/metrics", headers=headers)).status_code == status


def test_two_programs_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.retries.labels("post").inc()
    assert values(one.exposition())["retries_total", "post"] == 1
    assert values(other.exposition())["retries_total", "post"] == 0


def test_the_first_showing_of_an_end_counts_and_its_memory_is_bounded(
    clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.metrics._REMEMBERED", 3)
    metrics = Metrics()
    for job in ("a", "a", "b", "c", "d"):
        metrics.end_shown(job, clock(), clock())
    assert values(metrics.exposition())["end_to_shown_seconds_count",] == 4
    assert len(metrics._ends_shown) == 3
