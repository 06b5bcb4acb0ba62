"""Webhooks to programs: an outbox over the jobs that somebody wants to hear of.

A change of a job marks its subscriptions in the same unit of work. From there an event is written down, with what it
says, and then sent until it has arrived: in order by job, with backoff, for a day. An endpoint that keeps failing is
paused and then tried with one event at a time. Everything is a row first, so a restart loses nothing; an event can
arrive twice, and its id tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot import crash
from bot.clock import from_millis, to_millis
from bot.errors import InvalidCommand
from bot.jobs.handicap import Handicap
from bot.jobs.model import Picture
from bot.jobs.pace import Backoff
from bot.jobs.reporting import Address, contract_event, contract_job
from bot.keys import Keys
from bot.midjourney.schema import Job, WebhookType
from bot.midjourney.sending import Outcome, WebhookSender
from bot.midjourney.webhooks import SIGNATURE_HEADER, sign
from bot.storage.identifiers import new_id
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

EVENT_ID_HEADER = "Webhook-Id"
TIMESTAMP_HEADER = "Webhook-Timestamp"
"""Names of the Standard Webhooks specification; the timestamp is in seconds since 1970."""

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

TIDY_EVERY_S = 3600.0

FORGOTTEN_AT_A_TIME = 500
"""Rows of a kind that one unit of work throws away, so that commands have their turn in between."""

PROBLEM_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class NotifierSettings:
    """How webhooks are sent.

    So many ``at_once``, ``each`` of them to one endpoint; an endpoint that has failed ``pause_after`` times without an
    answer between is paused by ``pause``. ``private_origins`` ("http://127.0.0.1:9000") may be sent to although they
    are not on the public internet. Settled deliveries are kept for ``kept``.
    """

    at_once: int = 16
    each: int = 4
    time_limit: float = 10.0
    give_up_after: timedelta = timedelta(hours=24)
    kept: timedelta = timedelta(days=7)
    backoff: Backoff = field(default_factory=lambda: Backoff(first=2.0, last=1800.0))
    pause_after: int = 5
    pause: Backoff = field(default_factory=lambda: Backoff(first=30.0, last=1800.0))
    private_origins: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class _News:
    """What has been told by now of which revision of a job, and whether that is the job's end."""

    revision: int
    told: str
    last: bool


class Notifier:
    """The loop that tells programs."""

    def __init__(self, store: Store, keys: Keys, address: Address, *, settings: NotifierSettings) -> None:
        """``address`` gives the public address of a picture."""
        self._store = store
        self._keys = keys
        self._address = address
        self._settings = settings
        self._handicap = Handicap()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Write down events and send them until cancelled."""
        settings = self._settings
        sender = WebhookSender(
            trusted_origins=settings.private_origins, time_limit=settings.time_limit, at_once=settings.at_once
        )
        self._under_way.clear()
        async with sender, asyncio.TaskGroup() as group:
            group.create_task(self._tidy_loop(), name="tidy webhooks")
            while True:
                while await self.write_down():
                    pass
                await self._begin_due(group, sender)
                await self._store.hooks.wait(IDLE_S)

    # Events

    async def write_down(self) -> bool:
        """Turn changes of jobs into events to send, and say whether there may be more."""
        async with self._store.unit() as unit:
            stale = await unit.webhook_rows("stale_subscriptions", limit=50)
            for subscription in stale:
                news = await self._consider(unit, subscription)
                await unit.webhooks("mark_told", **_whose(subscription), told=news.told)
            further = await unit.webhook_rows("stale_further_subscriptions", limit=50)
            for subscription in further:
                await self._consider_further(unit, subscription)
        if stale or further:
            crash.point("notifier.written")
        return bool(stale or further)

    async def _consider_further(self, unit: Unit, subscription: Any) -> None:
        mine = _whose(subscription) | {"url": subscription["url"]}
        _, first = await unit.find_job_with_hook(subscription["job_id"], subscription["key_id"])
        if first is not None and first.url == subscription["url"]:
            # Code that knows no further addresses has put this one in the place of the first, where it is told.
            await unit.webhooks("end_further_subscription", **mine)
            return
        news = await self._consider(unit, subscription)
        if news.last:
            await unit.webhooks("end_further_subscription", **mine)
        else:
            await unit.webhooks("mark_further_told", **mine, revision=news.revision, told=news.told)

    async def _consider(self, unit: Unit, subscription: Any) -> _News:
        job = await unit.job(subscription["job_id"])
        pictures = await unit.pictures_of(job.id)
        now_told = contract_job(job, pictures, self._address)
        what = _gist(now_told, pictures)
        wanted = now_told.status.ended or subscription["type"] == WebhookType.PROGRESS
        # Waiting in the queue is where every job begins, so it is no news.
        if wanted and what != subscription["told"] and now_told.status != "pending":
            await self._write(unit, now_told, subscription)
        return _News(revision=job.revision, told=what if wanted else "", last=now_told.status.ended)

    async def _write(self, unit: Unit, job: Job, subscription: Any) -> None:
        event = contract_event(job, unit.now)
        delivery_id = new_id()
        mine = _whose(subscription) | {"url": subscription["url"]}
        await unit.webhooks(
            "insert_delivery",
            **mine,
            id=delivery_id,
            endpoint=endpoint_of(subscription["url"]),
            event=event.event.value,
            body=event.model_dump_json(exclude_none=True),
            now=to_millis(unit.now),
            give_up_at=to_millis(unit.now + self._settings.give_up_after),
        )
        # Progress that has not been sent is of no use once there is newer. What is being sent stays, as the newer
        # waits for it.
        for older in await unit.webhook_rows("waiting_progress", **mine, before=delivery_id):
            if older["id"] not in self._under_way:
                await unit.webhooks("drop_delivery", id=older["id"])

    # Deliveries

    async def _begin_due(self, group: asyncio.TaskGroup, sender: WebhookSender) -> None:
        room = self._settings.at_once - len(self._under_way)
        if room <= 0:
            return
        for delivery in await self._due(room):
            task = group.create_task(self._deliver(delivery, sender), name=f"webhook {delivery['id']}")
            self._under_way[delivery["id"]] = task

    async def _due(self, room: int) -> Sequence[Any]:
        async with self._store.unit() as unit:
            await unit.hold("deliveries")  # what an endpoint has at a time is counted over all processes
            due = await unit.webhook_rows(
                "due_deliveries",
                now=to_millis(unit.now),
                pause_after=self._settings.pause_after,
                each=self._settings.each,
                # What is left to others at first must not hide what is not.
                limit=self._settings.at_once + len(self._under_way) + self._settings.each * len(self._handicap),
            )
            due_by = await self._handicap.due_by(unit)
            may = [each for each in due if each["due_since"] <= to_millis(due_by(each["endpoint"]))]
            taken = [delivery for delivery in may if delivery["id"] not in self._under_way][:room]
            await unit.take_deliveries(taken)
        return taken

    async def _deliver(self, delivery: Any, sender: WebhookSender) -> None:
        try:
            outcome = await self._send(delivery, sender)
            if outcome.problem is None:
                self._handicap.succeeded(delivery["endpoint"])
                crash.point("notifier.sent")
            else:
                self._handicap.failed(delivery["endpoint"])
                crash.point("notifier.unheard")
            await self._settle(delivery, outcome)
            crash.point("notifier.settled")
        except Exception:  # the row is still there, and is tried again as if nothing had been sent
            log.exception("a webhook could not be settled", job=delivery["job_id"], event=delivery["id"])
            await asyncio.sleep(IDLE_S)
        finally:
            self._under_way.pop(delivery["id"], None)
            self._store.hooks.ring()

    async def _send(self, delivery: Any, sender: WebhookSender) -> Outcome:
        key = await self._keys.by_id(delivery["key_id"])
        if key is None:
            return Outcome(problem="the API key has been revoked", final=True)
        body = delivery["body"].encode()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: sign(body, key.webhook_secret),
            EVENT_ID_HEADER: delivery["id"],
            TIMESTAMP_HEADER: str(int(self._store.clock().timestamp())),
        }
        return await sender.send(delivery["url"], body, headers)

    async def _settle(self, delivery: Any, outcome: Outcome) -> None:
        async with self._store.unit() as unit:
            await unit.free_delivery(delivery["id"])
            if outcome.problem is None:
                await unit.webhooks("endpoint_answered", endpoint=delivery["endpoint"])
                await self._end(unit, delivery, "delivered", None)
                return
            if not outcome.final:
                await self._spare(unit, delivery["endpoint"])
            due_at = unit.now + self._settings.backoff.after(delivery["attempts"])
            if outcome.final or to_millis(due_at) > delivery["give_up_at"]:
                log.warning("a webhook is given up", job=delivery["job_id"], reason=outcome.problem)
                await self._end(unit, delivery, "failed", outcome.problem)
            else:
                problem = outcome.problem[:PROBLEM_LIMIT]
                await unit.webhooks("postpone_delivery", id=delivery["id"], due_at=to_millis(due_at), problem=problem)

    async def _end(self, unit: Unit, delivery: Any, state: str, problem: str | None) -> None:
        await unit.webhooks("settle_delivery", id=delivery["id"], state=state, now=to_millis(unit.now), problem=problem)

    async def _spare(self, unit: Unit, endpoint: str) -> None:
        """Count a failure of an endpoint, and pause it where there have been too many in a row."""
        failures = int(await unit.webhooks("endpoint_failures", endpoint=endpoint) or 0) + 1
        past = failures - self._settings.pause_after
        until = unit.now + self._settings.pause.after(past) if past >= 0 else unit.now
        if past == 0:
            log.warning("a webhook endpoint does not answer and is paused", endpoint=endpoint)
        await unit.webhooks("endpoint_failed", endpoint=endpoint, paused_until=to_millis(until))

    async def _tidy_loop(self) -> None:
        while True:
            while await self.forget():
                pass
            await asyncio.sleep(TIDY_EVERY_S)

    async def forget(self) -> bool:
        """Throw away what has been settled long since and keys that have expired; say whether there may be more."""
        async with self._store.unit() as unit:
            before = to_millis(unit.now - self._settings.kept)
            deliveries = await unit.webhooks("forget_deliveries", before=before, limit=FORGOTTEN_AT_A_TIME)
            keys = await unit.forget_keys(FORGOTTEN_AT_A_TIME)
        return max(int(deliveries), keys) >= FORGOTTEN_AT_A_TIME


class Webhooks:
    """What the admin sees of webhooks, and can do about them."""

    def __init__(self, store: Store) -> None:
        """Stand on the store."""
        self._store = store

    async def all(self, *, state: str | None, limit: int) -> list[dict[str, Any]]:
        """Give the newest deliveries, those in ``state`` (waiting, delivered, failed) where one is named."""
        async with self._store.unit() as unit:
            rows = await unit.webhook_rows("list_deliveries", state=state, limit=limit)
            return [_shown(row, unit.now) for row in rows]

    async def replay(self, event_id: str | None) -> int:
        """Send an event again, or every one that has failed; give how many that are.

        Raises:
            InvalidCommand: there is no such event.
        """
        async with self._store.unit() as unit:
            if event_id is None:
                wanted = await unit.webhook_rows("failed_deliveries")
            else:
                wanted = [row for row in [await unit.webhooks("get_delivery", id=event_id)] if row is not None]
                if not wanted:
                    raise InvalidCommand(f"There is no event {event_id}. imaginebot webhooks list shows them.")
            for row in wanted:
                give_up_at = to_millis(unit.now + NotifierSettings().give_up_after)
                await unit.webhooks("replay_delivery", id=row["id"], now=to_millis(unit.now), give_up_at=give_up_at)
                await unit.webhooks("endpoint_answered", endpoint=row["endpoint"])
            unit.awaited = True
        crash.point("notifier.replayed")
        return len(wanted)


def endpoint_of(url: str) -> str:
    """Give an address without its query, which may hold a secret and tells no endpoint from another."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _whose(subscription: Any) -> dict[str, str]:
    return {"job_id": subscription["job_id"], "key_id": subscription["key_id"]}


def _gist(job: Job, pictures: Sequence[Picture]) -> str:
    """Say in a word what an event about the job would say, to tell whether that is news."""
    if job.status.ended:
        return str(job.status)
    shown = [picture.digest for picture in pictures if picture.digest]
    return f"{job.status} {job.progress} {shown[-1] if shown else ''}"


def _shown(row: Any, now: datetime) -> dict[str, Any]:
    paused = row["paused_until"] is not None and from_millis(row["paused_until"]) > now
    return {
        "id": row["id"],
        "job_id": row["job_id"],
        "event": row["event"],
        "endpoint": row["endpoint"],
        "state": "paused" if paused and row["state"] == "waiting" else row["state"],
        "attempts": row["attempts"],
        "problem": row["problem"],
        "created_at": from_millis(row["created_at"]).isoformat(),
        "due_at": from_millis(row["due_at"]).isoformat(),
    }
