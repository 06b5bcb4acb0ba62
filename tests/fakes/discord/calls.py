"""What a handler of the REST interface is given: a request taken apart."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Upload = tuple[str, bytes]
"""A file's name and content."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request. ``parts`` are the placeholders of its path, ``files`` the uploads by field."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    files: Mapping[str, Upload]
    authorization: str | None
    size: int
    parts: Mapping[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """Say whether a query parameter is set."""
        return self.query.get(name, "").lower() in ("1", "true")


Answer = tuple[int, Any]
"""Status and body."""

Handler = Callable[[Call], Awaitable[Answer]]


async def read(request: web.Request, path: str) -> Call:
    """Take a request apart, be it JSON or a form with files.

    Raises:
        ValueError: it is neither.
    """
    kind = request.headers.get("Content-Type", "")
    body: Any = None
    files: dict[str, Upload] = {}
    if kind.startswith("multipart/form-data"):
        form = await request.post()
        for name, value in form.items():
            if isinstance(value, web.FileField):
                files[name] = (value.filename, value.file.read())
            elif name == "payload_json":
                body = json.loads(value if isinstance(value, str) else bytes(value))
            else:
                raise ValueError(f"a field {name} beside payload_json and files[n]")
        body = {} if body is None else body
    elif raw := await request.read():
        if kind != "application/json":
            raise ValueError(f"a body of the type {kind or 'nothing'}")
        body = json.loads(raw)
    return Call(
        method=request.method,
        path=path,
        query=dict(request.query),
        body=body,
        files=files,
        authorization=request.headers.get("Authorization"),
        size=request.content_length or 0,
    )
