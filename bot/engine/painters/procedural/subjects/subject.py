"""What a subject is: its words, its place in a picture, and the function that paints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage

Paint: TypeAlias = Callable[[Stage, Place], None]


class Role(StrEnum):
    """Where a subject belongs in a picture."""

    GROUND = "ground"
    """What fills the picture below the horizon; one a picture."""
    BACKDROP = "backdrop"
    """What stands along the horizon, from edge to edge."""
    FIGURE = "figure"
    """A thing with a place and a size of its own."""
    FRONT = "front"
    """What lies between the viewer and the scene."""
    WHOLE = "whole"
    """What fills the whole picture and needs no sky."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing that can be painted.

    ``home`` is the ground that it brings where the prompt names none, ``stands`` what it stands on (``land``, ``water`` or
    ``sky``), ``span`` its height and ``breadth`` its width as shares of the scene's height where there is room,
    ``count`` how many are placed. ``order`` sorts backdrops and figures: larger is nearer; of several
    that fill the whole picture the largest wins. ``rock`` carries it where the ground is water, ``flock`` repeats it
    over a wide format. ``near`` stands in the foreground, ``lights`` are those that it is often seen in. What
    ``rides`` takes the ``seat`` of what has one: its place in heights from the middle of the ground under it.
    """

    name: str
    role: Role
    words: tuple[str, ...]
    paint: Paint
    home: str = "meadow"
    stands: str = "land"
    span: float = 0.4
    breadth: float = 0.4
    order: int = 0
    with_backdrop: tuple[str, ...] = ()
    rock: str = "headland"
    flock: bool = False
    near: bool = False
    seat: tuple[float, float] | None = None
    rides: bool = False
    lights: tuple[str, ...] = ()
    say: str = ""


def subject(
    name: str,
    role: Role,
    words: tuple[str, ...],
    *,
    home: str = "meadow",
    stands: str = "land",
    span: float = 0.4,
    breadth: float = 0.4,
    order: int = 0,
    with_backdrop: tuple[str, ...] = (),
    rock: str = "headland",
    flock: bool = False,
    near: bool = False,
    seat: tuple[float, float] | None = None,
    rides: bool = False,
    lights: tuple[str, ...] = (),
    say: str = "",
) -> Callable[[Paint], Subject]:
    """Turn a painting function into a subject; ``say`` is how a description names it."""

    def wrap(paint: Paint) -> Subject:
        return Subject(
            name=name,
            role=role,
            words=words,
            paint=paint,
            home=home,
            stands=stands,
            span=span,
            breadth=breadth,
            order=order,
            with_backdrop=with_backdrop,
            rock=rock,
            flock=flock,
            near=near,
            seat=seat,
            rides=rides,
            lights=lights,
            say=say or words[0],
        )

    return wrap
