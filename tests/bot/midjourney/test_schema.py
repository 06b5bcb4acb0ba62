"""What the wire models make of answers that a newer service, or one with faults, may give."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.midjourney.listing import ListedJobs, PartOfJob, read_page
from bot.midjourney.schema import Job, JobPage, Result, WebhookEvent, wire

KNOWN = {
    "id": "0b0e8f3c-5d0f-4a4e-9f39-1d2b3c4d5e6f",
    "type": "imagine",
    "status": "pending",
    "created_at": "2026-01-01T00:00:00Z",
}
WITHOUT_TIME = {name: value for name, value in KNOWN.items() if name != "created_at"}


def read(*jobs: Any) -> tuple[JobPage, dict[str, str]]:
    listed = {"data": jobs, "total": len(jobs), "limit": 100, "offset": 0}
    return read_page(ListedJobs.model_validate_json(json.dumps(listed)))


def test_a_job_of_a_type_that_is_new_does_not_hide_the_others() -> None:
    page, problems = read(KNOWN | {"type": "video"}, KNOWN)
    assert [job.type for job in page.data] == ["imagine"]
    assert page.total == 2
    assert problems == {}


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (KNOWN | {"progress": 101}, "progress: less_than_equal"),
        (KNOWN | {"status": "paused"}, "status: enum"),
        (KNOWN | {"result": {"images": [{"index": 1}]}}, "result.images.0.url: missing"),
        (KNOWN | {"error": {"code": "x"}}, "error.message: missing"),
        (WITHOUT_TIME, "created_at: missing"),
    ],
)
def test_a_job_that_cannot_be_read_whole_hides_no_other_and_can_still_be_recognised(
    broken: dict[str, Any], problem: str
) -> None:
    page, problems = read(broken | {"webhook_url": "https://studio.test/webhooks/midjourney/one"}, KNOWN)
    part, whole = page.data
    assert isinstance(part, PartOfJob)
    assert (str(part.id), part.webhook_url) == (KNOWN["id"], "https://studio.test/webhooks/midjourney/one")
    assert type(whole) is Job
    assert problems == {KNOWN["id"]: problem}


def test_a_job_whose_time_cannot_be_read_is_not_taken_for_an_old_one() -> None:
    (part,) = read(WITHOUT_TIME)[0].data
    assert part.created_at > Job.model_validate(KNOWN).created_at


@pytest.mark.parametrize("broken", [{"type": None}, {"id": "x"}, {"id": ["x"] * 1000}])
def test_a_job_that_does_not_say_which_it_is_is_passed_over_and_told_of(broken: dict[str, Any]) -> None:
    page, problems = read(KNOWN | broken, KNOWN)
    assert [type(job) for job in page.data] == [Job]
    (name,) = problems
    assert len(name) <= 64


@pytest.mark.parametrize("broken", [None, 3, "job", [], {}])
def test_what_is_no_job_at_all_hides_no_other(broken: Any) -> None:
    page, problems = read(broken, KNOWN)
    assert [type(job) for job in page.data] == [Job]
    assert len(problems) == 1


def test_no_word_of_the_service_gets_into_what_is_told_of_a_job() -> None:
    _, problems = read(KNOWN | {"progress": "a secret"})
    assert "secret" not in str(problems)


def test_a_list_that_is_null_has_nothing_in_it() -> None:
    result = Result.model_validate_json('{"images": null, "prompts": null}')
    assert wire(result) == {}


@pytest.mark.parametrize("text", ["2026-01-01T12:00:00", "2026-01-01T12:00:00Z", "2026-01-01T14:00:00+02:00"])
def test_a_moment_without_a_zone_is_one_of_utc(text: str) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    job = Job.model_validate_json(json.dumps(KNOWN | dict.fromkeys(("created_at", "updated_at", "completed_at"), text)))
    assert (job.created_at, job.updated_at, job.completed_at) == (noon, noon, noon)
    event = {"event": "job.failed", "job_id": KNOWN["id"], "status": "failed", "timestamp": text}
    assert WebhookEvent.model_validate_json(json.dumps(event)).timestamp == noon
