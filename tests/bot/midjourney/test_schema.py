"""What the wire models make of answers that a newer service may give."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from bot.midjourney.schema import JobPage

KNOWN = {
    "id": "0b0e8f3c-5d0f-4a4e-9f39-1d2b3c4d5e6f",
    "type": "imagine",
    "status": "pending",
    "created_at": "2026-01-01T00:00:00Z",
}


def page_of(*jobs: Any) -> JobPage:
    return JobPage.model_validate_json(json.dumps({"data": jobs, "total": len(jobs), "limit": 100, "offset": 0}))


@pytest.mark.parametrize("stranger", [{"type": "video"}, {"status": "paused"}])
def test_a_job_of_a_kind_that_is_new_does_not_hide_the_others(stranger: dict[str, str]) -> None:
    page = page_of(KNOWN | stranger, KNOWN)
    assert [job.type for job in page.data] == ["imagine"]
    assert page.total == 2


@pytest.mark.parametrize("broken", [{"type": None}, {"id": "x"}, {"status": 3}])
def test_a_job_that_is_broken_is_not_passed_over(broken: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        page_of(KNOWN | broken)
