"""Answers with content that never changes: conditional requests and single ranges, as RFC 9110 has them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def answer(request: Request, content: bytes, content_type: str, headers: Mapping[str, str]) -> Response:
    """Give ``content``, or the piece of it that is asked for, or nothing where the caller has it already.

    ``headers`` hold the ``ETag``. A range that is malformed, or several at once, is passed over (section 14.2).
    """
    etag = headers["ETag"]
    if _names(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=dict(headers))
    headers = {**headers, "Accept-Ranges": "bytes"}
    wanted = _RANGE.fullmatch(request.headers.get("range", "").strip())
    # The entity tag is strong, so only the very same one makes the range count (section 13.1.5).
    if wanted is None or wanted[0] == "bytes=-" or request.headers.get("if-range", etag) != etag:
        return Response(content, media_type=content_type, headers=headers)
    first, last = _bounds(wanted[1], wanted[2], len(content))
    if first > last or first >= len(content):
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{len(content)}"})
    headers = headers | {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
    return Response(content[first : last + 1], 206, media_type=content_type, headers=headers)


def _names(condition: str, etag: str) -> bool:
    given = [each.strip().removeprefix("W/") for each in condition.split(",")]
    return "*" in given or etag in given


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1 if int(last) else -1
    return int(first), min(int(last), size - 1) if last else size - 1
