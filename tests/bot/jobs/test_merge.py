"""The algebra of reports: whatever comes, in whatever order, ends the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.merge import DERIVED, NO_RESULT, UNKNOWN_FAILURE, Report, merge, report_of_event, report_of_job
from bot.jobs.model import (
    Action,
    Conversation,
    Failure,
    Job,
    JobStatus,
    JobType,
    PictureRole,
    Requester,
    Submission,
)
from bot.midjourney import schema

NOW = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
THEIRS = UUID(int=7)
IMAGES = tuple(schema.Image(url=f"https://pictures.test/{name or 'grid'}", index=name) for name in (None, 1, 2, 3, 4))
RESULT = schema.Result(images=IMAGES)
PROMPTS = schema.Result(prompts=("one", "two", "three", "four", "five"))
ERROR = schema.JobError(code="painting_failed", message="The paint ran out.")


def job(kind: JobType = JobType.IMAGINE) -> Job:
    return Job(
        id="0190",
        type=kind,
        action=Action.IMAGINE,
        status=JobStatus.PENDING,
        submission=Submission.SENT,
        progress=0,
        revision=0,
        prompt="a lighthouse",
        request={},
        requester=Requester(platform="chat", workspace="acme", user_id="1", name="Anna"),
        conversation=Conversation(platform="chat", workspace="acme", channel="general"),
        created_at=NOW,
        updated_at=NOW,
        upstream_id=str(THEIRS),
    )


def theirs(status: JobStatus, kind: JobType = JobType.IMAGINE, progress: int | None = None) -> schema.Job:
    ends: dict[JobStatus, dict[str, Any]] = {
        JobStatus.COMPLETED: {"result": PROMPTS if kind is JobType.DESCRIBE else RESULT},
        JobStatus.FAILED: {"error": ERROR},
    }
    return schema.Job(id=THEIRS, type=kind, status=status, created_at=NOW, progress=progress, **ends.get(status, {}))


def event(status: JobStatus, *, progress: int | None = None, bare: bool = False, kind: JobType) -> Report:
    whole = theirs(status, kind, progress)
    sent = schema.WebhookEvent(
        event=schema.WebhookEventType.PROGRESS,
        job_id=THEIRS,
        status=status,
        timestamp=NOW,
        progress=progress,
        result=None if bare else whole.result,
        error=None if bare else whole.error,
    )
    return report_of_event(sent, kind)


KINDS = st.sampled_from(list(JobType))
ENDS = st.sampled_from([JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED])
PROGRESS = st.one_of(st.none(), st.integers(0, 100))


@st.composite
def histories(draw: st.DrawFn) -> tuple[JobType, list[Report], Report]:
    """Reports of one job whose end is settled, as they may come: shuffled, repeated, lost, bare or whole."""
    kind, end = draw(KINDS), draw(ENDS)
    going_on = st.builds(
        lambda status, progress: event(status, progress=progress, kind=kind),
        st.sampled_from([JobStatus.PENDING, JobStatus.IN_PROGRESS]),
        PROGRESS,
    )
    ended = st.builds(lambda bare: event(end, bare=bare, progress=None, kind=kind), st.booleans())
    polled = st.builds(
        lambda status, progress: report_of_job(theirs(status, kind, progress)),
        st.sampled_from([JobStatus.PENDING, JobStatus.IN_PROGRESS]),
        PROGRESS,
    )
    return kind, draw(st.lists(st.one_of(going_on, ended, polled))), report_of_job(theirs(end, kind, 100))


def outcome(ended: Job) -> tuple[object, ...]:
    return ended.status, ended.prompts, ended.failure, ended.ended_at


@given(histories())
def test_any_reports_followed_by_the_whole_end_come_to_the_same(history: tuple[JobType, list[Report], Report]) -> None:
    kind, reports, end = history
    alone = merge(job(kind), end, NOW)
    current = job(kind)
    for report in (*reports, end):
        current = merge(current, report, NOW)
    assert current.status.ended
    assert outcome(current) == outcome(alone)


@given(histories())
def test_progress_never_goes_back_and_the_revision_grows_with_each_change(
    history: tuple[JobType, list[Report], Report],
) -> None:
    kind, reports, end = history
    current = job(kind)
    for report in (*reports, end):
        after = merge(current, report, NOW)
        assert after.progress >= current.progress
        if after is not current:
            assert after.revision == current.revision + 1
        assert current.status is not JobStatus.IN_PROGRESS or after.status is not JobStatus.PENDING
        current = after


@given(histories())
def test_the_same_report_twice_is_the_same_as_once(history: tuple[JobType, list[Report], Report]) -> None:
    kind, reports, end = history
    current = job(kind)
    for report in (*reports, end):
        current = merge(current, report, NOW)
        assert merge(current, report, NOW) is current


@given(histories(), histories())
def test_an_ended_job_never_changes(
    first: tuple[JobType, list[Report], Report], later: tuple[JobType, list[Report], Report]
) -> None:
    ended = merge(job(first[0]), first[2], NOW)
    for report in (*later[1], later[2]):
        assert merge(ended, report, NOW) is ended


def test_an_end_without_its_result_waits_for_the_next_poll() -> None:
    waiting = merge(job(), event(JobStatus.COMPLETED, bare=True, kind=JobType.IMAGINE), NOW)
    assert (waiting.status, waiting.progress) == (JobStatus.IN_PROGRESS, 100)


def test_a_failure_without_its_reason_waits_for_the_next_poll() -> None:
    waiting = merge(job(), event(JobStatus.FAILED, bare=True, kind=JobType.IMAGINE), NOW)
    assert waiting.status is JobStatus.IN_PROGRESS
    ended = merge(waiting, report_of_job(theirs(JobStatus.FAILED)), NOW)
    assert ended.failure == Failure(code="painting_failed", message="The paint ran out.")


def test_a_whole_end_without_a_result_is_a_failure_in_a_sentence() -> None:
    assert merge(job(), Report(status=JobStatus.COMPLETED), NOW).failure == NO_RESULT
    assert merge(job(), Report(status=JobStatus.FAILED), NOW).failure == UNKNOWN_FAILURE


def test_a_description_keeps_four_prompts() -> None:
    ended = merge(job(JobType.DESCRIBE), report_of_job(theirs(JobStatus.COMPLETED, JobType.DESCRIBE)), NOW)
    assert ended.prompts == ("one", "two", "three", "four")


@pytest.mark.parametrize("kind", [JobType.IMAGINE, JobType.VARIATION, JobType.BLEND])
def test_pictures_that_a_grid_lacks_are_to_be_made_here(kind: JobType) -> None:
    only_grid = schema.Job(
        id=THEIRS, type=kind, status=JobStatus.COMPLETED, created_at=NOW, result=schema.Result(images=IMAGES[:1])
    )
    found = {(each.role, each.position): each.url for each in report_of_job(only_grid).pictures}
    assert found.pop((PictureRole.GRID, 0)) == "https://pictures.test/grid"
    assert found == {(PictureRole.IMAGE, position): DERIVED for position in (1, 2, 3, 4)}


def test_a_picture_of_an_unfinished_job_is_its_preview() -> None:
    unfinished = schema.Job(
        id=THEIRS, type=JobType.IMAGINE, status=JobStatus.IN_PROGRESS, created_at=NOW, result=RESULT
    )
    (preview,) = report_of_job(unfinished).pictures
    assert (preview.role, preview.position, preview.url) == (PictureRole.PREVIEW, 0, "https://pictures.test/grid")


def test_an_upscale_has_one_picture() -> None:
    (picture,) = report_of_job(theirs(JobStatus.COMPLETED, JobType.UPSCALE)).pictures
    assert (picture.role, picture.position) == (PictureRole.IMAGE, 0)
