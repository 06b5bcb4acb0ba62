"""Pictures: fetched once, kept for good, made here where they are missing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.errors import StorageUnavailable, UpstreamUnavailable
from bot.images import PictureFetcher
from bot.jobs.collector import LOOK_AHEAD, Collector, CollectorSettings
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, Job, JobStatus, JobType, Picture, PictureRole
from bot.midjourney import schema
from tests.bot.images.pictures import BLUE, GREEN, RED, decoded, encoded, near, plain, quarters
from tests.bot.jobs.studio import PICTURE, STEADY, Person, Studio, until, until_cancelled
from tests.fakes.image_service import Gate, gone
from tests.fakes.picture_server import PictureServer


@pytest.fixture
async def job(studio: Studio, anna: Person) -> Job:
    """A job that the service has."""
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    return job


def url(studio: Studio, name: str) -> str:
    return f"https://pictures.test/{studio.api.only.id}/{name}"


async def end(studio: Studio, job: Job, *names: str) -> None:
    """Let the job end with these pictures only."""
    images = tuple(schema.Image(url=url(studio, name), index=None if name == "grid" else int(name)) for name in names)
    studio.api.complete(studio.api.only.id, images=images)
    await studio.hear(job)


async def content(studio: Studio, digest: str) -> bytes:
    return (await studio.service.picture(digest))[0]


async def patiently(studio: Studio, rounds: int = 12) -> None:
    for _ in range(rounds):
        await studio.collect()
        studio.clock.advance(31)


async def test_a_grid_and_its_pictures_are_each_fetched_once(studio: Studio, job: Job) -> None:
    await end(studio, job, "grid", "1", "2", "3", "4")
    await studio.hear(job, bare=True)
    await patiently(studio, 2)
    assert sorted(studio.gallery.asked) == sorted(url(studio, name) for name in ("grid", "1", "2", "3", "4"))
    view = await studio.service.view(job.id)
    assert view.main is not None
    assert await content(studio, view.main.digest) == PICTURE


async def test_a_missing_grid_is_composed_of_its_pictures(studio: Studio, job: Job) -> None:
    for name, colour in (("1", RED), ("2", GREEN), ("3", BLUE)):
        studio.gallery.shows[url(studio, name)] = [plain(colour, (32, 24))]
    await end(studio, job, "1", "2", "3", "4")
    await patiently(studio, 3)
    view = await studio.service.view(job.id)
    assert view.main is not None
    grid = decoded(await content(studio, view.main.digest))
    assert grid.size == (64, 48)
    assert near(grid.getpixel((16, 12)), RED)
    assert near(grid.getpixel((48, 12)), GREEN)
    assert near(grid.getpixel((16, 36)), BLUE)
    assert (view.state, view.notes) == ("Done in 1 s", ())


async def test_missing_pictures_are_cropped_from_the_grid(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [encoded(quarters(64, 48))]
    await end(studio, job, "grid")
    await patiently(studio, 3)
    view = await studio.service.view(job.id)
    pictures = [decoded(await content(studio, image.digest)) for image in view.images]
    assert [picture.size for picture in pictures] == [(32, 24)] * 4
    assert [near(pictures[n].getpixel((5, 5)), colour) for n, colour in enumerate((RED, GREEN, BLUE))] == [True] * 3


async def test_a_derived_picture_waits_as_long_as_its_source_takes(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [UpstreamUnavailable()] * 5
    await end(studio, job, "grid")
    await patiently(studio, 8)
    view = await studio.service.view(job.id)
    assert len(view.images) == 4
    assert view.notes == ()


async def test_a_fetch_that_fails_is_tried_again_with_growing_pauses(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [UpstreamUnavailable(), gone(), b"<html>", RuntimeError("boom")]
    await end(studio, job, "grid", "1", "2", "3", "4")
    waits = []
    for _ in range(4):
        waits.append(await studio.collector.collect())
        studio.clock.advance(30)
    await studio.collect()
    assert waits == [1.0, 2.0, 2.0, 2.0]  # never sleeps longer than two seconds
    assert (await studio.service.view(job.id)).main is not None
    assert studio.gallery.asked.count(url(studio, "grid")) == 5


async def test_a_link_that_has_expired_is_asked_for_anew(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [gone()] * 9
    await end(studio, job, "grid", "1", "2", "3", "4")
    fresh = "https://pictures.test/fresh-grid"
    others = (studio.api.only.result or schema.Result()).images[1:]
    studio.api.jobs[studio.api.only.id] = studio.api.only.model_copy(
        update={"result": schema.Result(images=(schema.Image(url=fresh), *others))}
    )
    await patiently(studio, 2)
    assert studio.gallery.asked.count(fresh) == 1
    assert (await studio.service.view(job.id)).main is not None


async def test_a_grid_that_cannot_be_had_is_composed_in_the_end(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [gone()] * 20
    await end(studio, job, "grid", "1", "2", "3", "4")
    await patiently(studio)
    view = await studio.service.view(job.id)
    assert view.main is not None
    assert (view.main.width, view.main.height, view.notes) == (64, 48, ())


async def test_pictures_that_cannot_be_had_at_all_end_in_a_note(studio: Studio, job: Job) -> None:
    for name in ("grid", "1", "2", "3", "4"):
        studio.gallery.shows[url(studio, name)] = [gone()] * 30
    await end(studio, job, "grid", "1", "2", "3", "4")
    await patiently(studio, 20)
    view = await studio.service.view(job.id)
    assert (view.main, view.images) == (None, ())
    assert len(view.notes) == 1
    assert view.state == "Done in 1 s"
    assert await studio.rows("SELECT count(*) FROM pictures WHERE due_at IS NOT NULL") == [(0,)]


async def test_a_failing_picture_does_not_hold_back_the_others(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "2")] = [RuntimeError("boom")] * 20
    await end(studio, job, "grid", "1", "2", "3", "4")
    await studio.collector.collect()
    view = await studio.service.view(job.id)
    assert view.main is not None
    assert [image.position for image in view.images] == [1, 3, 4]


async def test_the_last_picture_makes_the_post_due(studio: Studio, job: Job) -> None:
    """Or the message would say for ever that pictures are being fetched."""
    gate = Gate()
    studio.gallery.shows[url(studio, "4")] = [gate]
    await end(studio, job, "grid", "1", "2", "3", "4")
    fetching = asyncio.create_task(studio.collector.collect())
    async with asyncio.timeout(30):
        await gate.reached.wait()

    async def grid_is_there() -> bool:
        return (await studio.service.view(job.id)).main is not None

    await until(grid_is_there)
    await studio.publish()
    (shown,) = studio.chat.messages.values()
    assert (shown.state, shown.fetching) == ("Fetching the pictures", True)
    gate.opened.set()
    await fetching
    studio.clock.advance(3)
    await studio.publish()
    (shown,) = studio.chat.messages.values()
    assert (shown.state, shown.fetching) == ("Done in 1 s", False)
    assert len(shown.images) == 4


async def test_a_preview_is_replaced_by_a_newer_one_and_dropped_for_the_grid(studio: Studio, job: Job) -> None:
    digests = []
    for progress, colour in ((20, RED), (60, GREEN)):
        address = f"https://pictures.test/preview-{progress}"
        studio.gallery.shows[address] = [plain(colour)]
        studio.api.go_on(studio.api.only.id, progress, preview=address)
        await studio.hear(job)
        await studio.collect()
        main = (await studio.service.view(job.id)).main
        assert main is not None
        digests.append(main.digest)
    assert digests[0] != digests[1]
    await end(studio, job, "grid", "1", "2", "3", "4")
    main = (await studio.service.view(job.id)).main
    assert main is not None
    assert main.digest == digests[1]  # until there is something better
    await studio.collect()
    assert await studio.rows("SELECT count(*) FROM pictures WHERE role = 'preview'") == [(0,)]
    main = (await studio.service.view(job.id)).main
    assert main is not None
    assert await content(studio, main.digest) == PICTURE


@pytest.mark.parametrize("early", [plain(RED), b"<html>"], ids=["kept", "broken"])
async def test_a_preview_that_is_wanted_while_an_older_one_is_being_fetched_is_fetched_next(
    studio: Studio, job: Job, early: bytes
) -> None:
    gate = Gate()
    studio.gallery.picture = early
    studio.gallery.shows["https://pictures.test/early"] = [gate]
    studio.gallery.shows["https://pictures.test/late"] = [PICTURE]
    studio.api.go_on(studio.api.only.id, 20, preview="https://pictures.test/early")
    await studio.hear(job)
    fetching = asyncio.create_task(studio.collect())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    studio.api.go_on(studio.api.only.id, 60, preview="https://pictures.test/late")
    await studio.hear(job)
    gate.opened.set()
    await fetching
    await studio.collect()
    main = (await studio.service.view(job.id)).main
    assert main is not None
    assert await content(studio, main.digest) == PICTURE
    assert studio.gallery.asked == ["https://pictures.test/early", "https://pictures.test/late"]


async def test_a_preview_that_is_gone_troubles_nobody(studio: Studio, job: Job) -> None:
    studio.gallery.shows["https://pictures.test/preview"] = [gone()]
    studio.api.go_on(studio.api.only.id, 20, preview="https://pictures.test/preview")
    await studio.hear(job)
    await studio.collect()
    view = await studio.service.view(job.id)
    assert (view.main, view.notes, view.state) == (None, (), "Painting, 20%")


async def test_a_preview_still_wanted_at_the_end_is_not_fetched(studio: Studio, job: Job) -> None:
    studio.api.go_on(studio.api.only.id, 20, preview="https://pictures.test/preview")
    await studio.hear(job)
    studio.api.fail(studio.api.only.id)
    await studio.hear(job)
    await studio.collect()
    assert studio.gallery.asked == []


async def test_a_full_disk_never_ends_in_giving_up(studio: Studio, job: Job) -> None:
    studio.gallery.shows[url(studio, "grid")] = [StorageUnavailable("full")] * 8
    await end(studio, job, "grid", "1", "2", "3", "4")
    await patiently(studio, 18)
    view = await studio.service.view(job.id)
    assert view.main is not None
    assert (view.main.width, view.notes) == (32, ())


async def test_pictures_outlive_their_links_and_the_process(studio: Studio, job: Job) -> None:
    await end(studio, job, "grid", "1", "2", "3", "4")
    await patiently(studio, 1)
    studio.api.expire(studio.api.only.id)
    view = await studio.service.view(job.id)
    assert len({image.digest for image in view.images}) == 1  # content-addressed: the same picture is kept once
    assert await content(studio, view.images[3].digest) == PICTURE


async def test_the_real_fetcher_fetches_from_the_services_own_origin(studio: Studio, job: Job) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(PictureServer(PICTURE))
        fetcher = await stack.enter_async_context(PictureFetcher(trusted_origins=frozenset({server.origin})))
        collector = Collector(
            studio.store,
            studio.api,
            studio.shelf,
            fetcher,
            studio.bells,
            settings=CollectorSettings(backoff=STEADY),
        )
        images = tuple(
            schema.Image(url=server.url(path), index=index)
            for index, path in ((None, "/good"), (1, "/html"), (2, "/status/500"), (3, "/cut-short"), (4, "/good"))
        )
        studio.api.complete(studio.api.only.id, images=images)
        await studio.hear(job)
        await collector.collect()
    view = await studio.service.view(job.id)
    assert view.main is not None
    assert [image.position for image in view.images] == [4]


async def test_the_running_loop_is_woken_by_the_end_of_a_job(studio: Studio, job: Job) -> None:
    running = asyncio.create_task(studio.collector.run())
    await end(studio, job, "grid", "1", "2", "3", "4")

    async def all_are_there() -> bool:
        return (await studio.service.view(job.id)).state != "Fetching the pictures"

    await until(all_are_there)
    await until_cancelled(running)
    assert (await studio.service.get(job.id)).status is JobStatus.COMPLETED


async def test_slow_addresses_of_people_hold_up_no_picture_of_the_service(
    studio: Studio, job: Job, anna: Person
) -> None:
    gates = [Gate() for _ in range(CollectorSettings.inputs)]
    for number, gate in enumerate(gates):
        address = f"https://slow.test/{number}"
        studio.gallery.shows[address] = [gate]
        draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url=address),))
        await studio.service.make(anna.does(), draft)
    running = asyncio.create_task(studio.collector.run())
    async with asyncio.timeout(30):
        await asyncio.gather(*(gate.reached.wait() for gate in gates))
    await end(studio, job, "grid", "1", "2", "3", "4")

    async def all_are_there() -> bool:
        return (await studio.service.view(job.id)).state == "Done in 1 s"

    await until(all_are_there)
    await until_cancelled(running)


async def test_one_slow_picture_holds_up_no_other(studio: Studio, job: Job, anna: Person) -> None:
    gate = Gate()
    studio.gallery.shows[url(studio, "grid")] = [gate]
    await end(studio, job, "grid", "1", "2", "3", "4")
    running = asyncio.create_task(studio.collector.run())
    async with asyncio.timeout(30):
        await gate.reached.wait()
    (later,) = await studio.service.imagine(anna.does(), "a fish")
    await studio.send()
    studio.api.complete(await studio.upstream(later))
    await studio.hear(later)

    async def the_later_one_is_there() -> bool:
        return (await studio.service.view(later.id)).main is not None

    await until(the_later_one_is_there)
    await until_cancelled(running)


async def slow(studio: Studio, anna: Person, site: str, count: int, *before: Exception) -> list[Gate]:
    """Let jobs begin from pictures that hang, once they have met what comes before."""
    gates = [Gate() for _ in range(count)]
    for number, gate in enumerate(gates):
        address = f"https://{site}/{number}"
        studio.gallery.shows[address] = [*before, gate]
        await describe(studio, anna, address)
    return gates


async def describe(studio: Studio, anna: Person, address: str) -> Job:
    draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url=address),))
    return await studio.service.make(anna.does(), draft)


async def test_a_site_whose_pictures_hang_holds_up_those_of_no_other(studio: Studio, anna: Person) -> None:
    gates = await slow(studio, anna, "slow.test", 18)
    running = asyncio.create_task(studio.collector.run())
    async with asyncio.timeout(30):
        await asyncio.gather(*(gate.reached.wait() for gate in gates[: CollectorSettings.inputs]))
    for number in range(3):
        await had(studio, await describe(studio, anna, f"https://quick.test/{number}"))
    assert sum(gate.reached.is_set() for gate in gates) == CollectorSettings.inputs
    await until_cancelled(running)


async def once_tried(studio: Studio) -> None:
    """Try what is due, and let the time come to try it again."""
    await studio.collect()
    studio.clock.advance(60)


async def some_are_tried_again(gates: list[Gate]) -> None:
    """Wait until a site has all the places that it may have for what it tries again."""

    async def they_are() -> bool:
        return sum(gate.reached.is_set() for gate in gates) == CollectorSettings.inputs // 2

    await until(they_are)


async def had(studio: Studio, job: Job) -> None:
    """Wait until the pictures that a job begins from are there."""

    async def they_are() -> bool:
        return not any(each.pending for each in await pictures(studio, job))

    await until(they_are)


async def many_wanted(studio: Studio, anna: Person, site: str) -> None:
    """Let a job want more pictures than are looked at, all of which hang."""
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    async with studio.store.unit() as unit:
        for position in range(LOOK_AHEAD + 20):
            address = f"https://{site}/wanted/{position}"
            studio.gallery.shows[address] = [Gate()]
            await unit.want_picture(job.id, PictureRole.INPUT, position, address)


async def test_pictures_that_are_tried_again_hold_up_none_that_has_not_been_tried(studio: Studio, anna: Person) -> None:
    gates = await slow(studio, anna, "site.test", 18, TOO_SLOW)
    await once_tried(studio)
    running = asyncio.create_task(studio.collector.run())
    await some_are_tried_again(gates)
    await had(studio, await describe(studio, anna, "https://site.test/fresh"))
    await until_cancelled(running)


async def test_pictures_that_hang_when_they_are_tried_again_hold_up_none_of_another_site_s(
    studio: Studio, anna: Person
) -> None:
    gates = await slow(studio, anna, "slow.test", 18, TOO_SLOW)
    await once_tried(studio)
    running = asyncio.create_task(studio.collector.run())
    await some_are_tried_again(gates)
    studio.gallery.shows["https://quick.test/failed"] = [TOO_SLOW]
    again = await describe(studio, anna, "https://quick.test/failed")

    async def it_has_failed() -> bool:
        return any(each.attempts for each in await pictures(studio, again))

    await until(it_has_failed)
    studio.clock.advance(60)
    studio.bells.collector.ring()
    await had(studio, again)
    await until_cancelled(running)


@pytest.mark.parametrize("elsewhere", [0, 18])
async def test_a_picture_that_failed_once_is_tried_again_however_many_wait_for_their_first_try_or_hang_elsewhere(
    studio: Studio, anna: Person, elsewhere: int
) -> None:
    await slow(studio, anna, "slow.test", elsewhere, TOO_SLOW)
    studio.gallery.shows["https://site.test/failed"] = [TOO_SLOW]
    again = await describe(studio, anna, "https://site.test/failed")
    await once_tried(studio)
    await many_wanted(studio, anna, "site.test")
    running = asyncio.create_task(studio.collector.run())
    await had(studio, again)
    await until_cancelled(running)


TOO_SLOW = UpstreamUnavailable("Too slow.", may_have_arrived=False)


async def pictures(studio: Studio, job: Job) -> list[Picture]:
    async with studio.store.unit() as unit:
        return await unit.pictures_of(job.id)
