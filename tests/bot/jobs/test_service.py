"""Commands: one unit of work each, once per event, within limits."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    InvalidPicture,
    InvalidPrompt,
    JobNotFound,
    NotAllowed,
    NotReady,
    QuotaExceeded,
    StorageUnavailable,
)
from bot.jobs.model import Action, JobFilter, JobStatus, JobType, Submission
from bot.jobs.service import Limits
from bot.storage.blobs import BlobNotFound
from bot.storage.unit import lists
from tests.bot.images.pictures import plain
from tests.bot.jobs.studio import UPLOAD, Person, Studio, World


async def count(studio: Studio, table: str) -> int:
    return int((await studio.rows(f"SELECT count(*) FROM {table}"))[0][0])


async def test_one_unit_writes_job_post_buttons_audit_and_key(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does("event-1"), "a lighthouse at dusk --ar 3:2")
    assert (job.status, job.submission, job.revision) == (JobStatus.PENDING, Submission.WAITING, 0)
    assert job.prompt == "a lighthouse at dusk --ar 3:2"
    assert job.request["aspect_ratio"] == "3:2"
    assert job.request["prompt"] == "a lighthouse at dusk"
    assert job.request["seed"] == job.seed
    assert await studio.rows("SELECT job_id, state FROM posts") == [(job.id, "open")]
    assert await studio.rows("SELECT job_id, action FROM buttons") == [(job.id, "cancel")]
    assert await studio.rows("SELECT act, job_id, user_name, detail FROM audit") == [
        ("imagine", job.id, "Anna", job.prompt)
    ]
    assert await studio.rows("SELECT key FROM idempotency_keys") == [("chat:acme:event-1",)]


async def test_a_refused_command_leaves_nothing_behind(studio: Studio, anna: Person) -> None:
    with pytest.raises(InvalidPrompt):
        await studio.service.imagine(anna.does(), "a bird --chaos 5000")
    for table in ("jobs", "posts", "buttons", "audit", "idempotency_keys"):
        assert await count(studio, table) == 0


async def test_a_command_for_which_there_was_no_room_can_be_given_again(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(live_of_requester=1)) as studio:
        (before,) = await studio.service.imagine(anna.does(), "a bird")
        again = anna.does()
        with pytest.raises(QuotaExceeded):
            await studio.service.imagine(again, "a cat")
        await studio.service.cancel(anna.does(), before.id)
        (job,) = await studio.service.imagine(again, "a cat")
        assert await studio.service.imagine(again, "a cat") == (job,)
        assert await count(studio, "jobs") == 2


async def test_the_same_event_twice_is_one_job(studio: Studio, anna: Person) -> None:
    first = await studio.service.imagine(anna.does("event-1"), "a lighthouse")
    assert await studio.service.imagine(anna.does("event-1"), "a lighthouse") == first
    assert await count(studio, "jobs") == 1


async def test_the_same_event_at_the_same_moment_is_one_job(studio: Studio, anna: Person) -> None:
    found = await asyncio.gather(*(studio.service.imagine(anna.does("event-1"), "a lighthouse") for _ in range(5)))
    assert len({job.id for jobs in found for job in jobs}) == 1
    assert await count(studio, "jobs") == 1


async def test_the_same_event_after_a_restart_is_one_job(world: World, anna: Person) -> None:
    async with world.studio() as studio:
        first = await studio.service.imagine(anna.does("event-1"), "{red, green} bird")
    async with world.studio() as studio:
        assert await studio.service.imagine(anna.does("event-1"), "{red, green} bird") == first
        assert await count(studio, "jobs") == 2


async def test_the_same_key_in_another_workspace_is_another_event(studio: Studio, anna: Person) -> None:
    await studio.service.imagine(anna.does("event-1"), "a lighthouse")
    await studio.service.imagine(Person("Anna", workspace="other").does("event-1"), "a lighthouse")
    assert await count(studio, "jobs") == 2


async def test_permutations_make_a_job_and_a_post_each(studio: Studio, anna: Person) -> None:
    jobs = await studio.service.imagine(anna.does(), "{red, green, blue} bird --seed 7")
    assert [job.prompt for job in jobs] == ["red bird --seed 7", "green bird --seed 7", "blue bird --seed 7"]
    assert {job.seed for job in jobs} == {7}
    assert await count(studio, "posts") == 3


async def test_repeat_makes_several_jobs_with_seeds_of_their_own(studio: Studio, anna: Person) -> None:
    jobs = await studio.service.imagine(anna.does(), "a bird --repeat 4")
    assert [job.prompt for job in jobs] == ["a bird"] * 4
    assert len({job.seed for job in jobs}) == 4


async def test_too_many_permutations_are_refused_whole(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(permutations=4)) as studio:
        with pytest.raises(InvalidPrompt, match="4"):
            await studio.service.imagine(anna.does(), "{1, 2, 3, 4, 5} birds")
        assert await count(studio, "jobs") == 0


@pytest.mark.parametrize("text", ["", "   ", "--ar 3:2", "x" * 4001, "a {bird"])
async def test_a_prompt_that_cannot_be_sent_is_refused_with_a_sentence(studio: Studio, anna: Person, text: str) -> None:
    with pytest.raises(InvalidPrompt, match=r"[.:] ?"):
        await studio.service.imagine(anna.does(), text)


async def test_blocked_words_are_refused_as_whole_words(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(blocked_words=("ass", "red barn"))) as studio:
        await studio.service.imagine(anna.does(), "grass in Essex beside a redbarn")
        with pytest.raises(InvalidPrompt, match="red barn"):
            await studio.service.imagine(anna.does(), "a Red  Barn at dusk")
        with pytest.raises(InvalidPrompt, match="ass"):
            await studio.service.blend(
                anna.does(),
                [await studio.service.keep_picture(UPLOAD), await studio.service.keep_picture(UPLOAD)],
                "ass",
            )


async def test_one_persons_quota_is_theirs_alone(world: World, anna: Person, ben: Person) -> None:
    async with world.studio(limits=Limits(live_of_requester=2)) as studio:
        await studio.service.imagine(anna.does(), "a {red, green} bird")
        with pytest.raises(QuotaExceeded, match="2 jobs under way"):
            await studio.service.imagine(anna.does(), "a third bird")
        await studio.service.imagine(ben.does(), "a bird")


async def test_a_quota_of_one_speaks_of_one_job(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(live_of_requester=1)) as studio:
        await studio.service.imagine(anna.does(), "a bird")
        with pytest.raises(QuotaExceeded, match="1 job under way, and 1 is the most"):
            await studio.service.imagine(anna.does(), "a second bird")


async def test_an_ended_job_makes_room(world: World, anna: Person) -> None:
    async with world.studio(limits=Limits(live_of_requester=1)) as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.service.cancel(anna.does(), job.id)
        await studio.service.imagine(anna.does(), "another bird")


async def test_a_full_queue_says_when_to_come_back(world: World, anna: Person, ben: Person) -> None:
    async with world.studio(limits=Limits(waiting=1)) as studio:
        await studio.service.imagine(anna.does(), "a bird")
        with pytest.raises(QuotaExceeded) as refused:
            await studio.service.imagine(ben.does(), "a bird")
        assert refused.value.retry_after == 10.0


async def test_a_reference_picture_is_an_input_of_the_job(studio: Studio, anna: Person) -> None:
    digest = await studio.service.keep_picture(UPLOAD)
    (job,) = await studio.service.imagine(anna.does(), "like this", reference=digest)
    (picture,) = (await studio.service.view(job.id)).inputs
    assert (picture.digest, picture.width, picture.height) == (digest, 24, 16)
    await studio.send()
    (request,) = studio.api.called("imagine")
    assert str(request.image_url) == f"https://studio.test/pictures/{digest}"


async def test_a_reference_needs_an_address_that_the_service_can_reach(world: World, anna: Person) -> None:
    async with world.studio(base=None) as studio:
        digest = await studio.service.keep_picture(UPLOAD)
        with pytest.raises(NotReady, match="PUBLIC_URL"):
            await studio.service.imagine(anna.does(), "like this", reference=digest)


async def test_two_reference_pictures_are_one_too_many(studio: Studio, anna: Person) -> None:
    digest = await studio.service.keep_picture(UPLOAD)
    with pytest.raises(InvalidPrompt, match="one reference"):
        await studio.service.imagine(anna.does(), "https://a.test/b.png a bird", reference=digest)


async def test_describe_takes_a_kept_picture(studio: Studio, anna: Person) -> None:
    digest = await studio.service.keep_picture(UPLOAD)
    job = await studio.service.describe(anna.does(), digest)
    assert (job.type, job.action) == (JobType.DESCRIBE, Action.DESCRIBE)
    ended = await studio.done(job)
    assert ended.prompts[0] == "a red barn --ar 3:2"
    (request,) = studio.api.called("describe")
    assert request.image_base64 == await studio.blobs.get(digest)


async def test_describe_refuses_a_picture_that_is_not_kept(studio: Studio, anna: Person) -> None:
    with pytest.raises(BlobNotFound):
        await studio.service.describe(anna.does(), "0" * 64)
    assert await count(studio, "jobs") == 0


@pytest.mark.parametrize("number", [0, 1, 6])
async def test_a_blend_takes_two_to_five_pictures(studio: Studio, anna: Person, number: int) -> None:
    digests = [await studio.service.keep_picture(plain((40 * n, 0, 0))) for n in range(number)]
    with pytest.raises(InvalidPicture, match=f"2 to 5 pictures; you gave {number}"):
        await studio.service.blend(anna.does(), digests)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", {}),
        ("--ar 3:2", {"aspect_ratio": "3:2"}),
        ("softly --ar 2:3", {"prompt": "softly", "aspect_ratio": "2:3"}),
        ("softly", {"prompt": "softly"}),
    ],
)
async def test_a_blend_may_have_words_and_a_shape(
    studio: Studio, anna: Person, text: str, request_: dict[str, str]
) -> None:
    digests = [await studio.service.keep_picture(plain((40 * n, 0, 0))) for n in range(2)]
    job = await studio.service.blend(anna.does(), digests, text)
    assert job.request == request_
    await studio.send()
    (sent,) = studio.api.called("blend")
    assert [image.base64 for image in sent.images] == [await studio.blobs.get(digest) for digest in digests]


@pytest.mark.parametrize(("text", "named"), [("soft --no text --ar 3:2 --relax", "--no, --relax"), ("--r 3", "--r")])
async def test_a_blend_says_which_parameters_it_cannot_take(
    studio: Studio, anna: Person, text: str, named: str
) -> None:
    digests = [await studio.service.keep_picture(plain((40 * n, 0, 0))) for n in range(2)]
    with pytest.raises(InvalidPrompt, match=f"Please leave out {named}[.]"):
        await studio.service.blend(anna.does(), digests, text)


async def test_a_blend_takes_no_addresses_in_its_words(studio: Studio, anna: Person) -> None:
    digests = [await studio.service.keep_picture(plain((40 * n, 0, 0))) for n in range(2)]
    with pytest.raises(InvalidPrompt, match="Attach"):
        await studio.service.blend(anna.does(), digests, "https://a.test/b.png softly")


async def test_a_kept_picture_is_given_out_in_fixed_widths(studio: Studio) -> None:
    digest = await studio.service.keep_picture(plain((10, 200, 10), (600, 400)))
    assert (await studio.service.picture(digest))[1] == "image/png"
    small, kind = await studio.service.picture(digest, width=256)
    assert (kind, small[8:12]) == ("image/webp", b"WEBP")
    assert (await studio.service.picture(digest, width=256))[0] == small
    with pytest.raises(InvalidPicture):
        await studio.service.picture(digest, width=257)
    with pytest.raises(ImaginebotError):
        await studio.service.picture("nonsense")


async def test_a_picture_is_shown_small_though_the_small_one_cannot_be_kept(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_digest: str, _name: str, _content: bytes) -> None:
        raise StorageUnavailable("Pictures cannot be stored because the disk is full: free some space on it.")

    digest = await studio.service.keep_picture(UPLOAD)
    monkeypatch.setattr(studio.blobs, "put_derived", full)
    small, kind = await studio.service.picture(digest, width=256)
    assert (small[:4], kind) == (b"RIFF", "image/webp")


async def test_a_picture_is_fetched_from_an_address(studio: Studio) -> None:
    digest = await studio.service.fetch_picture("https://pictures.test/barn.png")
    assert (await studio.service.picture(digest))[1] == "image/png"


@pytest.mark.parametrize("content", [b"", b"<html></html>", UPLOAD[:60]])
async def test_an_upload_that_is_no_picture_is_refused(studio: Studio, content: bytes) -> None:
    with pytest.raises(InvalidPicture):
        await studio.service.keep_picture(content)


# Cancelling


async def test_a_waiting_job_is_cancelled_at_once(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    cancelled = await studio.service.cancel(anna.does(), job.id)
    assert (cancelled.status, cancelled.cancelled_by) == (JobStatus.CANCELLED, "Anna")
    await studio.send()
    assert studio.api.calls == []


async def test_a_sent_job_is_cancelled_when_the_service_has_been_told(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    asked = await studio.service.cancel(anna.does(), job.id)
    assert asked.status is JobStatus.PENDING
    assert (await studio.service.view(job.id)).buttons == ()
    await studio.submitter.carry_cancels()
    assert (await studio.service.get(job.id)).status is JobStatus.CANCELLED
    assert studio.api.only.status is JobStatus.CANCELLED


async def test_only_the_requester_or_who_manages_can_cancel(studio: Studio, anna: Person, ben: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    with pytest.raises(NotAllowed, match="Anna"):
        await studio.service.cancel(ben.does(), job.id)
    boss = Person("Carla", manages=True)
    assert (await studio.service.cancel(boss.does(), job.id)).cancelled_by == "Carla"


async def test_an_ended_job_cannot_be_cancelled(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.done(job)
    with pytest.raises(AlreadyEnded):
        await studio.service.cancel(anna.does(), job.id)


async def test_a_second_cancel_of_a_sent_job_changes_nothing(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.send()
    await studio.service.cancel(anna.does(), job.id)
    boss = Person("Carla", manages=True)
    assert (await studio.service.cancel(boss.does(), job.id)).cancelled_by == "Anna"


async def test_the_same_cancel_event_twice_gives_the_cancelled_job(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    await studio.service.cancel(anna.does("x"), job.id)
    assert (await studio.service.cancel(anna.does("x"), job.id)).status is JobStatus.CANCELLED


# Seeing


async def test_a_job_of_another_workspace_is_as_if_it_were_not_there(studio: Studio, anna: Person) -> None:
    (job,) = await studio.service.imagine(anna.does(), "a bird")
    stranger = Person("Anna", workspace="other", manages=True)
    with pytest.raises(JobNotFound):
        await studio.service.cancel(stranger.does(), job.id)
    with pytest.raises(JobNotFound):
        await studio.service.upscale(stranger.does(), job.id, 1)
    assert (await studio.service.list(JobFilter(platform="chat", workspace="other"))).views == ()


async def test_a_job_that_is_not_there_is_a_sentence(studio: Studio, anna: Person) -> None:
    for act in (studio.service.get, studio.service.view):
        with pytest.raises(JobNotFound, match="no such job"):
            await act("0190")


async def test_pages_follow_each_other_without_gap_or_repetition(studio: Studio, anna: Person, ben: Person) -> None:
    made = [(await studio.service.imagine((anna if n % 3 else ben).does(), f"bird {n}"))[0].id for n in range(11)]
    where, seen, before = JobFilter(platform="chat", workspace="acme"), [], None
    for _ in range(3):
        page = await studio.service.list(where, before=before, limit=4)
        seen += [view.job_id for view in page.views]
        before = page.next
        # What is made meanwhile does not shift the pages.
        await studio.service.imagine(ben.does(), "a late bird")
    assert sorted(seen) == sorted(made)
    assert seen == sorted(made, reverse=True)
    assert before is None


async def test_a_list_can_be_of_one_person_and_of_some_states(studio: Studio, anna: Person, ben: Person) -> None:
    (mine,) = await studio.service.imagine(anna.does(), "a bird")
    (other,) = await studio.service.imagine(ben.does(), "a bird")
    (stopped,) = await studio.service.imagine(ben.does(), "a bird")
    await studio.service.cancel(ben.does(), stopped.id)

    async def ids(**conditions: object) -> set[str]:
        return {view.job_id for view in (await studio.service.list(JobFilter(**conditions))).views}  # type: ignore[arg-type]  # one helper for every field

    assert await ids(user_id="id-Anna") == {mine.id}
    assert await ids(statuses=(JobStatus.CANCELLED,)) == {stopped.id}
    assert await ids(statuses=(JobStatus.PENDING, JobStatus.IN_PROGRESS)) == {mine.id, other.id}
    assert await ids(statuses=(JobStatus.PENDING, JobStatus.CANCELLED), user_id="id-Ben") == {other.id, stopped.id}
    assert await ids() == {mine.id, other.id, stopped.id}


@pytest.mark.parametrize("who", [None, "id-Anna"])
async def test_jobs_of_several_statuses_are_one_list_newest_first(
    studio: Studio, anna: Person, ben: Person, who: str | None
) -> None:
    of = []
    for number in range(6):
        (job,) = await studio.service.imagine(anna.does(), f"bird {number}")
        if number % 3 == 0:
            await studio.service.cancel(anna.does(), job.id)
        else:
            await studio.send()
            upstream = await studio.upstream(job)
            (studio.api.fail if number % 3 == 1 else studio.api.complete)(upstream)
            await studio.hear(job)
        of.append(job.id)
    await studio.service.imagine(ben.does(), "a fish")

    async def pages(*statuses: JobStatus) -> list[list[str]]:
        where = JobFilter(platform="chat", workspace="acme", user_id=who, statuses=statuses)
        found: list[list[str]] = []
        before = None
        while True:
            page = await studio.service.list(where, before=before, limit=3)
            found.append([view.job_id for view in page.views])
            before = page.next
            if before is None:
                return found

    vain = await pages(JobStatus.FAILED, JobStatus.CANCELLED)
    assert vain == [[of[4], of[3], of[1]], [of[0]]]
    assert await pages(JobStatus.FAILED) == [[of[4], of[1]]]
    assert await pages(JobStatus.COMPLETED, JobStatus.CANCELLED) == [[of[5], of[3], of[2]], [of[0]]]


async def test_recent_prompts_are_looked_for_among_the_newest_jobs(
    studio: Studio, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "PROMPTS_AMONG", 2)
    for text in ("one", "two", "three"):
        await studio.service.imagine(anna.does(), text)
    assert await studio.service.recent_prompts(anna.requester) == ("three", "two")


async def test_requesters_are_listed_once_under_their_latest_name(studio: Studio, anna: Person, ben: Person) -> None:
    await studio.service.imagine(ben.does(), "a bird")
    await studio.service.imagine(anna.does(), "a bird")
    anna.requester = type(anna.requester)(platform="chat", workspace="acme", user_id="id-Anna", name="Anna B.")
    await studio.service.imagine(anna.does(), "a bird")
    assert [who.name for who in await studio.service.requesters("chat", "acme")] == ["Anna B.", "Ben"]


async def test_recent_prompts_are_ones_own_newest_first_and_once(studio: Studio, anna: Person, ben: Person) -> None:
    for who, text in ((anna, "one"), (anna, "two"), (ben, "three"), (anna, "one")):
        await studio.service.imagine(who.does(), text)
    assert await studio.service.recent_prompts(anna.requester) == ("one", "two")
    assert await studio.service.recent_prompts(anna.requester, limit=1) == ("one",)
