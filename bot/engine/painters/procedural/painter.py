"""The procedural painter: prompts to pictures on the processor, with no weights and no network."""

from __future__ import annotations

from bot.engine.painters.painter import Checkpoint, Order, Painting
from bot.engine.painters.procedural import png
from bot.engine.painters.procedural.compose import compose
from bot.engine.painters.procedural.describe import describe
from bot.engine.painters.procedural.measure import measure
from bot.engine.painters.procedural.render import STYLED, render
from bot.engine.painters.procedural.scene import to_json

SIGNATURE = "painted by the imaginebot engine"


class ProceduralPainter:
    """Paint scenes composed from the prompt's words; see the package for how."""

    name = "procedural"
    preview_scales: tuple[float, ...] = (0.25, 0.5)

    def paint(self, order: Order, *, index: int, scale: float = 1.0, checkpoint: Checkpoint) -> Painting:
        """Paint picture ``index`` (1 to 4) of ``order`` as PNG.

        Raises:
            Stopped: from ``checkpoint``.
            InvalidPicture: one of the order's pictures cannot be read.
        """
        checkpoint(0.0)
        scene = compose(order, index)
        pixels = render(scene, scale=scale, checkpoint=checkpoint)
        height, width = pixels.shape[:2]
        text = {"prompt": order.prompt, "seed": str(order.seed), "scene": to_json(scene), "Software": SIGNATURE}
        content = png.encode(pixels, text, checkpoint=checkpoint, since=STYLED)
        checkpoint(1.0)
        return Painting(content=content, width=width, height=height)

    def describe(self, picture: bytes, *, checkpoint: Checkpoint) -> tuple[str, ...]:
        """Give four different prompts that would lead to something like ``picture``.

        Raises:
            Stopped: from ``checkpoint``.
            InvalidPicture: the picture cannot be read.
        """
        checkpoint(0.0)
        measured = measure(picture)
        checkpoint(0.7)
        prompts = describe(measured)
        checkpoint(1.0)
        return prompts
