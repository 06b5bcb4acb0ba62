"""What happens to a call before its route sees it: who calls, how long the body is, whether it is strict JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pydantic_core
from fastapi import Request, Response
from fastapi.routing import APIRoute

from bot.midjourney.api import ImageApi
from bot.midjourney.refusals import Refusal, RequestRefused

Authenticate = Callable[[Request], Awaitable[ImageApi]]
"""Give the API as this caller may use it. Raises ``NotAuthenticated`` where the key is missing or wrong."""

PICTURE_LIMIT = 20 * 1024 * 1024
"""Bytes of one picture sent along in base64."""

_BASE64_LIMIT = PICTURE_LIMIT * 4 // 3 + 1024
_TEXT_LIMIT = 256 * 1024
"""Bytes of a body without pictures: the longest texts, every character escaped, and room to spare."""

_BODY_LIMITS = {
    "createDescribeJob": _TEXT_LIMIT + _BASE64_LIMIT,
    "createBlendJob": _TEXT_LIMIT + 5 * _BASE64_LIMIT,
}


class _ContractRequest(Request):
    """A request whose body has been measured and read as strict JSON."""

    async def load(self, limit: int) -> None:
        """Read the body, ``limit`` bytes at the most.

        Raises:
            RequestRefused: too long, not declared as JSON, or not JSON in UTF-8.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise _refuse(415, "unsupported_media_type", "Send the body as JSON, with Content-Type: application/json.")
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            raise _too_long(limit)
        body = bytearray()
        async for chunk in self.stream():
            body += chunk
            if len(body) > limit:
                raise _too_long(limit)
        self._body = bytes(body)
        if not body.strip():
            raise _refuse(400, "invalid_json", "The request has no body; send a JSON object.")
        try:
            # Stricter than json.loads: no NaN, no lone surrogates, no other encoding, a bounded depth.
            self._json = pydantic_core.from_json(self._body, allow_inf_nan=False)
        except ValueError as error:
            raise _refuse(400, "invalid_json", "The body is not valid JSON in UTF-8.") from error


def route_class(authenticate: Authenticate) -> type[APIRoute]:
    class ContractRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                call = _ContractRequest(request.scope, request.receive)
                call.state.api = await authenticate(call)
                if self.body_field is not None:
                    await call.load(_BODY_LIMITS.get(self.operation_id or "", _TEXT_LIMIT))
                return await handle(call)

            return handler

    return ContractRoute


def _refuse(status: int, code: str, message: str) -> RequestRefused:
    return RequestRefused(Refusal(status=status, code=code, message=message))


def _too_long(limit: int) -> RequestRefused:
    return _refuse(413, "body_too_long", f"The body is too long; {limit // 1024} KiB is the most that this call takes.")
