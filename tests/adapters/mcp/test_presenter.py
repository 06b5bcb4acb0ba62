"""What agents read: of jobs as they stand, and of every error that there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from mcp.types import TextContent

from adapters.mcp import presenter
from bot.errors import ImaginebotError, OperatorError, QuotaExceeded
from bot.midjourney.schema import Image, Job, JobError, JobPage, JobStatus, JobType, Result

ID = UUID("01900000-0000-7000-8000-00000000000a")
INTERNAL = "database is locked at /var/lib/secret"


def a_job(**changes: Any) -> Job:
    given = {"id": ID, "type": JobType.IMAGINE, "status": JobStatus.COMPLETED, "created_at": datetime.now(UTC)}
    return Job(**given | changes)


def kinds(kind: type[ImaginebotError] = ImaginebotError) -> Iterator[type[ImaginebotError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def an_error(kind: type[ImaginebotError]) -> ImaginebotError:
    try:
        return kind(INTERNAL)
    except TypeError:
        return kind("a_code", INTERNAL)  # some carry a code before the text


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=str))
def test_every_error_is_a_sentence_and_operators_business_is_kept(kind: type[ImaginebotError]) -> None:
    said = presenter.sentence(an_error(kind))
    assert said
    assert said[0].isupper() or said.startswith(INTERNAL)
    if issubclass(kind, OperatorError):
        assert INTERNAL not in said


@pytest.mark.parametrize("error", [None, RuntimeError(INTERNAL), KeyError("x")])
def test_what_nobody_foresaw_tells_nothing_about_the_inside(error: BaseException | None) -> None:
    said = presenter.sentence(error)
    assert "our side" in said
    assert INTERNAL not in said


def test_a_limit_says_when_to_come_back() -> None:
    assert "Try again in 60 seconds." in presenter.sentence(QuotaExceeded("The studio is busy.", retry_after=60.0))


@pytest.mark.parametrize("status", JobStatus)
def test_every_state_of_a_job_has_words_of_its_own(status: JobStatus) -> None:
    others = {presenter.state(a_job(status=other)) for other in JobStatus if other is not status}
    assert presenter.state(a_job(status=status)) not in others


def test_a_failed_job_says_why() -> None:
    job = a_job(status=JobStatus.FAILED, error=JobError(code="nsfw", message="This prompt is not allowed."))
    assert "This prompt is not allowed." in presenter.state(job)


def test_a_long_prompt_is_shortened_in_words_and_whole_in_the_structure() -> None:
    job = a_job(prompt="bird " * 500)
    result = presenter.status(job)
    assert isinstance(result.content[0], TextContent)
    assert len(result.content[0].text) < 500
    assert result.structured_content["prompt"] == "bird " * 500


def test_unfinished_pictures_are_not_linked() -> None:
    job = a_job(status=JobStatus.IN_PROGRESS, result=Result(images=(Image(url="http://a.test/p"),)))
    assert [block.type for block in presenter.status(job).content] == ["text"]


def test_an_empty_page_says_so_and_a_full_one_says_how_to_go_on() -> None:
    def words(page: JobPage) -> str:
        block = presenter.page(page).content[0]
        assert isinstance(block, TextContent)
        return block.text

    assert words(JobPage(data=(), total=7, limit=25, offset=10)) == "There are no such jobs (7 in all)."
    assert "offset 2" in words(JobPage(data=(a_job(), a_job()), total=3, limit=2, offset=0))
    assert "offset" not in words(JobPage(data=(a_job(),), total=3, limit=2, offset=2))
