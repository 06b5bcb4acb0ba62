"""A painter for tests: pictures of a few pixels in no time, and obedience to words in the prompt.

- "gated": wait, with checkpoints, until the gate file exists; "slowly": the same, but not for previews;
- "busy": calculate for a second and a half without letting anybody else in;
- "stubborn": wait for ever, without checkpoints;
- "fatal once", "fatal": end the process the first time, every time;
- "broken": raise what nobody foresees;
- "unreadable": say that a picture cannot be read;
- "full": say that the disk is full.

Each painting writes lines into the journal: "begin PROMPT INDEX SCALE", "checkpoint PROMPT" and "end PROMPT INDEX".
"""

from __future__ import annotations

import errno
import io
import os
import time
from pathlib import Path

from PIL import Image

from bot.engine.painters.painter import Checkpoint, Order, Painting
from bot.errors import InvalidPicture

SIDE = 16
PATIENCE_SECONDS = 60.0
BUSY_SECONDS = 1.5


class TinyPainter:
    """Paint one flat colour that depends on everything in the order."""

    name = "tiny"
    preview_scales: tuple[float, ...] = (0.25, 0.5)

    def __init__(self, folder: str, previews: bool = True) -> None:
        self._folder = Path(folder)
        self._journal = self._folder / "journal"
        self._gate = self._folder / "gate"
        if not previews:
            self.preview_scales = ()

    def paint(self, order: Order, *, index: int, scale: float, checkpoint: Checkpoint) -> Painting:
        self._write(f"begin {order.prompt} {index} {scale}")
        self._obey(order.prompt if scale >= 1 else order.prompt.replace("slowly", ""), checkpoint)
        width, height = (max(1, round(SIDE * side * scale)) for side in order.aspect_ratio)
        buffer = io.BytesIO()
        Image.new("RGB", (width, height), _colour(order, index)).save(buffer, "PNG")
        checkpoint(1.0)
        self._write(f"end {order.prompt} {index}")
        return Painting(content=buffer.getvalue(), width=width, height=height)

    def describe(self, picture: bytes, *, checkpoint: Checkpoint) -> tuple[str, ...]:
        checkpoint(0.5)
        with Image.open(io.BytesIO(picture)) as opened:
            colour = opened.convert("RGB").getpixel((0, 0))
        return tuple(f"a picture of {colour}, way {number} --ar 1:1" for number in range(1, 5))

    def _obey(self, prompt: str, checkpoint: Checkpoint) -> None:
        ends = time.monotonic() + PATIENCE_SECONDS
        while ("gated" in prompt or "slowly" in prompt) and not self._gate.exists() and time.monotonic() < ends:
            checkpoint(0.5)
            self._write(f"checkpoint {prompt}")
            time.sleep(0.01)
        if "busy" in prompt:
            ends = time.monotonic() + BUSY_SECONDS
            while time.monotonic() < ends:
                sum(range(1000))
        if "stubborn" in prompt:
            time.sleep(PATIENCE_SECONDS)
        if "fatal" in prompt and ("once" not in prompt or self._first_time()):
            os._exit(3)
        if "broken" in prompt:
            raise RuntimeError("the paint has dried up")
        if "unreadable" in prompt:
            raise InvalidPicture("This picture cannot be read. Please send another one.")
        if "full" in prompt:
            raise OSError(errno.ENOSPC, "No space left on device")

    def _first_time(self) -> bool:
        try:
            (self._folder / "died").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _write(self, line: str) -> None:
        with self._journal.open("a") as journal:
            journal.write(line + "\n")


def _colour(order: Order, index: int) -> tuple[int, int, int]:
    if order.variation_of is not None:
        parent, chosen = order.variation_of
        red, green, _ = _colour(parent, chosen)
        return red, green, (order.seed + index) % 256
    red = sum(order.prompt.encode()) + sum(map(len, order.pictures))
    return red % 256, index * 60, order.seed % 256
