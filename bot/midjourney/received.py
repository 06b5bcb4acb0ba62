"""What an answer of the image service means: what it gives, or which error it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from bot.errors import (
    AlreadyEnded,
    ImaginebotError,
    UpstreamBarred,
    UpstreamBusy,
    UpstreamMistaken,
    UpstreamRejected,
    UpstreamTroubled,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from bot.midjourney.foreign import read_retry_after
from bot.midjourney.schema import ErrorBody, Job

_log = logging.getLogger(__name__)

_MESSAGE_LIMIT = 500
"""Characters of the service's own sentence that are passed on."""

_COMMIT_UNKNOWN = "commit_unknown"
"""An imaginebot's code for a database that was lost at the very end, so that nobody can say whether it was done."""

_PROXYS_OWN = frozenset({401, 403, 408, 413, 414, 425, 429, 431})
"""What a proxy before an imaginebot may answer to a request by itself, beside the 5xx where it does not reach it."""

_ANSWER = TypeVar("_ANSWER", bound=BaseModel)


def refused(
    response: httpx.Response, *, now: datetime, ours: bool, missing: Callable[[str], ImaginebotError] | None
) -> ImaginebotError:
    """Translate an answer that is not 200.

    ``ours`` says that it should be an imaginebot's. ``missing`` makes the error of a 404 that tells of a job.
    """
    status = response.status_code
    body = _error_body(response)
    retry_after = read_retry_after(response.headers.get("Retry-After"), now)
    if ours and body is None and _is_no_proxys(status):
        return mistaken(response)
    if status == 401 or status == 403:
        if ours and body is None:
            _log.error("something before an imaginebot answers at %s with %s", response.request.url.path, status)
            return UpstreamBarred("Something in front of imaginebot does not let us through.")
        return UpstreamUnauthorized("The image service does not accept our key. Please tell the admin.")
    if status == 429:
        said = {"message": body.message[:_MESSAGE_LIMIT]} if ours and body else {}
        return UpstreamBusy(**said, retry_after=retry_after)
    if status >= 500 or status < 400 or status in {408, 425}:
        _log.warning("the image service answered %s (%s)", status, body.code if body else "no error body")
        if ours and status >= 500 and body:
            return _trouble(status, body, retry_after)
        return UpstreamUnavailable(retry_after=retry_after)
    if body is None:
        if status == 404:
            # Not the contract's 404: more likely a proxy or a wrong address than a job that is gone.
            return malformed(response, "is a 404 without the contract's error body")
        return UpstreamRejected(f"http_{status}", f"The image service refused the request (status {status}).")
    message = body.message[:_MESSAGE_LIMIT]
    if status == 404 and missing is not None:
        return missing(message)
    if body.code == AlreadyEnded.code:
        return AlreadyEnded(message)
    return UpstreamRejected(body.code[:100], message)


def _is_no_proxys(status: int) -> bool:
    return status == 501 or (status < 500 and status not in _PROXYS_OWN)


def _trouble(status: int, body: ErrorBody, retry_after: float | None) -> UpstreamTroubled:
    """Translate what an imaginebot says of its own trouble; by a 503 it has kept nothing, save where it cannot know."""
    return UpstreamTroubled(
        body.message[:_MESSAGE_LIMIT],
        retry_after=retry_after,
        may_have_arrived=status != 503 or body.code == _COMMIT_UNKNOWN,
    )


def read(answer: type[_ANSWER], response: httpx.Response, *, ours: bool) -> _ANSWER:
    """Read the body of a success, or raise what it means that it cannot be read; ``ours`` as for ``refused``."""
    try:
        return answer.model_validate_json(response.content)
    except ValidationError as error:
        if answer is Job and _tells_of_a_job(response):
            # The service is there, and says of this one job what nobody understands; asking again at once is in vain.
            malformed(response, f"is not a {answer.__name__}")
            raise UpstreamRejected("unreadable_job", _UNREADABLE) from error
        if ours and not _is_cut_off(response, error):
            raise mistaken(response) from error
        raise malformed(response, f"is not a {answer.__name__}") from error


def _is_cut_off(response: httpx.Response, error: ValidationError) -> bool:
    """Say whether an answer may be the beginning of one that is in order."""
    declared = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return declared == "application/json" and error.errors()[0]["type"] == "json_invalid"


def _tells_of_a_job(response: httpx.Response) -> bool:
    """Say whether an answer names the job that was asked for, whatever else it holds."""
    try:
        named = _Named.model_validate_json(response.content)
    except ValidationError:
        return False
    return str(named.id) in response.request.url.path


class _Named(BaseModel):
    id: UUID


_UNREADABLE = "The image service says of this job what cannot be understood."


def _error_body(response: httpx.Response) -> ErrorBody | None:
    try:
        return ErrorBody.model_validate_json(response.content)
    except ValidationError:
        return None


def mistaken(response: httpx.Response) -> UpstreamMistaken:
    """Log an answer that no imaginebot gives, and give the error that it is."""
    _log.error("what answers at %s with %s is no imaginebot", response.request.url.path, response.status_code)
    return UpstreamMistaken()


def malformed(response: httpx.Response, what: str) -> UpstreamUnavailable:
    """Log what is wrong with an answer, and give the error that it is."""
    _log.error(
        "the answer of the image service to %s %s %s (status %s, %s)",
        response.request.method,
        response.request.url.path,
        what,
        response.status_code,
        response.headers.get("content-type", "no content type")[:100],
    )
    return UpstreamUnavailable("The image service gave an answer that cannot be understood.")
