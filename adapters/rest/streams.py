"""Server-sent events of one job: its state at once, then every change, then the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from bot.errors import QuotaExceeded
from bot.jobs.bells import Bell
from bot.jobs.facade import ApiFacade
from bot.jobs.reporting import event_type_of
from bot.midjourney.schema import wire

PING_S = 15.0
"""How often a comment keeps proxies from closing a silent stream, in seconds."""

STREAM_LIMIT = 500


class Streams:
    """The streams that are open."""

    def __init__(self) -> None:
        """Start with none."""
        self._open: set[Bell] = set()
        self._closed = False

    def open(self) -> None:
        """Let streams last again, after ``close``."""
        self._closed = False

    def close(self) -> None:
        """End all of them."""
        self._closed = True
        for bell in self._open:
            bell.ring()

    async def of(self, api: ApiFacade, job_id: UUID) -> Response:
        """Give the stream of a job.

        Raises:
            JobNotFound: there is no such job, or it is another workspace's.
            QuotaExceeded: too many streams are open.
        """
        if len(self._open) >= STREAM_LIMIT:
            raise QuotaExceeded("Too many streams are open. Close some, or ask for the job from time to time.")
        await api.get_job(job_id)
        return StreamingResponse(
            self._events(api, job_id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(self, api: ApiFacade, job_id: UUID) -> AsyncIterator[str]:
        with api.watch(job_id) as bell:
            self._open.add(bell)
            try:
                said = None
                while not self._closed:
                    job = await api.get_job(job_id)
                    saying = json.dumps(wire(job), ensure_ascii=False)
                    yield f"event: {event_type_of(job.status)}\ndata: {saying}\n\n" if saying != said else ": \n\n"
                    said = saying
                    if job.status.ended:
                        return
                    await bell.wait(PING_S)
            finally:
                self._open.discard(bell)
