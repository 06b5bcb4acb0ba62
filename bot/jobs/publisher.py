"""Show jobs: an outbox over the posts that are behind their jobs.

Only the newest revision is sent, those of ended jobs first. A conversation is written to at a pace that its platform
bears; a platform that is down is tried again with backoff; a message or channel that is gone ends the post, not the
job. Creating a message is safe to repeat by the adapter's own means, editing by nature. A message that hangs keeps one
place of many, and a channel that hangs some of them, so that all others go on.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

import structlog
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.errors import PlatformBusy, PlatformUnavailable, PostGone
from bot.jobs.adapter import Adapter
from bot.jobs.bells import Bell, Bells
from bot.jobs.handicap import Handicap
from bot.jobs.model import Conversation, Post
from bot.jobs.pace import Backoff
from bot.jobs.slots import Slots
from bot.jobs.view import JobView
from bot.jobs.views import view_in
from bot.storage.connection import DatabaseUnavailable
from bot.storage.leases import Leases, OneProcess, need_lease
from bot.storage.store import Store
from bot.storage.unit.posts import TRIES_IN_ORDER

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

_LOOK_S = 0.002
"""Seconds that a look at the rows takes at the most, unless thousands of posts are due that have to wait for others."""

_RESTS = 20
_RESTS_AT_MOST_S = 0.2
"""A longer one is followed by no other for so many times as long, unless something has been sent meanwhile."""

_Lane: TypeAlias = Sequence[Post]
"""Posts that are sent one after the other."""


@dataclass(frozen=True, kw_only=True)
class PublisherSettings:
    """How posts are sent: so many at a time and platform, and how a platform in trouble is spared.

    No more than ``each`` are sent to one channel at a time. A platform that has not taken a post in ``answer_within``
    counts as out of reach, so that it holds up no others.
    """

    concurrency: int = 8
    each: int = 4
    answer_within: timedelta = timedelta(seconds=60)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, last=120.0))


class Publisher:
    """One loop for each adapter."""

    def __init__(
        self,
        store: Store,
        adapters: Sequence[Adapter],
        bells: Bells,
        *,
        settings: PublisherSettings,
        leases: Leases | None = None,
    ) -> None:
        """Show on every one of ``adapters``."""
        self._leases = leases or OneProcess()
        self._store = store
        self._adapters = adapters
        self._bells = bells
        self._settings = settings
        self._handicap = Handicap()
        self._own_bells = {adapter.name: Bell() for adapter in adapters}

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as loops:
            for adapter in self._adapters:
                loops.create_task(self._keep_up(adapter), name=f"publish to {adapter.name}")
            while True:
                await self._bells.publisher.wait(IDLE_S)
                for bell in self._own_bells.values():
                    bell.ring()

    async def flush(self, within: timedelta) -> None:
        """Send what is due, for so long at the most."""
        self._handicap.forget()  # where all are stopped, nobody comes later
        try:
            async with asyncio.timeout(within.total_seconds()), asyncio.TaskGroup() as rounds:
                for adapter in self._adapters:
                    rounds.create_task(self.publish(adapter))
        except Exception:  # a stop goes on whatever happens; the next start does what is left
            log.exception("not every post could be brought up to date before the stop")

    async def publish(self, adapter: Adapter) -> None:
        """Send every post of a platform that is due, until none is."""
        await self._keep_up(adapter, until_none_is_due=True)

    async def _keep_up(self, adapter: Adapter, *, until_none_is_due: bool = False) -> None:
        bell = self._own_bells[adapter.name]
        async with asyncio.TaskGroup() as group:
            lanes: Slots[_Lane] = Slots(group, bell, self._settings.concurrency)
            while True:
                lanes.ended.hush()
                wait, took = await self._begin_due(adapter, lanes)
                looked_at = time.monotonic()
                if until_none_is_due and not lanes.under_way:
                    return
                await bell.wait(wait)
                if took > _LOOK_S and (rest := looked_at + min(_RESTS * took, _RESTS_AT_MOST_S) - time.monotonic()) > 0:
                    await lanes.ended.wait(rest)

    async def _begin_due(self, adapter: Adapter, lanes: Slots[_Lane]) -> tuple[float, float]:
        """Begin to send what is due, as far as there is room.

        Give the seconds until there is more to be done, and those that the last look at the rows took.
        """
        wait, took, left_out = IDLE_S, 0.0, True
        while lanes.room and left_out:
            async with self._store.claiming() as unit:
                due_by = (await self._handicap.due_by(unit))(adapter.name)
                began = time.monotonic()
                due = await unit.due_posts(adapter.name, lanes.room, due_by=due_by, **self._kept_back(lanes.under_way))
                begun = self._parted(due, lanes.under_way)
                await unit.take_posts([post for lane in begun for post in lane])
                soonest = await unit.next_post_due_at(adapter.name)
                if not unit.shared:  # where it is, the time says more of the others and of the network
                    took = time.monotonic() - began
                wait = IDLE_S if soonest is None else min(IDLE_S, max(0.05, (soonest - unit.now).total_seconds()))
            left_out = 0 < sum(map(len, begun)) < len(due)  # which gives room to other channels
            for lane in begun:
                lanes.begin(lane, self._send_in_turn(adapter, lane), name=f"post {lane[0].job_id}")
        return wait, took

    def _kept_back(self, under_way: Sequence[_Lane]) -> dict[str, set[Any]]:
        """Say what is not to be sent now: what is being sent, what comes after that, and channels that have their share."""
        channels = Counter(_channel_of(lane) for lane in under_way)
        return {
            "posts": {post.id for lane in under_way for post in lane},
            "conversations": {lane[0].conversation for lane in under_way if lane[0].reference is None},
            "channels": {channel for channel, count in channels.items() if count >= self._settings.each},
        }

    def _parted(self, posts: Sequence[Post], under_way: Sequence[_Lane]) -> list[_Lane]:
        """Part posts into what is sent at the same time, and leave out what is more than the share of its channel."""
        channels = Counter(_channel_of(lane) for lane in under_way)
        begun = []
        for lane in _lanes(posts):
            channel = _channel_of(lane)
            if channels[channel] < self._settings.each:
                channels[channel] += 1
                begun.append(lane)
        return begun

    async def _send_in_turn(self, adapter: Adapter, lane: _Lane) -> None:
        for place, post in enumerate(lane, start=1):
            with bound_contextvars(job=post.job_id):
                in_order = await self._send(adapter, post)
            if not in_order:
                async with self._store.unit() as unit:
                    await unit.leave_posts(lane[place:])
                return

    async def _send(self, adapter: Adapter, post: Post) -> bool:
        """Send a post, or see to it that it is tried again, and say whether those after it may follow."""
        ended = False
        try:
            async with self._store.reading() as unit:
                view = await view_in(unit, await unit.job(post.job_id))
            ended = view.ended_at is not None
            await self._show(adapter, post, view)
        except DatabaseUnavailable:
            raise  # this is about no post: all of it is begun again
        except PostGone as error:
            log.warning("a post is gone", job=post.job_id, platform=adapter.name, reason=str(error))
            async with self._store.unit() as unit:
                await unit.close_post(post.id)
        except PlatformBusy as error:
            async with self._store.unit() as unit:
                due_at = unit.now + timedelta(seconds=error.retry_after or IDLE_S)
                await unit.hold_post(post.id, due_at, ended=ended)
            return False
        except PlatformUnavailable as error:
            log.warning("a post has to wait", job=post.job_id, platform=adapter.name, reason=str(error))
            self._handicap.failed(adapter.name)
            await self._put_off(post, error.retry_after, in_order=True)
            return False
        except TimeoutError:
            log.warning("a post has to wait", job=post.job_id, platform=adapter.name, reason="no answer")
            self._handicap.failed(adapter.name)
            await self._put_off(post, None, in_order=False)
        except Exception:  # one post that breaks something must not hold up the others
            log.exception("showing a job went wrong", job=post.job_id, platform=adapter.name)
            await self._put_off(post, None, in_order=False)
        else:
            self._handicap.succeeded(adapter.name)
            await self._record(adapter, post, view)
        return True

    async def _show(self, adapter: Adapter, post: Post, view: JobView) -> None:
        async with asyncio.timeout(self._settings.answer_within.total_seconds()):
            if post.reference is not None:
                await adapter.edit(post, view)
                crash.point("publisher.edited")
                return
            crash.point("publisher.before_post")
            need_lease(self._leases)
            reference = await adapter.post(post, view)
            crash.point("publisher.posted")
        async with self._store.unit() as unit:
            await unit.set_post_reference(post.id, reference)
        crash.point("publisher.referenced")

    async def _record(self, adapter: Adapter, post: Post, view: JobView) -> None:
        async with self._store.unit() as unit:
            next_at = unit.now + adapter.edit_interval
            await unit.set_post_shown(post.id, view.revision, next_at=next_at, its_end=view.settled)
            now = unit.now
        crash.point("publisher.recorded")
        if view.ended_at is not None:
            self._store.metrics.end_shown(view.job_id, view.ended_at, now)

    async def _put_off(self, post: Post, retry_after: float | None, *, in_order: bool) -> None:
        self._store.metrics.count(self._store.metrics.retries, "post")
        is_new = post.reference is None
        # A new message that nobody waits for any more begins anew.
        tries = post.attempts - TRIES_IN_ORDER if is_new and post.attempts > TRIES_IN_ORDER else post.attempts
        async with self._store.unit() as unit:
            due_at = unit.now + self._settings.backoff.after(tries, at_least=retry_after)
            await unit.put_post_off(post.id, due_at, in_order=in_order or not is_new)


def _channel_of(lane: _Lane) -> tuple[str, str]:
    return lane[0].conversation.workspace, lane[0].conversation.channel


def _lanes(posts: Sequence[Post]) -> list[_Lane]:
    """Part posts into those that may be sent at the same time: new messages of a conversation keep their order.

    One that has to wait ends its lane, and those after it wait for it, for a moment (see ``due_posts``). One that hangs or
    breaks something does not: it has held them up for long enough, or is not the platform's trouble.
    """
    lanes: list[list[Post]] = []
    new: dict[Conversation, list[Post]] = {}
    for post in posts:
        lane = [post] if post.reference is not None else new.setdefault(post.conversation, [])
        if post.reference is None:
            lane.append(post)
        if len(lane) == 1:
            lanes.append(lane)
    return [sorted(lane, key=lambda post: post.id) for lane in lanes]
