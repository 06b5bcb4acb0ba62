"""What a caller over HTTP is told when something is refused: status, code and one sentence.

Every error body has the contract's form: ``{status: "ERROR", code, message}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.errors import (
    ButtonNotFound,
    ImaginebotError,
    JobNotFound,
    NotAuthenticated,
    QuotaExceeded,
    StorageUnavailable,
    UpstreamBusy,
    UpstreamRejected,
    UpstreamUnauthorized,
    UpstreamUnavailable,
    UserError,
)
from bot.midjourney.schema import (
    BLEND_MAX,
    BLEND_MIN,
    CHAOS_LIMIT,
    LIST_LIMIT,
    PROMPT_LIMIT,
    SEED_LIMIT,
    STYLIZE_LIMIT,
    JobStatus,
    ModelVersion,
    ProcessMode,
    SortOrder,
    WebhookType,
)

STATUSES: Mapping[type[ImaginebotError], int] = {
    UserError: 400,
    NotAuthenticated: 401,
    JobNotFound: 404,
    ButtonNotFound: 404,
    QuotaExceeded: 429,
    UpstreamRejected: 400,
    UpstreamUnauthorized: 401,
    UpstreamBusy: 429,
    UpstreamUnavailable: 503,
    StorageUnavailable: 503,
    ImaginebotError: 500,
}
"""The HTTP status of each error of ours; one that is not named has the status of its nearest ancestor."""

DEFAULT_RETRY_AFTER_SECONDS = 5
_OUR_FAULT = "Something went wrong on our side. Please try again in a moment."
_NO_STORAGE = "Nothing can be stored at the moment. Please try again later."
_ADDRESS = "an http or https address"
_ONE_UUID = "a job's id, which is a UUID"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One error answer."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


class RequestRefused(Exception):
    """Carry a refusal of the HTTP layer itself (a body too long, a wrong content type) to its handler."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep ``refusal``."""
        super().__init__(refusal.message)
        self.refusal = refusal


def refusal_of(error: ImaginebotError) -> Refusal:
    """Translate an error of ours."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    if isinstance(error, StorageUnavailable):
        return Refusal(status=status, code=error.code, message=_NO_STORAGE, headers=_retry_after(None))
    if status == 500:
        return internal_error()
    headers: Mapping[str, str] = {}
    if status in {429, 503}:
        headers = _retry_after(getattr(error, "retry_after", None))
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return Refusal(status=status, code=error.code, message=str(error), headers=headers)


def internal_error() -> Refusal:
    """Give the answer to whatever nobody foresaw; it tells nothing about the inside."""
    return Refusal(status=500, code="internal_error", message=_OUR_FAULT)


def refusal_of_validation(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """Put what pydantic found wrong into sentences; three of them at the most."""
    places = [tuple(error["loc"]) for error in errors]
    # A list is also found too short where one of its items is wrong; the item is what there is to mend.
    inner = [
        error
        for error, place in zip(errors, places, strict=True)
        if not any(other[: len(place)] == place and len(other) > len(place) for other in places)
    ]
    sentences = list(dict.fromkeys(_sentence(error) for error in inner))
    message = " ".join(sentences[:3])
    if len(sentences) > 3:
        message += f" ({len(sentences) - 3} more.)"
    return Refusal(status=400, code="invalid_request", message=message)


def _retry_after(seconds: float | None) -> Mapping[str, str]:
    """Give the header in whole seconds, rounded up, as HTTP wants it."""
    if seconds is None:
        seconds = DEFAULT_RETRY_AFTER_SECONDS
    return {"Retry-After": str(max(1, math.ceil(seconds)))}


_EXPECTED: Mapping[str, str] = {
    "prompt": f"prompt must be a text of 1 to {PROMPT_LIMIT} characters",
    "aspect_ratio": "aspect_ratio must be two whole numbers with a colon, such as 3:2",
    "model_version": f"model_version must be one of {', '.join(ModelVersion)}",
    "process_mode": f"process_mode must be one of {', '.join(ProcessMode)}",
    "quality": "quality must be one of 0.25, 0.5, 1.0, 2.0",
    "stylize": f"stylize must be a whole number from 0 to {STYLIZE_LIMIT}",
    "chaos": f"chaos must be a whole number from 0 to {CHAOS_LIMIT}",
    "seed": f"seed must be a whole number from 0 to {SEED_LIMIT}",
    "no": f"no must be a text of at most {PROMPT_LIMIT} characters",
    "image_url": f"image_url must be {_ADDRESS}",
    "image_base64": "image_base64 must be a picture in base64",
    "webhook_url": f"webhook_url must be {_ADDRESS}",
    "webhook_type": f"webhook_type must be one of {', '.join(WebhookType)}",
    "job_id": f"job_id must be {_ONE_UUID}",
    "jobId": f"jobId must be {_ONE_UUID}",
    "index": "index must be 1 to 4",
    "images": f"images must be a list of {BLEND_MIN} to {BLEND_MAX} pictures, each with url or base64",
    "url": f"url must be {_ADDRESS}",
    "base64": "base64 must be a picture in base64",
    "status": f"status must be one of {', '.join(JobStatus)}",
    "limit": f"limit must be a whole number from 1 to {LIST_LIMIT}",
    "offset": "offset must be a whole number from 0",
    "sort": f"sort must be one of {', '.join(SortOrder)}",
}


_ITEMS: Mapping[str, str] = {"images": "must be a picture, which is an object with url or base64"}
"""What one of a list must be, by the list's name."""


def _sentence(error: Mapping[str, Any]) -> str:
    """Say of one finding of pydantic what to do about it. What was sent is never repeated, save a field's name."""
    location = [step for step in error["loc"] if step not in {"body", "query", "path"}]
    names = [step for step in location if isinstance(step, str)]
    where = _path(location)
    match error["type"]:
        case "missing" if not location:
            return "The request has no body; send a JSON object."
        case "missing":
            return f"{where} is missing."
        case "extra_forbidden":
            return f"{where} is not a field of this request."
        case "value_error" if not names or names[-1] not in _EXPECTED or isinstance(location[-1], int):
            sentence = f"{error['ctx']['error']}."
            return f"{where}: {sentence}" if where else sentence[0].upper() + sentence[1:]
    if not names:
        return "The body must be a JSON object."
    if isinstance(location[-1], int) and names[-1] in _ITEMS:
        return f"{where} {_ITEMS[names[-1]]}."
    expected = _EXPECTED.get(names[-1], f"{names[-1]} is not valid")
    return expected.replace(names[-1], where, 1) + "."


def _path(location: Sequence[str | int]) -> str:
    """Write a location as people do: ``images[1].url``, the first picture having the number 1."""
    path = ""
    for step in location:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step[:60] if step.strip() else json.dumps(step[:60])}"
    return path.removeprefix(".")
