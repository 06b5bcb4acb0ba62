"""Commands, presses, webhooks, polls, failures, crashes and restarts in any order, on a clock that a test sets."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.errors import (
    AlreadyEnded,
    InvalidPicture,
    NotAllowed,
    NotReady,
    PlatformUnavailable,
    QuotaExceeded,
    StorageUnavailable,
    UpstreamUnavailable,
)
from bot.jobs.circuit import Circuit
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, Job, JobFilter, JobStatus, JobType, Post
from bot.jobs.settler import Patience
from bot.jobs.submitter import Submitter, SubmitterSettings
from bot.jobs.upstream import WEBHOOK_PATH, Addresses
from bot.jobs.view import JobView
from bot.midjourney.schema import ListQuery
from bot.storage.blobs import BlobNotFound
from tests.bot.jobs.studio import BASE, STEADY, Chat, Person, Studio, World
from tests.fakes.image_service import Fault, SettableClock

REFUSALS = (AlreadyEnded, NotAllowed, NotReady, QuotaExceeded)
ROUNDS = 60
"""Rounds of all loops within which everything has to come to rest."""

PICK = st.integers(min_value=0, max_value=10**6)
"""Chooses among whatever there is."""


class CrashedError(BaseException):
    """The process ended here."""


class FragileChat(Chat):
    """A chat that can also end the process once it shows what it was given."""

    crash_after = False

    async def post(self, post: Post, view: JobView) -> str:
        """Make a message."""
        reference = await super().post(post, view)
        self._perhaps_crash()
        return reference

    async def edit(self, post: Post, view: JobView) -> None:
        """Change a message."""
        await super().edit(post, view)
        self._perhaps_crash()

    def _perhaps_crash(self) -> None:
        if self.crash_after:
            self.crash_after = False
            raise CrashedError


FAULTS = {
    "none": None,
    "crash before it arrives": lambda: Fault(error=CrashedError()),
    "crash after it arrived": lambda: Fault(error=CrashedError(), arrives=True),
    "answer lost": lambda: Fault(error=UpstreamUnavailable(), arrives=True),
    "request lost, perhaps": lambda: Fault(error=UpstreamUnavailable()),
    "refused for now": lambda: Fault(error=UpstreamUnavailable(retry_after=3.0, may_have_arrived=False)),
}
OPERATIONS = ("imagine", "upscale", "variations", "describe")
MAY_TURN_UP = ("crash before it arrives", "request lost, perhaps")
"""Faults after which the request may still turn up at the service."""

ELSEWHERE = "https://their.test/1.png"
"""Where a picture is that somebody names."""


class ServiceMachine(RuleBasedStateMachine):
    """One studio over many lives."""

    def __init__(self) -> None:
        """Begin with an empty folder."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = SettableClock()
        self.world = World(Path(self.folder.name), self.clock)
        self.world.chat = FragileChat()
        self.people = [Person("Anna"), Person("Ben")]
        self.keys: dict[tuple[int, str], tuple[str, ...]] = {}
        self.ended: dict[str, tuple[JobStatus, Any]] = {}
        self.progress: Counter[str] = Counter()
        self.bodies: list[tuple[str, bytes]] = []
        self.answers: list[JobView] = []
        self.on_their_way: list[tuple[str, Any, datetime]] = []
        self.storage_fails = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the studio."""
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        """Begin in the middle: two jobs are asked for."""
        self.run(self._start())
        for who in (0, 1):
            self._imagine((who, f"imagine-{who}"), "a barn")

    async def _start(self) -> None:
        self.life = AsyncExitStack()
        self.studio: Studio = await self.life.enter_async_context(self.world.studio())
        self.circuit = circuit = Circuit(self.world.api)
        self.studio.submitter = Submitter(
            self.studio.store,
            circuit,
            self.studio.blobs,
            self.studio.bells,
            Addresses(lambda: BASE),
            settings=SubmitterSettings(backoff=STEADY),
            service_answers=lambda: circuit.passes,
        )
        circuit.on_change(self._listen)
        circuit.on_change(self.studio.submitter.on_service_change)
        await self.studio.tracker.apply_kept_events()

    async def _listen(self) -> None:
        if self.storage_fails:
            raise StorageUnavailable("The database is held by another program.")

    async def _restart(self) -> None:
        # What a process knew is gone; what was not committed is undone.
        self.answers.clear()
        await self.life.aclose()
        await self._start()

    async def _live(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something that the process may not survive."""
        try:
            try:
                await work
            except* CrashedError:
                await self._restart()
        finally:
            self.world.chat.trouble.clear()
            self.world.api._faults.clear()
            self.world.chat.crash_after = False  # type: ignore[attr-defined]  # it is the fragile one

    # What people do

    @rule(who=st.sampled_from((0, 1)), repeat=st.booleans(), pick=PICK, several=st.booleans(), answers=st.booleans())
    def imagine(self, who: int, repeat: bool, pick: int, several: bool, answers: bool) -> None:
        known = [key for key in self.keys if key[0] == who and key[1].startswith("imagine")]
        key = known[pick % len(known)] if repeat and known else (who, f"imagine-{len(self.keys)}")
        text = "a {red,blue} barn" if several else "a barn"
        if answers and key not in self.keys:
            self.run(self._imagine_with_an_answer(key, text))
        else:
            self._imagine(key, text)

    async def _imagine_with_an_answer(self, key: tuple[int, str], text: str) -> None:
        """Let the post of the first job be the answer to the event: it is on the platform before we know of it."""
        source = replace(self.people[key[0]].does(key[1]), reply_within=timedelta(seconds=5))
        jobs = await self.studio.service.imagine(source, text)
        self._note(key, jobs)
        view = await self.studio.service.view(jobs[0].id)
        assert view.post_id is not None
        self.world.chat.messages[view.post_id] = view
        self.answers.append(view)

    @precondition(lambda self: self.answers)
    @rule(pick=PICK, known=st.booleans())
    def answer(self, pick: int, known: bool) -> None:
        # Early or late, or with nobody knowing whether it arrived.
        view = self.answers.pop(pick % len(self.answers))
        if known:
            self.run(self.studio.service.replied(view.job_id, f"message of {view.post_id}", view.revision))
        else:
            self.run(self.studio.service.not_replied(view.job_id))

    def _imagine(self, key: tuple[int, str], text: str) -> None:
        async def ask() -> None:
            self._note(key, await self.studio.service.imagine(self.people[key[0]].does(key[1]), text))

        self.run(ask())

    @rule(who=st.sampled_from((0, 1)), found=st.sampled_from(("at once", "later", "never")))
    def describe_what_is_elsewhere(self, who: int, found: str) -> None:
        if found != "at once":
            error = UpstreamUnavailable() if found == "later" else InvalidPicture("That is no picture.")
            self.world.gallery.shows.setdefault(ELSEWHERE, []).append(error)
        draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url=ELSEWHERE),))
        key = (who, f"describe-{len(self.keys)}")

        async def ask() -> None:
            self._note(key, (await self.studio.service.make(self.people[who].does(key[1]), draft),))

        self.run(ask())

    @precondition(lambda self: self._shown())
    @rule(who=st.sampled_from((0, 1)), pick=PICK, twice=st.booleans())
    def press(self, who: int, pick: int, twice: bool) -> None:
        shown = self._shown()
        button = shown[pick % len(shown)]
        key = (who, f"press-{len(self.keys)}-{pick}")

        async def ask() -> None:
            for _ in range(1 + twice):
                try:
                    pressed = await self.studio.service.press(self.people[who].does(key[1]), button)
                except REFUSALS:
                    return
                self._note(key, (pressed.job,))

        self.run(ask())

    def _note(self, key: tuple[int, str], jobs: tuple[Job, ...]) -> None:
        ids = tuple(job.id for job in jobs)
        assert self.keys.setdefault(key, ids) == ids

    def _shown(self) -> list[str]:
        return [button.id for view in self.world.chat.messages.values() for button in view.buttons]

    # What the loops do

    @rule(fault=st.sampled_from(("none", "none", *sorted(FAULTS))))
    def send(self, fault: str) -> None:
        make = FAULTS[fault]
        if make is not None:
            for operation in OPERATIONS:
                self.world.api.script(operation, make())
        before = len(self.world.api.calls)
        self.run(self._live(self._send_one()))
        if fault in MAY_TURN_UP:
            made = self.world.api.calls[before:]
            self.on_their_way += [(name, request, self.clock()) for name, request in made if name in OPERATIONS]

    async def _send_one(self) -> None:
        job = await self.studio.submitter._claim()
        if job is not None:
            await self.studio.submitter._submit(job)

    @rule(listed=st.sampled_from((True, True, False)), after=st.sampled_from((0.5, 3.0, 100.0)))
    def settle(self, listed: bool, after: float) -> None:
        self.clock.advance(after)
        if not listed:
            self.world.api.script("list_jobs", Fault(error=UpstreamUnavailable()))
        self.run(self._live(self.studio.submitter.settle()))

    @rule(back=st.sampled_from((True, True, False)), fails=st.booleans())
    def go_away(self, back: bool, fails: bool) -> None:
        self.run(self._live(self._go_away(back=back)))
        self.storage_fails = fails
        try:
            self.run(self.circuit.tell())
        except StorageUnavailable:
            assert fails
        self.storage_fails = False

    async def _go_away(self, *, back: bool) -> None:
        while self.circuit.passes:
            self.world.api.script("list_jobs", Fault(error=UpstreamUnavailable()))
            with suppress(UpstreamUnavailable):
                await self.circuit.list_jobs(ListQuery(limit=1))
        if back:
            await self.circuit.probe()

    @rule(fault=st.sampled_from(sorted(FAULTS)))
    def carry_cancels(self, fault: str) -> None:
        make = FAULTS[fault]
        if make is not None:
            self.world.api.script("cancel", make())
        self.run(self._live(self.studio.submitter.carry_cancels()))

    @rule(answered=st.sampled_from((True, True, False)), after=st.sampled_from((0.5, 3.0, 30.0)))
    def poll(self, answered: bool, after: float) -> None:
        self.clock.advance(after)
        if not answered:
            for operation in ("list_jobs", "get_job"):
                self.world.api.script(operation, Fault(error=UpstreamUnavailable()))
        self.run(self._live(self.studio.tracker.poll()))

    @rule()
    def collect(self) -> None:
        self.run(self._live(self.studio.collector.collect()))

    @rule(
        trouble=st.sampled_from(("none", "none", "away", "crash before", "crash after")),
        after=st.sampled_from((0.0, 3.0, 130.0)),
    )
    def publish(self, trouble: str, after: float) -> None:
        self.clock.advance(after)
        chat = self.world.chat
        if trouble == "away":
            chat.trouble.append(PlatformUnavailable("The platform is away."))
        if trouble == "crash before":
            chat.trouble.append(CrashedError())  # type: ignore[arg-type]  # not an error, an end
        chat.crash_after = trouble == "crash after"  # type: ignore[attr-defined]  # it is the fragile one
        self.run(self._live(self.studio.publish()))

    # What the world does

    @precondition(lambda self: self._unfinished())
    @rule(pick=PICK, end=st.sampled_from(("go on", "complete", "fail")), percent=st.integers(1, 99), tell=st.booleans())
    def they_work(self, pick: int, end: str, percent: int, tell: bool) -> None:
        unfinished = self._unfinished()
        job_id = unfinished[pick % len(unfinished)]
        if end == "go on":
            self.world.api.go_on(job_id, percent)
        elif end == "complete":
            self.world.api.complete(job_id)
        else:
            self.world.api.fail(job_id)
        address = self.world.api.jobs[job_id].webhook_url or ""
        for bare in (False, True):
            self.bodies.append((address.rpartition(WEBHOOK_PATH)[2], self.world.api.event(job_id, bare=bare)))
        if tell:
            self.run(self.studio.tracker.hear(*self.bodies[-2]))

    @precondition(lambda self: self.on_their_way)
    @rule(looked_for=st.sampled_from((False, True, True)))
    def turn_up(self, looked_for: bool) -> None:
        # A request that nobody heard of any more, while somebody would still have waited for its answer.
        operation, request, sent_at = self.on_their_way.pop()
        if looked_for:
            self.settle(listed=True, after=3.0)
            self.send("none")
        if self.clock() - sent_at <= Patience().arrives_within:
            self.run(getattr(self.world.api, operation)(request))

    def _unfinished(self) -> list[Any]:
        return [job.id for job in self.world.api.jobs.values() if not job.status.ended]

    @precondition(lambda self: self.bodies)
    @rule(pick=PICK)
    def webhook(self, pick: int) -> None:
        # Any of those that were ever sent: late, again, or out of order.
        job_id, body = self.bodies[pick % len(self.bodies)]
        self.run(self.studio.tracker.hear(job_id, body))

    @rule()
    def crash(self) -> None:
        self.run(self._restart())

    # What holds at all times

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        addresses = Counter(job.webhook_url for job in self.world.api.jobs.values())
        assert not [address for address, count in addresses.items() if count > 1]

    @invariant()
    def an_end_is_final_and_progress_never_goes_back(self) -> None:
        for job in self.run(self._jobs()):
            assert job.progress >= self.progress[job.id]
            self.progress[job.id] = job.progress
            if job.id in self.ended or job.status.ended:
                assert self.ended.setdefault(job.id, (job.status, job.ended_at)) == (job.status, job.ended_at)

    @invariant()
    def nothing_acknowledged_is_lost_and_every_shown_button_is_there(self) -> None:
        self.run(self._look())

    async def _jobs(self) -> list[Job]:
        if not hasattr(self, "studio"):
            return []
        async with self.studio.store.unit() as unit:
            return await unit.list_jobs(JobFilter(), before=None, limit=10_000)

    async def _look(self) -> None:
        made = {job.id for job in await self._jobs()}
        assert {job_id for ids in self.keys.values() for job_id in ids} <= made
        async with AsyncExitStack() as stack:
            if self._shown():
                unit = await stack.enter_async_context(self.studio.store.unit())
                for button in self._shown():
                    assert (await unit.button(button)).job_id in made

    # What holds in the end

    def teardown(self) -> None:
        """Let the world be kind, and everything come to rest."""
        try:
            if hasattr(self, "studio"):
                self.run(self._come_to_rest())
                self.run(self._judge())
                self.run(self.life.aclose())
        finally:
            self.runner.close()
            self.folder.cleanup()

    async def _come_to_rest(self) -> None:
        await self._restart()
        for _ in range(ROUNDS):
            self.clock.advance(130)
            await self.circuit.probe()
            await self.circuit.tell()
            await self.studio.send()
            await self.studio.submitter.settle()
            await self.studio.submitter.carry_cancels()
            for job_id in self._unfinished():
                self.world.api.complete(job_id)
            await self.studio.tracker.poll()
            await self.studio.collector.collect()
            await self.studio.publish()
            if await self._at_rest():
                return
        raise AssertionError([(job.id, job.status, job.submission) for job in await self._jobs()])

    async def _at_rest(self) -> bool:
        behind = await self.studio.rows("SELECT 1 FROM posts WHERE shown_revision < wanted_revision")
        due = await self.studio.rows("SELECT 1 FROM pictures WHERE due_at IS NOT NULL")
        return not behind and not due and all(job.status.ended for job in await self._jobs())

    async def _judge(self) -> None:
        jobs = await self._jobs()
        tied = [job.upstream_id for job in jobs if job.upstream_id is not None]
        assert sorted(tied) == sorted(map(str, self.world.api.jobs))
        shown = {view.job_id: view for view in self.world.chat.messages.values()}
        assert len(shown) == len(self.world.chat.messages) == len(jobs)
        for job in jobs:
            view = shown[job.id]
            assert (view.status, view.revision) == (job.status, job.revision)
            assert view.buttons
            assert job.failure is None or job.failure.code != BlobNotFound.code  # sent before its input was there
            assert view.state != "Fetching the pictures"


@pytest.mark.timeout(420)  # where it fails, the shortest way there is looked for
def test_whatever_happens_each_job_ends_once_is_shown_once_and_is_sent_once() -> None:
    run_state_machine_as_test(
        ServiceMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
