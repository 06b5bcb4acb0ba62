"""Fair order: whoever asks for much does not keep the others waiting."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs import changes
from bot.jobs.model import Submission
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock


async def claim(studio: Studio) -> str | None:
    """Take the next job as the submitter does, end it, and say whose it was."""
    job = await studio.submitter._claim()
    if job is None:
        return None
    async with studio.store.unit() as unit:
        await changes.fail(unit, await unit.job(job.id), "x", "x")
    return job.requester.name


async def test_one_job_comes_next_though_another_member_has_queued_a_hundred(
    world: World, anna: Person, ben: Person
) -> None:
    async with world.studio(concurrency=3) as studio:
        for _ in range(10):
            await studio.service.imagine(anna.does(), "a bird --repeat 10")
        await studio.send()
        (job,) = await studio.service.imagine(ben.does(), "a bird")
        assert (await studio.service.view(job.id)).state == "Next in the queue"
        studio.api.complete(next(iter(studio.api.jobs)))
        studio.clock.advance(5)
        await studio.tracker.poll()
        await studio.send()
        assert (await studio.service.get(job.id)).submission is Submission.SENT


async def test_a_job_in_another_mode_costs_nobody_their_turn(world: World, anna: Person, ben: Person) -> None:
    async with world.studio(concurrency=1) as studio:
        await studio.service.imagine(anna.does(), "a bird --repeat 9")
        await studio.service.imagine(anna.does(), "a bird --turbo")
        await studio.send()  # the turbo one is under way
        (job,) = await studio.service.imagine(ben.does(), "a bird")
        assert (await studio.service.view(job.id)).state == "Waiting, 2nd in the queue"


@settings(max_examples=12)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), min_size=1, max_size=8), st.integers(0, 6))
def test_turns_are_taken_round_by_round(asked: list[tuple[str, int]], later: int) -> None:
    """All ask at first, then a newcomer after ``later`` turns: nobody is served twice while another waits."""

    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with World(Path(folder), SettableClock()).studio(concurrency=1) as studio:
                people = {name: Person(name) for name in "ABCN"}
                left: Counter[str] = Counter()
                for name, number in asked:
                    await studio.service.imagine(people[name].does(), "a bird" + f" --repeat {number}" * (number > 1))
                    left[name] += number
                served: list[str] = []
                total, came_at = sum(left.values()), 0
                for turn in range(total + 1):
                    if turn == min(later, total):
                        await studio.service.imagine(people["N"].does(), "a bird")
                        left["N"] += 1
                        came_at = len(served)
                    whose = await claim(studio)
                    assert whose is not None
                    served.append(whose)
                    left[whose] -= 1
                assert await claim(studio) is None
                assert not +left
                # The newcomer waits for at most one job of each of the others.
                assert served.index("N") - came_at <= len({name for name, _ in asked})
                _check_rounds(served[:came_at], asked)

    asyncio.run(play())


def _check_rounds(served: list[str], asked: list[tuple[str, int]]) -> None:
    wanted: Counter[str] = Counter()
    for name, number in asked:
        wanted[name] += number
    got: Counter[str] = Counter()
    for name in served:
        got[name] += 1
        for other, number in wanted.items():
            assert got[other] >= min(number, got[name] - 1)
