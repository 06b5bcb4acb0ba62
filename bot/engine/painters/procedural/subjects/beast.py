"""Four-legged animals: one way to paint them all, told apart by their forms, coats and marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.painters.procedural.modelling import Codes, Model, Shape, Solid, painted
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A patch of another colour on the coat."""

    shapes: tuple[Shape, ...]
    code: Codes
    blur: float = 0.0
    strength: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Beast:
    """An animal from the side, facing right, its feet on 0 and its head about 1 (see ``modelling`` for shapes).

    ``torso`` is body, neck and head; ``fore`` and ``hind`` are the near legs, the far ones stand ``stride`` further.
    ``behind`` is painted before all (tail, mane, far horn), ``ears`` after, in the coat's colour.
    """

    coat: tuple[str, str, str]
    torso: tuple[Shape, ...]
    fore: Shape
    hind: Shape
    ears: tuple[Shape, ...] = ()
    tail: tuple[Shape, ...] = ()
    tail_code: Codes | None = None
    behind: tuple[tuple[Codes, tuple[Shape, ...]], ...] = ()
    before: tuple[tuple[Codes, tuple[Shape, ...]], ...] = ()
    marks: tuple[Mark, ...] = ()
    tail_marks: tuple[Mark, ...] = ()
    inner_ear: tuple[Shape, ...] = ()
    eye: tuple[float, float, float] = (0.6, 0.8, 0.016)
    iris: str = "#2a1c14"
    nose: tuple[float, float, float] | None = None
    stride: tuple[float, float] = (0.10, -0.12)
    roundness: float = 0.075
    texture: float = 0.22
    ear_code: Codes | None = None
    feet: Codes | None = None


def paint_beast(stage: Stage, place: Place, beast: Beast) -> None:
    """Paint an animal where it stands, with its shadow on the ground."""
    model = Model(stage, place)
    coat = painted(place, beast.coat)
    left, right = _span((beast.fore, beast.hind))
    model.centre = sum(_span((*beast.torso, *beast.tail, beast.fore, beast.hind))) / 2
    model.shadow(left - 0.3, right + 0.3, strength=0.55)
    for code, shapes in beast.behind:
        model.solid(*shapes, code=code, roundness=beast.roundness * 0.7, texture=beast.texture)
    far = (_moved(beast.fore, beast.stride[0]), _moved(beast.hind, beast.stride[1]))
    legs = model.solid(*far, code=coat, roundness=0.05, shade=0.34, texture=beast.texture)
    _feet(model, legs, far, beast.feet)
    if beast.tail:
        tail = model.solid(*beast.tail, code=beast.tail_code or coat, roundness=0.06, texture=1.4 * beast.texture)
        for mark in beast.tail_marks:
            model.mark(tail, *mark.shapes, code=mark.code, blur=mark.blur, strength=mark.strength)
    body = model.solid(
        *beast.torso, beast.fore, beast.hind, code=coat, roundness=beast.roundness, texture=beast.texture
    )
    _feet(model, body, (beast.fore, beast.hind), beast.feet)
    for mark in beast.marks:
        model.mark(body, *mark.shapes, code=mark.code, blur=mark.blur, strength=mark.strength)
    for code, shapes in beast.before:
        model.solid(*shapes, code=code, roundness=beast.roundness * 0.7, texture=1.4 * beast.texture)
    for ear in beast.ears:
        model.solid(ear, code=beast.ear_code or coat, roundness=0.035, texture=beast.texture)
    for ear in beast.inner_ear:
        model.flat(ear, code="#3c2420", lit=0.35)
    model.eye(*beast.eye, iris=beast.iris)
    if beast.nose is not None:
        model.flat((beast.nose,), code="#1c1618", plain=True)
    model.rooted([leg[-1][0] for leg in (*far, beast.fore, beast.hind)])


def _feet(model: Model, on: Solid, legs: Sequence[Shape], code: Codes | None) -> None:
    """Colour the feet."""
    if code is not None:
        socks = [tuple((x, y, 1.5 * r) for x, y, r in leg[-3:]) for leg in legs]
        model.mark(on, *socks, code=code, blur=0.012)


def _moved(leg: Shape, by: float) -> Shape:
    """Shift a leg, more at its foot than at its shoulder, and lift it, as farther ground is higher in a picture."""
    top = leg[0][1]
    return tuple((x + by * (1 - 0.75 * y / top), y + 0.02, r * (0.95 - 0.2 * y / top)) for x, y, r in leg)


def _span(shapes: Sequence[Shape]) -> tuple[float, float]:
    across = [point[0] for shape in shapes for point in shape]
    return min(across), max(across)
