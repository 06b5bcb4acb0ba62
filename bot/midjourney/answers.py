"""Whatever goes wrong in a call over HTTP, answered in the contract's form."""

from __future__ import annotations

import logging
from http.client import responses

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bot.errors import ImaginebotError
from bot.midjourney.refusals import Refusal, RequestRefused, internal_error, refusal_of, refusal_of_validation
from bot.midjourney.schema import ErrorBody, wire

_log = logging.getLogger(__name__)


def answer_errors(app: FastAPI) -> None:
    """Have every error of ``app`` answered: ours, the router's, and those that nobody foresaw."""
    app.add_exception_handler(ImaginebotError, _on_error)
    app.add_exception_handler(RequestRefused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_hung_up)
    app.add_exception_handler(Exception, _on_surprise)


def answer(refusal: Refusal) -> JSONResponse:
    """Give ``refusal`` as a response of the contract's form."""
    body = ErrorBody(code=refusal.code, message=refusal.message)
    return JSONResponse(wire(body), refusal.status, headers=dict(refusal.headers))


async def _on_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ImaginebotError)  # noqa: S101 - registered for nothing else
    refusal = refusal_of(error)
    if refusal.status >= 500:
        _log.error("a call could not be carried out: %s", error, exc_info=error if refusal.status == 500 else None)
    return answer(refusal)


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)  # noqa: S101 - registered for nothing else
    return answer(error.refusal)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    return answer(refusal_of_validation(error.errors()))


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    headers = dict(error.headers or {})
    match error.status_code:
        case 404:
            refusal = Refusal(status=404, code="not_found", message="There is nothing at this address.")
        case 405:
            allowed = headers.get("Allow", "")
            message = f"{request.method[:20]} is not possible here; use {allowed or 'another method'}."
            refusal = Refusal(status=405, code="method_not_allowed", message=message, headers=headers)
        case status:
            phrase = responses.get(status, "Refused")
            refusal = Refusal(status=status, code=phrase.lower().replace(" ", "_"), message=f"{phrase}.")
    return answer(refusal)


async def _on_hung_up(_request: Request, _error: Exception) -> Response:
    """Answer nobody: whoever sent this has gone in the middle of it, which is no error of ours."""
    return Response(status_code=400)


async def _on_surprise(_request: Request, error: Exception) -> Response:
    _log.error("a call failed unexpectedly", exc_info=error)
    return answer(internal_error())
