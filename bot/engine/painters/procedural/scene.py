"""The scene graph: pure frozen data that decides a picture, at any size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Place:
    """One thing in the scene. Lengths are in units in which the whole picture has the area 1.

    ``x`` is the middle, ``base`` the line that it stands on (downwards from the top), ``height`` its size.
    ``width`` is what it carries, for a headland. ``key`` names its stream of details. ``afloat`` asks for a reflection;
    ``seated`` says that it rides on another thing.
    """

    name: str
    x: float
    base: float
    height: float
    key: str
    width: float = 0.0
    colour: tuple[str, ...] = ()
    flip: bool = False
    afloat: bool = False
    seated: bool = False


@dataclass(frozen=True, kw_only=True)
class Light:
    """The light: ``sky`` runs from the zenith to the horizon, ``x`` and ``y`` place sun or moon."""

    name: str
    sky: tuple[str, ...]
    disc: str
    glow: str
    key: str
    shade: str
    gloom: float
    stars: float
    lamps: float
    x: float
    y: float
    size: float
    moon: bool = False
    veiled: bool = False


@dataclass(frozen=True, kw_only=True)
class Grade:
    """What happens to every colour: drawn towards ``colours`` (dark to light) by ``strength``, then changed."""

    colours: tuple[str, ...] = ()
    strength: float = 0.0
    chroma: float = 1.0
    lift: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A whole picture as data. ``key`` names the streams of details; ``ornament`` and ``detail`` are 0…1 and about 1."""

    width: float
    height: float
    horizon: float
    key: str
    light: Light
    grade: Grade
    ground: str
    places: tuple[Place, ...]
    weather: tuple[str, ...] = ()
    season: str = "default"
    styles: tuple[str, ...] = ()
    clouds: float = 0.5
    ornament: float = 0.3
    detail: float = 1.0
    tile: bool = False
    raw: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Give the names of all that is in the picture."""
        return frozenset({self.ground, *(place.name for place in self.places), *self.weather})


def to_json(scene: Scene) -> str:
    """Write a scene as compact JSON, for the picture's own text chunk."""
    return json.dumps(_rounded(asdict(scene)), ensure_ascii=False, separators=(",", ":"))


def read_summary(text: str) -> Mapping[str, Any] | None:
    """Read a scene's JSON back as plain data, or give None where it is not one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "light" in found and "places" in found else None


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value
