"""A program that calls the REST interface with a key, and the server on which it hears of its jobs."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import InvalidCommand
from bot.midjourney.webhooks import verify
from tests.fakes.engines import png
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Seen
from tests.reliability.processes import ask_as_admin

REFUSED_RATE = 0.1
LOST_RATE = 0.1


@dataclass
class Listener:
    """The programs' own server: it takes webhooks, and has a picture to offer.

    ``gone`` says that it wants to hear nothing more (410).
    """

    secrets: Sequence[str] = ()
    origin: str = ""
    heard: list[Heard] = field(default_factory=list)
    gone: bool = False
    draw: Random = field(default_factory=lambda: Random(7))

    async def hook(self, request: Request) -> Response:
        """Take a webhook, or not."""
        body = await request.body()
        if self.gone:
            return Response(status_code=410)
        if self.draw.random() < REFUSED_RATE:
            return Response(status_code=503)
        said, signature = json.loads(body), request.headers["x-midjourney-signature"]
        event = Heard(
            event_id=request.headers["webhook-id"],
            job_id=said["job_id"],
            status=said["status"],
            signed=any(verify(body, signature, secret) for secret in self.secrets),
        )
        self.heard.append(event)
        return Response(status_code=504 if self.draw.random() < LOST_RATE else 200)

    async def picture(self, _: Request) -> Response:
        """Give a picture."""
        return Response(png(), media_type="image/png")


class Caller:
    """A program with a key. Use it as a context manager."""

    def __init__(self, url: str, ledger: Ledger, key: str, listener: Listener, data: Path) -> None:
        """Call the program at ``url``, and write into ``ledger`` what is acknowledged."""
        self.ledger = ledger
        self.data = data
        self._progress = False
        self.listener = listener
        self.http = httpx.AsyncClient(
            base_url=url, timeout=10.0, trust_env=False, headers={"Authorization": f"Bearer {key}"}
        )

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self.http.aclose()

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Call an operation by the name of the command."""
        name, _, prompt = text.removeprefix("/").partition(" ")
        given = [base64.b64encode(content).decode() for content in pictures]
        match name:
            case "describe":
                return await self.call("/v1/describe", {"image_base64": given[0]}, jobs=jobs)
            case "blend":
                return await self.call("/v1/blend", {"images": [{"base64": each} for each in given]}, jobs=jobs)
            case _:
                return await self.call("/v1/imagine", {"prompt": prompt}, jobs=jobs)

    async def press(self, button_id: str) -> bool:
        """Call the operation that a button stands for; a program makes up its own buttons."""
        action, job_id, index = button_id.split(":")
        if action == "cancel":
            return await self.call(f"/v1/jobs/{job_id}/cancel", None)
        return await self.call(f"/v1/{action}", {"job_id": job_id, "index": int(index)})

    async def call(self, path: str, body: dict[str, Any] | None, *, jobs: int = 1) -> bool:
        """Call an operation by a key of its own until it is answered, and give whether it was taken."""
        key = str(uuid.uuid4())
        if body is not None:
            self._progress = not self._progress
            kind = "progress" if self._progress else "result"
            body = {**body, "webhook_url": f"{self.listener.origin}/hook", "webhook_type": kind}
        answer = await self.again("POST", path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code not in {401, 422}, answer.text
        if answer.is_success:
            self.ledger.jobs[key] = jobs
            if body is not None:
                self.ledger.answers[key] = answer.json()["data"]["job_id"]
        elif answer.status_code == 404:
            self.ledger.dead.append(path)
        else:
            self.ledger.refused += 1
        return answer.is_success

    async def look(self) -> list[Seen]:
        """Give the newest jobs, the oldest first."""
        page = (await self.again("GET", "/v1/jobs?limit=100")).json()["data"]
        return [_seen(job) for job in reversed(page)]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Ask until the newest job of a prompt has a status, and something to do with it if that is named."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for job in reversed(await self.look()):
                    if job.prompt == prompt and job.status == status and (label is None or label in job.buttons):
                        return job
                await asyncio.sleep(PAUSE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self.data, act, arguments)

    async def unless_refused(self, sentence: str, act: str, **arguments: Any) -> Any:
        """Do something as the admin, and give nothing where it is refused with this sentence."""
        try:
            return await self.admin(act, **arguments)
        except InvalidCommand as error:
            if sentence not in str(error):
                raise
            return None

    async def given_up(self) -> list[str]:
        """Give what the events say that were given up."""
        return [row["event"] for row in await self.admin("list_webhooks", state="failed")]

    async def status_with(self, key: str) -> int:
        """Give how a call with another key is answered."""
        return (await self.again("GET", "/v1/jobs", headers={"Authorization": f"Bearer {key}"})).status_code

    async def everything(self) -> list[dict[str, Any]]:
        """Give every job of the workspace, by pages."""
        found: list[dict[str, Any]] = []
        while True:
            page = (await self.again("GET", f"/v1/jobs?limit=100&offset={len(found)}")).json()
            found += page["data"]
            if len(found) >= page["total"] or not page["data"]:
                return found

    async def again(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call until there is an answer that is not about the server's state."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    answer = await self.http.request(method, path, **options)
                    if answer.status_code < 500:
                        return answer
                except httpx.TransportError:
                    pass
                self.ledger.repeated += 1
                await asyncio.sleep(PAUSE_S)


def _seen(job: dict[str, Any]) -> Seen:
    buttons = {}
    if job["status"] == "completed" and job["type"] in {"imagine", "variation", "blend"}:
        for index in range(1, 5):
            buttons[f"U{index}"] = f"upscale:{job['id']}:{index}"
            buttons[f"V{index}"] = f"variations:{job['id']}:{index}"
    if job["status"] in {"pending", "in_progress"}:
        buttons["Cancel"] = f"cancel:{job['id']}:"
    return Seen(job_id=job["id"], status=job["status"], prompt=job.get("prompt") or "", buttons=buttons)
