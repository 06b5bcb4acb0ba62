"""Fetch the pictures of jobs, once, and keep them, so that nothing that we show depends on a link that expires.

Pictures that jobs start from are at addresses that anybody may name, so they have places of their own: however slow
they are, what the image service has made is fetched. Among each kind, as far as the look ahead goes, no site whose
pictures hang holds up those of another. What is tried again has half of the places at the most, of a site's and of all;
in that half each site has one ahead of what has not been tried.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import structlog
from structlog.contextvars import bound_contextvars

from bot import crash
from bot.clock import to_millis
from bot.errors import ImaginebotError, InvalidPicture, StorageUnavailable, UpstreamUnavailable
from bot.images import PictureFetcher, compose_grid, crop
from bot.jobs import changes
from bot.jobs.bells import Bell, Bells
from bot.jobs.drafts import KeptPicture
from bot.jobs.handicap import DueBy, Handicap
from bot.jobs.merge import DERIVED, report_of_job
from bot.jobs.model import GRID_TYPES, Job, Picture, PictureRole
from bot.jobs.pace import Backoff
from bot.jobs.shelf import PictureShelf
from bot.jobs.slots import Slots
from bot.midjourney.api import ImageApi
from bot.storage.store import Store, Unit

log = structlog.get_logger(__name__)

IDLE_S = 2.0
"""How often the loop looks at the rows by itself, in seconds."""

OUTRUN_S = 0.05
"""How soon it looks again where another process was quicker, which is through with its own look by then."""

LOOK_AHEAD = 200
"""How many of the pictures that are due are looked at, to find some of other sites behind those of one.

So many that have not been tried, and as many that have. A site with more than that due hides the others until then.
"""


@dataclass(frozen=True, kw_only=True)
class CollectorSettings:
    """How pictures are fetched: so many at a time from one site, each tried so often with backoff.

    Of pictures that jobs start from, ``inputs`` are fetched at a time beside them. ``spare`` is how many more of either
    kind are fetched from other sites.
    """

    concurrency: int = 6
    inputs: int = 6
    spare: int = 2
    attempts: int = 6
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.5, last=30.0))


class _NotYetError(Exception):
    """What a picture is made from is still being fetched."""


class Collector:
    """The loop that fetches."""

    def __init__(
        self,
        store: Store,
        api: ImageApi,
        shelf: PictureShelf,
        fetcher: PictureFetcher,
        bells: Bells,
        *,
        settings: CollectorSettings,
    ) -> None:
        """``fetcher`` is the one for addresses that the image service names."""
        self._store = store
        self._api = api
        self._shelf = shelf
        self._fetcher = fetcher
        self._bells = bells
        self._settings = settings
        self._handicap = Handicap()

    async def run(self) -> None:
        """Fetch until cancelled."""
        await self._keep_up(self._bells.collector)

    async def collect(self) -> float:
        """Fetch pictures until none is due, and give the seconds until the next one is."""
        return await self._keep_up(Bell(), until_none_is_due=True)

    async def _keep_up(self, bell: Bell, *, until_none_is_due: bool = False) -> float:
        async with asyncio.TaskGroup() as group:
            spare = self._settings.spare
            inputs: Slots[Picture] = Slots(group, bell, self._settings.inputs + spare)
            results: Slots[Picture] = Slots(group, bell, self._settings.concurrency + spare)
            while True:
                wait = await self._begin_due(inputs, results)
                if until_none_is_due and not inputs.under_way and not results.under_way:
                    return wait
                await bell.wait(wait)

    async def _begin_due(self, inputs: Slots[Picture], results: Slots[Picture]) -> float:
        """Begin to fetch what is due, as far as there is room, and give the seconds until more becomes due."""
        async with self._store.claiming() as unit:
            due_by = await self._handicap.due_by(unit)
            chosen = [
                *await _due(unit, inputs, self._settings.inputs, due_by, inputs=True),
                *await _due(unit, results, self._settings.concurrency, due_by, inputs=False),
            ]
            taken = await unit.take_pictures(chosen)
            soonest = await unit.next_picture_due_at()
            now = unit.now
        for picture in taken:
            slots = inputs if picture.role is PictureRole.INPUT else results
            slots.begin(picture, self._fetch(picture), name=f"fetch {picture.job_id}")
        if len(taken) < len(chosen):
            return OUTRUN_S
        return IDLE_S if soonest is None else min(IDLE_S, max(0.0, (soonest - now).total_seconds()))

    async def _fetch(self, picture: Picture) -> None:
        with bound_contextvars(job=picture.job_id):
            await self._have(picture)

    async def _have(self, picture: Picture) -> None:
        try:
            kept = await (self._download(picture) if picture.source_url else self._derive(picture))
        except _NotYetError:
            # Waiting for the others is no failure and does not count as a try.
            await self._put_off(picture, self._settings.backoff.after(0))
        except InvalidPicture as error:
            if picture.source_url and picture.role is not PictureRole.INPUT:
                self._handicap.failed(_site(picture))  # it may be this process that the service shows none
            await self._try_later(picture, error)
        except (UpstreamUnavailable, StorageUnavailable) as error:
            self._handicap.failed(_site(picture))
            await self._try_later(picture, error)
        except Exception as error:  # a picture that fails must not hold back the others
            self._handicap.failed(_site(picture))
            log.exception("fetching a picture went wrong", job=picture.job_id)
            reason = _UNUSABLE if picture.role is PictureRole.INPUT else str(error)
            await self._try_later(picture, InvalidPicture(reason))
        else:
            self._handicap.succeeded(_site(picture))
            crash.point("collector.kept")
            await self._record(_as_kept(picture, kept))

    async def _download(self, picture: Picture) -> KeptPicture:
        if picture.role is PictureRole.INPUT:  # an address that a program named
            return await self._shelf.fetch(picture.source_url or "")
        content = await self._fetcher.fetch(picture.source_url or "")
        crash.point("collector.fetched")
        return await self._shelf.keep_result(content)

    async def _record(self, picture: Picture) -> None:
        async with self._store.unit() as unit:
            job = await unit.hold_job(picture.job_id)
            if picture.role is PictureRole.PREVIEW and job.status.ended:
                return
            await unit.keep_picture(picture)
            if picture.role is PictureRole.INPUT:
                await self._let_go(unit, job)
            if picture.role is not PictureRole.PREVIEW and picture.position == 0:
                await unit.drop_preview(job.id)
            # The pictures of a grid are shown through the grid, so only what is shown by itself makes the post due,
            # and the last of them all, after which nothing is being fetched any more.
            shown = picture.position == 0 or not any(each.pending for each in await unit.pictures_of(job.id))
            if shown:
                await unit.touch_job(job.id)
        crash.point("collector.recorded")
        if shown:
            self._bells.publisher.ring()

    async def _let_go(self, unit: Unit, job: Job) -> None:
        """Let a job be sent whose inputs are all there."""
        inputs = [each for each in await unit.pictures_of(job.id) if each.role is PictureRole.INPUT]
        if not job.status.ended and not any(each.pending for each in inputs):
            await unit.schedule_job(job.id, unit.now)
            self._bells.submitter.ring()

    async def _input_failed(self, picture: Picture, error: ImaginebotError) -> None:
        """Try again what may pass; anything else is the end of the job."""
        passing = isinstance(error, UpstreamUnavailable) and picture.attempts + 1 < self._settings.attempts
        if passing or isinstance(error, StorageUnavailable):
            again = replace(picture, attempts=picture.attempts + 1)
            await self._put_off(again, self._settings.backoff.after(picture.attempts))
            return
        async with self._store.unit() as unit:
            job = await unit.hold_job(picture.job_id)
            await unit.stop_preview(job.id)
            await changes.fail(unit, job, error.code, str(error))
        crash.point("collector.given_up")
        self._bells.publisher.ring()

    async def _try_later(self, picture: Picture, error: ImaginebotError) -> None:
        crash.point("collector.failed")
        if picture.role is PictureRole.INPUT:
            await self._input_failed(picture, error)
            return
        if picture.role is PictureRole.PREVIEW:
            await self._drop_preview(picture)
            return
        log.warning("a picture could not be had", job=picture.job_id, role=picture.role.value, reason=str(error))
        full_disk = isinstance(error, StorageUnavailable)
        if picture.attempts + 1 >= self._settings.attempts and not full_disk:
            await self._give_up(picture)
        else:
            self._store.metrics.count(self._store.metrics.retries, "picture")
            # The link may have expired: the job tells a fresh one.
            url = await self._fresh_url(picture) if picture.source_url else picture.source_url
            again = replace(picture, source_url=url, attempts=picture.attempts + 1)
            await self._put_off(again, self._settings.backoff.after(picture.attempts))

    async def _put_off(self, picture: Picture, wait: timedelta) -> None:
        async with self._store.unit() as unit:
            await unit.put_picture_off(picture, unit.now + wait)

    async def _drop_preview(self, picture: Picture) -> None:
        # A preview that is gone is no loss, and nothing to trouble anybody with.
        async with self._store.unit() as unit:
            await unit.give_preview_up(picture)

    async def _give_up(self, picture: Picture) -> None:
        async with self._store.unit() as unit:
            job = await unit.hold_job(picture.job_id)
            if job.type in GRID_TYPES and picture.source_url != DERIVED:
                # The other pictures may still give it.
                await unit.put_picture_off(replace(picture, source_url=DERIVED), unit.now)
            else:
                await unit.give_picture_up(picture, _LOST)
                await unit.touch_job(picture.job_id)
        self._bells.publisher.ring()

    async def _fresh_url(self, picture: Picture) -> str | None:
        async with self._store.unit() as unit:
            job = await unit.job(picture.job_id)
        if job.upstream_id is None:
            return picture.source_url
        try:
            report = report_of_job(await self._api.get_job(UUID(job.upstream_id)))
        except ImaginebotError:
            return picture.source_url
        named = {(each.role, each.position): each.url for each in report.pictures}
        return named.get((picture.role, picture.position), picture.source_url)

    # What the image service left out

    async def _derive(self, picture: Picture) -> KeptPicture:
        """Make the grid out of its four pictures, or one of them out of the grid.

        Raises:
            _NotYetError: what it is made from is not there yet.
            InvalidPicture: what it is made from cannot be had either.
        """
        async with self._store.unit() as unit:
            siblings = await unit.pictures_of(picture.job_id)
        if picture.role is PictureRole.GRID:
            images = [await self._content(siblings, PictureRole.IMAGE, position) for position in (1, 2, 3, 4)]
            made = await asyncio.to_thread(compose_grid, images)
        else:
            grid = await self._content(siblings, PictureRole.GRID, 0)
            made = await asyncio.to_thread(crop, grid, picture.position)
        return await self._shelf.keep_result(made)

    async def _content(self, siblings: list[Picture], role: PictureRole, position: int) -> bytes:
        found = next((each for each in siblings if (each.role, each.position) == (role, position)), None)
        if found is not None and found.digest is not None:
            return (await self._shelf.read(found.digest))[0]
        if found is not None and found.pending and found.source_url:
            raise _NotYetError
        raise InvalidPicture("a picture that this one is made from could not be had")


async def _due(unit: Unit, slots: Slots[Picture], limit: int, due_by: DueBy, *, inputs: bool) -> list[Picture]:
    """Give what is due and not being fetched, as far as there is room, and for one site up to a limit."""
    if not slots.room:
        return []
    under_way = {_key(picture) for picture in slots.under_way}
    due = await unit.pictures_due(LOOK_AHEAD + len(under_way), inputs=inputs)
    may = [each for each in due if _key(each) not in under_way and _is_due(each, due_by)]
    return _fairly(may, slots, limit)


def _is_due(picture: Picture, due_by: DueBy) -> bool:
    # In milliseconds, as the row was compared.
    return picture.due_at is not None and to_millis(picture.due_at) <= to_millis(due_by(_site(picture)))


def _fairly(due: list[Picture], slots: Slots[Picture], limit: int) -> list[Picture]:
    """Take next, each time, what is due first from the site that has the fewest places.

    What is tried again goes first where it is its site's only one: first tries that never end, and what other sites try
    again, would otherwise keep it waiting for ever.
    """
    under_way, room = slots.under_way, slots.room
    sites = Counter(_site(picture) for picture in under_way)
    again = Counter(_site(picture) for picture in under_way if picture.attempts)
    half, half_of_all = max(1, limit // 2), max(1, (len(under_way) + room) // 2)
    taken: list[Picture] = []
    while len(taken) < room:
        again_may = again.total() < half_of_all
        may = [each for each in due if sites[_site(each)] < limit]
        may = [each for each in may if not each.attempts or (again_may and again[_site(each)] < half)]
        if not may:
            break
        only = next((each for each in may if each.attempts and not again[_site(each)]), None)
        picture = only or min(may, key=lambda each: sites[_site(each)])
        due.remove(picture)
        taken.append(picture)
        sites[_site(picture)] += 1
        again[_site(picture)] += picture.attempts > 0
    return taken


def _site(picture: Picture) -> str:
    """Give the host that a picture is fetched from, or nothing where it is made here."""
    return (picture.source_url or "").partition("://")[2].partition("/")[0]


def _key(picture: Picture) -> tuple[str, PictureRole, int]:
    return picture.job_id, picture.role, picture.position


def _as_kept(picture: Picture, kept: KeptPicture) -> Picture:
    return replace(
        picture, digest=kept.digest, width=kept.width, height=kept.height, content_type=kept.content_type, due_at=None
    )


_UNUSABLE = "The picture at that address cannot be used. Please send another one."
_LOST = "A picture could not be fetched from the image service. Reroll to make it anew."
