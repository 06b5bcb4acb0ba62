"""What makes the pixels inside the embedded engine.

Above a painter stands the engine, which queues, counts, keeps and reports; below it whatever paints: NumPy on the
processor here, a local model or a remote service elsewhere. A painter runs in a worker, never on the event loop, and
so is plain synchronous code. Everything that crosses the border is plain data that can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Checkpoint = Callable[[float], None]
"""Report how far the picture is (0.0 to 1.0). It raises ``Stopped`` where the job has been cancelled.

A painter calls it at least every 100 ms, so that a cancel stops the work at once.
"""


class Stopped(Exception):
    """The job was cancelled while its picture was being painted."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """Everything that decides how a picture looks: the same order gives the same pixels, on any machine.

    ``prompt`` is the text with whatever parameters the API has no field for still in it. ``aspect_ratio`` is width
    over height, both positive. ``seed`` is always set; the engine draws one where the caller gave none.
    ``pictures`` are the files that the order looks at: the reference of an imagine, the pictures of a blend.
    ``variation_of`` is set for a variation: the order of the parent and the index of the chosen picture.
    """

    prompt: str
    aspect_ratio: tuple[int, int] = (1, 1)
    model_version: str | None = None
    quality: float = 1.0
    stylize: int = 100
    chaos: int = 0
    seed: int = 0
    no: str | None = None
    pictures: tuple[bytes, ...] = ()
    blend: bool = False
    variation_of: tuple[Order, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Painting:
    """An encoded picture. ``content_type`` is ``image/png`` or ``image/webp``."""

    content: bytes
    width: int
    height: int
    content_type: str = "image/png"


class Painter(Protocol):
    """Paint pictures and put pictures into words.

    ``preview_scales`` are the scales at which an unfinished picture is cheap enough to be shown while the rest is
    painted, smallest first; empty where a painter has no cheap way.
    """

    name: str
    preview_scales: tuple[float, ...]

    def paint(self, order: Order, *, index: int, scale: float, checkpoint: Checkpoint) -> Painting:
        """Paint picture ``index`` (1 to 4) of ``order``.

        ``scale`` multiplies the size: 1.0 is a picture of a grid, 2.0 the upscale of that same picture, less than
        1.0 a preview of it. The composition is the same at every scale.

        Raises:
            Stopped: from ``checkpoint``; let it pass.
            InvalidPicture: one of the order's pictures cannot be read.
        """
        ...

    def describe(self, picture: bytes, *, checkpoint: Checkpoint) -> tuple[str, ...]:
        """Give four different prompts, each with its ``--ar``, that would lead to something like ``picture``.

        Raises:
            Stopped: from ``checkpoint``; let it pass.
            InvalidPicture: the picture cannot be read.
        """
        ...
