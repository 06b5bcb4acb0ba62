"""What a style is: its words, and a function from a finished picture to the same picture in that manner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.engine.painters.procedural.exact import Plane
from bot.engine.painters.procedural.stage import Stage

Finish: TypeAlias = Callable[[Stage, Plane], Plane]
"""Take the stage and the picture (3, height, width) in sRGB 0…1, give the picture again."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """One manner of painting. ``grain`` says whether the fine grain of a painting goes on top.

    ``broad`` says that it keeps nothing of the scene that is finer than a pixel at scale 1: larger pictures then get
    their detail from the style alone.
    """

    name: str
    words: tuple[str, ...]
    finish: Finish
    grain: bool = False
    broad: bool = False
    say: str = ""


def style(
    name: str, words: tuple[str, ...], *, grain: bool = False, broad: bool = False, say: str = ""
) -> Callable[[Finish], Style]:
    """Turn a finishing function into a style; ``say`` is how a description names it."""

    def wrap(finish: Finish) -> Style:
        return Style(name=name, words=words, finish=finish, grain=grain, broad=broad, say=say or words[0])

    return wrap
