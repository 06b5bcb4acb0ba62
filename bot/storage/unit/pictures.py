"""Pictures of jobs: wanted, kept, given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.clock import to_millis
from bot.jobs.model import Picture, PictureRole
from bot.storage.rows import picture_of
from bot.storage.unit.base import UnitBase, moment


class PictureRows(UnitBase):
    """Pictures that jobs start from or end in."""

    async def add_input(self, picture: Picture) -> None:
        """Write a picture that a job starts from; it is to be fetched where it is not kept yet."""
        self._write(
            "insert_input",
            job_id=picture.job_id,
            position=picture.position,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
            source_url=picture.source_url,
            due_at=self._now if picture.digest is None else None,
        )

    async def want_picture(self, job_id: str, role: PictureRole, position: int, source_url: str) -> None:
        """Ask for a picture to be fetched, unless it is kept already."""
        self._write(
            "want_picture",
            job_id=job_id,
            role=role.value,
            position=position,
            source_url=source_url,
            due_at=self._now,
        )

    async def keep_picture(self, picture: Picture) -> None:
        """Record that a picture is kept, as fetched from its ``source_url``."""
        self._write(
            "keep_picture",
            job_id=picture.job_id,
            role=picture.role.value,
            position=picture.position,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            content_type=picture.content_type,
            source_url=picture.source_url,
        )
        self._leave_picture(picture)

    async def put_picture_off(self, picture: Picture, due_at: datetime) -> None:
        """Try to fetch the picture again at ``due_at``, from its ``source_url``; keep its ``attempts``."""
        self._write(
            "put_picture_off",
            **_which(picture),
            due_at=to_millis(due_at),
            source_url=picture.source_url,
            attempts=picture.attempts,
        )
        self._leave_picture(picture)

    async def give_picture_up(self, picture: Picture, failure: str) -> None:
        """Record that a picture cannot be had, with the sentence that says why."""
        self._write("give_picture_up", **_which(picture), failure=failure)
        self._leave_picture(picture)

    async def mark_unread(self, picture: Picture, failure: str) -> None:
        """Record that a kept picture which a job starts from cannot be read at the moment, in a sentence; count the try."""
        self._write("mark_unread", **_which(picture), failure=failure)

    async def mark_read(self, job_id: str) -> None:
        """Record that the pictures which a job starts from can be read again."""
        self._write("mark_read", job_id=job_id)

    async def stop_preview(self, job_id: str) -> None:
        """Fetch no preview of a job any more."""
        self._write("stop_preview", job_id=job_id)

    async def drop_preview(self, job_id: str) -> None:
        """Forget a job's preview."""
        self._write("drop_preview", job_id=job_id)

    async def give_preview_up(self, picture: Picture) -> None:
        """Forget a job's preview that cannot be had from its ``source_url``, unless a newer one is wanted by now."""
        self._write("give_preview_up", job_id=picture.job_id, source_url=picture.source_url)
        self._leave_picture(picture)

    async def pictures_of(self, job_id: str) -> list[Picture]:
        """Give every picture of a job."""
        return [picture_of(row) for row in await self._all("pictures_of_job", job_id=job_id)]

    async def pictures_due(self, limit: int, *, inputs: bool) -> list[Picture]:
        """Give pictures to fetch that no other process is fetching: those that jobs start from, or all others.

        There are up to ``limit`` that have not been tried, then as many that have, so that neither hides the other.
        """
        query = "inputs_due" if inputs else "results_due"
        asked = {"now": self._now, "limit": limit, "holder": self._connection.holder}
        first = await self._all(query, **asked, fewest=0, most=0)
        again = await self._all(query, **asked, fewest=1, most=_MOST_ATTEMPTS)
        return [picture_of(row) for row in (*first, *again)]

    async def take_pictures(self, pictures: Sequence[Picture]) -> list[Picture]:
        """Mark pictures that are due as being fetched by this process, and give those that no other was quicker to take."""
        if not (self.shared and pictures):
            return list(pictures)
        taken = await self._all(
            "take_pictures",
            holder=self._connection.holder,
            job_ids=[picture.job_id for picture in pictures],
            roles=[picture.role.value for picture in pictures],
            positions=[picture.position for picture in pictures],
            now=self._now,
        )
        return [picture_of(row) for row in taken]

    async def next_picture_due_at(self) -> datetime | None:
        """Say when the next picture becomes due, beside those that are."""
        return moment(await self._one("next_picture_due_at", now=self._now, holder=self._connection.holder))

    def _leave_picture(self, picture: Picture) -> None:
        if self.shared:
            self._write("leave_picture", **_which(picture))


_MOST_ATTEMPTS = 2**31 - 1
"""What the column holds at most."""


def _which(picture: Picture) -> dict[str, Any]:
    return {"job_id": picture.job_id, "role": picture.role.value, "position": picture.position}
