"""Embedded engines for tests: everything real save the painter, which is tiny and does what it is told."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from PIL import Image

from bot.engine import EngineSettings
from bot.midjourney.api import ImageApi
from bot.midjourney.schema import Job

TOKEN = "a-key-for-tests"
TIME_LIMIT_SECONDS = 30.0


def tiny_settings(folder: Path, *, previews: bool = True, **changes: Any) -> EngineSettings:
    """Give settings for an engine in ``folder`` that paints with the tiny painter."""
    painter: dict[str, Any] = {
        "painter": "tests.fakes.tiny_painter:TinyPainter",
        "painter_options": {"folder": str(folder), "previews": previews},
        "workers": 1,
    }
    return EngineSettings(folder=folder, token=TOKEN, **{**painter, **changes})


async def reached(api: ImageApi, job_id: UUID, condition: Callable[[Job], bool]) -> Job:
    """Ask for a job until it is as wanted, within a time limit."""
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        while not condition(job := await api.get_job(job_id)):  # noqa: ASYNC110 - a job can only be asked for
            await asyncio.sleep(0.01)
    return job


async def ended(api: ImageApi, job_id: UUID) -> Job:
    """Ask for a job until it has ended, within a time limit."""
    return await reached(api, job_id, lambda job: job.status.ended)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, within a time limit."""
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - files and processes send no events
            await asyncio.sleep(0.01)


def journal(settings: EngineSettings) -> list[str]:
    """Give what the tiny painter has written down."""
    path = settings.folder / "journal"
    return path.read_text().splitlines() if path.exists() else []


def open_gate(settings: EngineSettings) -> None:
    """Let gated paintings go on, those to come included."""
    (settings.folder / "gate").touch()


def png(colour: tuple[int, int, int] = (200, 40, 40), size: tuple[int, int] = (8, 8)) -> bytes:
    """Give a picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()
