"""The painter's work against the encoding of what it painted."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from PIL import Image

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter
from tests.benchmarks.measure import Measured

ORDER = Order(prompt="a lighthouse at dusk", seed=7)


async def measure() -> list[Measured]:
    """Paint on one processor, as a worker does."""
    painter = ProceduralPainter()

    def paint(scale: float) -> bytes:
        return painter.paint(ORDER, index=1, scale=scale, checkpoint=lambda _: None).content

    paint(0.25)
    picture = Image.open(io.BytesIO(paint(1.0)))
    picture.load()
    encoding = _seconds(lambda: picture.save(io.BytesIO(), "PNG", compress_level=1))
    return [
        Measured(
            what=what,
            value=_seconds(lambda scale=scale: paint(scale)) * 1000,  # type: ignore[misc]  # bound at once
            unit="ms",
            yardstick="encoding a picture as PNG",
            yardstick_value=encoding * 1000,
        )
        for what, scale in (("a preview", 0.25), ("a picture of a grid", 1.0), ("an upscale", 2.0))
    ]


def _seconds(work: Callable[[], object]) -> float:
    """Give the best of three, as the rest is noise."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)
