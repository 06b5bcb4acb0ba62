"""Painting as the engine does it, and the painter's own processor time, against the encoding of what was painted.

Times on the clock depend on whoever else uses the machine, so each is the fastest of several; the rows in processor
time say what the work itself costs.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image

from bot.engine.orders import Sheet, StoredOrder
from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter
from bot.engine.settings import DEFAULT_PAINTER
from bot.engine.workshop import Workshop
from tests.benchmarks.measure import Measured

PROMPT, SEED = "a lighthouse at dusk", 7
WORKERS = 2
_TIMES = 5


async def measure() -> list[Measured]:
    """Measure with two workers, as the engine has on two processors, then the painter alone."""
    painter = ProceduralPainter()
    picture = Image.open(io.BytesIO(_paint(painter, 1, 1.0)))
    picture.load()
    encoding = min(
        [_processor_seconds(lambda: picture.save(io.BytesIO(), "PNG", compress_level=1)) for _ in range(_TIMES)]
    )
    rows = {**await _on_the_clock(), **_in_processor_time(painter)}
    return [
        Measured(
            what=what,
            value=seconds * 1000,
            unit="ms",
            yardstick="encoding a picture as PNG, processor",
            yardstick_value=encoding * 1000,
        )
        for what, seconds in rows.items()
    ]


async def _on_the_clock() -> dict[str, float]:
    workshop = Workshop(painter=DEFAULT_PAINTER, options={}, workers=WORKERS)
    await workshop.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            studio = _Studio(workshop, Path(folder))
            for _ in range(WORKERS):
                await studio.four(0.25)
            return {
                "first preview of four, on the clock": await _fastest(lambda: studio.grid(0.25)),
                "a grid of four with its previews, on the clock": await _fastest(studio.whole),
                "the four pictures alone, on the clock": await _fastest(lambda: studio.four(1.0)),
                "an upscale, on the clock": await _fastest(lambda: studio.one(1, 2.0)),
            }
    finally:
        await workshop.close()


def _in_processor_time(painter: ProceduralPainter) -> dict[str, float]:
    def fastest(*sizes: tuple[int, float]) -> float:
        return min(_processor_seconds(lambda: [_paint(painter, *one) for one in sizes]) for _ in range(3))

    return {
        "first preview of four, processor / 2": fastest(*((n, 0.25) for n in range(1, 5))) / WORKERS,
        "the four pictures alone, processor / 2": fastest(*((n, 1.0) for n in range(1, 5))) / WORKERS,
        "an upscale, processor": fastest((1, 2.0)),
    }


class _Studio:
    """What the engine asks of its workers."""

    def __init__(self, workshop: Workshop, folder: Path) -> None:
        self._workshop = workshop
        self._folder = folder
        self._order = StoredOrder.of(Sheet(prompt=PROMPT, seed=SEED)).to_json()

    async def one(self, index: int, scale: float) -> Any:
        to = str(self._folder / f"{index}-{scale}")
        task = {"do": "paint", "order": self._order, "index": index, "scale": scale, "inputs": "", "to": to}
        await self._workshop.run(task, priority=(0,), on_progress=lambda _: None)
        return to

    async def four(self, scale: float) -> list[Any]:
        return await asyncio.gather(*(self.one(index, scale) for index in range(1, 5)))

    async def grid(self, scale: float) -> None:
        task = {"do": "compose", "pictures": await self.four(scale), "to": str(self._folder / "grid")}
        await self._workshop.run(task, priority=(0,), on_progress=lambda _: None)

    async def whole(self) -> None:
        for scale in (*self._workshop.preview_scales, 1.0):
            await self.grid(scale)


async def _fastest(work: Callable[[], Awaitable[Any]]) -> float:
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        await work()
        times.append(time.perf_counter() - began)
    return min(times)


def _processor_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _paint(painter: ProceduralPainter, index: int, scale: float) -> bytes:
    order = Order(prompt=PROMPT, seed=SEED)
    return painter.paint(order, index=index, scale=scale, checkpoint=lambda _: None).content
