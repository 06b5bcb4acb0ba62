"""Flowers seen close: rose, sunflower, lotus and daisy, before a garden out of focus."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import clamp
from bot.engine.painters.procedural.modelling import Codes, Model, Shape, painted, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_LEAF = ("#14381c", "#3c7c3c", "#98c870")
_ROSES = (
    ("#4c0414", "#c41c38", "#f88490"),
    ("#741c4c", "#e8709c", "#fcd0dc"),
    ("#8c5c18", "#f4c868", "#fff4cc"),
    ("#a08878", "#f4e8dc", "#ffffff"),
)
_TURNS = 96


def _circle() -> list[tuple[float, float]]:
    """Give points round a circle by turning a vector in small steps, with arithmetic that is the same everywhere."""
    points, x, y = [], 1.0, 0.0
    for _ in range(_TURNS):
        points.append((x, y))
        x, y = x * 0.9978589232 - y * 0.0654031292, x * 0.0654031292 + y * 0.9978589232
    return points


def _garden(stage: Stage, place: Place) -> Model:
    """Paint a garden out of focus, and give the model of a flower that fills the picture."""
    canvas, unit, stream = stage.canvas, stage.unit, stage.stream(place.key, "garden")
    drift = noise.coarse(canvas, stream, (1.6 / unit, 1.6 / unit), 3)
    height = (canvas.y * np.float32(1 / stage.h))[:, None]
    tone = clamp(drift * np.float32(1.1) - height * np.float32(0.45) + np.float32(0.22))
    canvas.fill(stage.tones.ramp(("#12301c", "#4c8450", "#d0e49c")), tone)
    for n in range(26):
        own = stream.child("disc", n)
        cx, cy, r = own.uniform() * stage.w, own.uniform() * stage.h, own.uniform(0.02, 0.075) * unit
        window = canvas.window((cx - r, cy - r, cx + r, cy + r))
        if window is None:
            continue
        dx = (canvas.x[None, window[1]] - np.float32(cx)) * np.float32(1 / r)
        dy = (canvas.y[window[0]][:, None] - np.float32(cy)) * np.float32(1 / r)
        disc = clamp((np.float32(1) - dx * dx - dy * dy) * np.float32(5)) * np.float32(own.uniform(0.06, 0.20))
        canvas.light(disc, stage.tones.plain(own.pick(("#fff0b0", "#fcd8c8", "#e4fcc8", "#fffbe8"))), window)
    size = 0.92 * min(stage.h, stage.w)
    whole = Place(
        name=place.name,
        x=stage.w / 2,
        base=0.5 * stage.h + 0.58 * size,
        height=size,
        key=place.key,
        flip=stream.chance(0.5),
    )
    return Model(stage, whole)


def _stalk(model: Model, foot: float, top: float, *, leaves: bool = True) -> None:
    model.solid(((0.03, -0.6, 0.026), (0.0, foot, 0.026), (0.0, top, 0.022)), code=_LEAF, roundness=0.02)
    if not leaves:
        return
    for way, y in ((-1, 0.16), (1, 0.24)):
        leaf = model.solid(
            (
                (0.0, y - 0.08),
                (way * 0.16, y - 0.08),
                (way * 0.36, y + 0.06),
                (way * 0.40, y + 0.16),
                (way * 0.18, y + 0.12),
            ),
            code=_LEAF,
            roundness=0.05,
        )
        model.mark(
            leaf,
            ((0.0, y - 0.07, 0.004), (way * 0.20, y + 0.02, 0.005), (way * 0.39, y + 0.14, 0.002)),
            code="#a8d080",
            strength=0.6,
        )


def _ring(
    model: Model,
    centre: tuple[float, float],
    count: int,
    reach: float,
    wide: float,
    code: Codes,
    *,
    turn: float = 0.0,
    root: float = 0.1,
    squash: float = 1.0,
    pointed: bool = False,
) -> None:
    """Paint petals round a centre, each of them rounded by the light."""
    around = _circle()
    for n in range(count):
        dx, dy = around[int((n / count + turn) * _TURNS) % _TURNS]

        def at(along: float, across: float, dx: float = dx, dy: float = dy) -> tuple[float, float]:
            return centre[0] + along * dx - across * dy, centre[1] + (along * dy + across * dx) * squash

        if pointed:
            petal: Shape = (
                at(root, 0.5 * wide),
                at(0.5 * reach, wide),
                at(reach, 0.0),
                at(reach * 1.04, 0.0),
                at(0.5 * reach, -wide),
                at(root, -0.5 * wide),
            )
        else:
            petal = (
                at(root, 0.45 * wide),
                at(0.6 * reach, wide),
                at(0.95 * reach, 0.75 * wide),
                at(reach, 0.0),
                at(0.95 * reach, -0.75 * wide),
                at(0.6 * reach, -wide),
                at(root, -0.45 * wide),
            )
        model.solid(petal, code=code, roundness=0.05, shade=0.05 * (n % 3))


@subject(
    "rose",
    Role.WHOLE,
    ("rose", "peony", "camellia", "rosebud"),
    order=2,
    lights=("noon", "golden", "dawn", "noon"),
    say="a rose",
)
def rose(stage: Stage, place: Place) -> None:
    """Paint a rose: petals laid over one another in a spiral."""
    model = _garden(stage, place)
    code = painted(place, model.stream.pick((_ROSES[0], *_ROSES)))
    _stalk(model, 0.0, 0.50)
    around = _circle()
    middle = (0.0, 0.62)
    for n in range(5):
        dx, dy = around[int((n / 5 + 0.06) * _TURNS) % _TURNS]
        model.solid(
            (
                (middle[0] + 0.16 * dx - 0.05 * dy, middle[1] + 0.16 * dy + 0.05 * dx),
                (middle[0] + 0.46 * dx, middle[1] + 0.46 * dy),
                (middle[0] + 0.16 * dx + 0.05 * dy, middle[1] + 0.16 * dy - 0.05 * dx),
            ),
            code=_LEAF,
            roundness=0.03,
        )
    for n in range(26):
        t = n / 25
        dx, dy = around[int((n * 0.381966 + 0.1) * _TURNS) % _TURNS]
        out, r = 0.255 * (1 - t) ** 0.85, 0.185 * (1 - t) + 0.050
        cx, cy = middle[0] + out * dx, middle[1] + out * dy + 0.02 * t

        def at(
            along: float, across: float, dx: float = dx, dy: float = dy, cx: float = cx, cy: float = cy, r: float = r
        ) -> tuple[float, float]:
            return cx + r * (along * dx - across * dy), cy + r * (along * dy + across * dx)

        petal = (
            at(-0.85, 0.35),
            at(-0.25, 1.05),
            at(0.62, 0.92),
            at(1.04, 0.3),
            at(1.0, -0.32),
            at(0.60, -0.95),
            at(-0.25, -1.05),
            at(-0.85, -0.35),
        )
        leaf = model.solid(petal, code=code, roundness=0.055 - 0.025 * t, shade=0.16 * t)
        rim = (at(0.50, 0.94), at(0.88, 0.5), at(0.96, 0.0), at(0.88, -0.5), at(0.50, -0.94))
        model.mark(leaf, tuple((x, y, 0.010) for x, y in rim), code=code[2], blur=0.008, strength=0.75)
        model.mark(
            leaf, (at(-0.9, 0.5), at(-0.2, 0.4), at(-0.2, -0.4), at(-0.9, -0.5)), code=code[0], blur=0.03, strength=0.65
        )
    model.solid(row("0 0.645 0.036, 0.012 0.655 0.022"), code=(code[0], code[0], code[1]), roundness=0.02)


@subject(
    "sunflower", Role.WHOLE, ("sunflower", "gerbera"), order=2, lights=("noon", "golden", "noon"), say="a sunflower"
)
def sunflower(stage: Stage, place: Place) -> None:
    """Paint a sunflower with its seeds in spirals."""
    model = _garden(stage, place)
    code = painted(place, ("#a45c08", "#f4b41c", "#fff08c"))
    _stalk(model, 0.0, 0.50)
    middle = (0.0, 0.62)
    _ring(model, middle, 21, 0.43, 0.060, (code[0], code[1], code[1]), turn=0.024, pointed=True)
    _ring(model, middle, 21, 0.39, 0.058, code, pointed=True)
    disc = model.solid(((*middle, 0.185),), code=("#1c0c04", "#5c3414", "#a06c34"), roundness=0.09)
    x, y = 1.0, 0.0
    seeds: list[Shape] = []
    for n in range(170):
        r = 0.18 * ((n + 0.5) / 170) ** 0.5
        seeds.append(((middle[0] + r * x, middle[1] + r * y, 0.0035 + 0.02 * r),))
        x, y = x * -0.7373688781 - y * 0.6754902943, x * 0.6754902943 + y * -0.7373688781
    model.mark(disc, *seeds[:70], code="#e0a840", strength=0.5)
    model.mark(disc, *seeds[70:], code="#2c1406", strength=0.85)


@subject(
    "lotus",
    Role.WHOLE,
    ("lotus", "water lily", "waterlily", "orchid", "lily", "magnolia"),
    order=2,
    lights=("dawn", "noon", "dawn"),
    say="a lotus flower",
)
def lotus(stage: Stage, place: Place) -> None:
    """Paint a lotus, open, on its leaf."""
    model = _garden(stage, place)
    code = painted(place, model.stream.pick((("#9c3c74", "#f4a4c8", "#fff0f4"), ("#8c7cb4", "#e8e0f8", "#ffffff"))))
    for x, y, r in ((-0.3, 0.18, 0.3), (0.34, 0.12, 0.28), (0.02, 0.08, 0.34)):
        pad = model.solid(
            [(x + r * dx, y + 0.36 * r * dy) for dx, dy in _circle()[:: _TURNS // 24]], code=_LEAF, roundness=0.04
        )
        model.mark(
            pad,
            *(((x, y, 0.004), (x + r * dx, y + 0.36 * r * dy, 0.003)) for dx, dy in _circle()[:: _TURNS // 8]),
            code="#a8d080",
            strength=0.45,
        )
    middle = (0.0, 0.30)
    for reach, wide, leans in (
        (0.46, 0.115, (-1.3, -0.85, -0.4, 0.0, 0.4, 0.85, 1.3)),
        (0.40, 0.115, (-1.05, -0.6, -0.2, 0.2, 0.6, 1.05)),
        (0.31, 0.105, (-0.8, -0.4, 0.0, 0.4, 0.8)),
    ):
        for lean in sorted(leans, key=lambda one: -abs(one)):
            length = (1 + lean * lean) ** 0.5
            dx, dy = lean / length, 1 / length
            mx, my = middle
            petal = (
                (mx, my - 0.03),
                (mx + 0.5 * reach * dx - wide * dy, my + 0.5 * reach * dy + wide * dx),
                (mx + 0.85 * reach * dx - 0.5 * wide * dy, my + 0.85 * reach * dy + 0.5 * wide * dx),
                (mx + 1.06 * reach * dx, my + 1.06 * reach * dy),
                (mx + 0.85 * reach * dx + 0.5 * wide * dy, my + 0.85 * reach * dy - 0.5 * wide * dx),
                (mx + 0.5 * reach * dx + wide * dy, my + 0.5 * reach * dy - wide * dx),
            )
            leaf = model.solid(petal, code=code, roundness=0.05)
            model.mark(
                leaf,
                (
                    (mx + 0.8 * reach * dx, my + 0.8 * reach * dy, 0.02),
                    (mx + 1.1 * reach * dx, my + 1.1 * reach * dy, 0.05),
                ),
                code=code[0],
                blur=0.05,
                strength=0.5,
            )
            model.mark(
                leaf,
                ((mx, my, 0.003), (mx + 0.9 * reach * dx, my + 0.9 * reach * dy, 0.002)),
                code=code[0],
                strength=0.35,
            )


@subject(
    "daisy",
    Role.WHOLE,
    ("daisy", "chamomile", "marguerite", "single flower"),
    order=2,
    lights=("noon", "golden", "dawn"),
    say="a daisy",
)
def daisy(stage: Stage, place: Place) -> None:
    """Paint a daisy."""
    model = _garden(stage, place)
    code = painted(place, ("#a0a4b4", "#f4f2ee", "#ffffff"))
    _stalk(model, 0.0, 0.50)
    _ring(model, (0.0, 0.62), 17, 0.40, 0.062, (code[0], code[1], code[1]), turn=0.03)
    _ring(model, (0.0, 0.62), 17, 0.37, 0.060, code)
    disc = model.solid(row("0 0.62 0.115"), code=("#a4640c", "#f4bc20", "#fff07c"), roundness=0.07, texture=0.2)
    model.mark(
        disc,
        *(((0.0 + 0.11 * dx, 0.62 + 0.11 * dy, 0.012),) for dx, dy in _circle()[::5]),
        code="#c07c10",
        strength=0.7,
    )
