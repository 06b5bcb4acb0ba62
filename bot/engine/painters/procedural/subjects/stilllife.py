"""Still life: a vase with flowers, bottles, fruit and a cup on a table."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.canvas import Point
from bot.engine.painters.procedural.exact import clamp, falloff, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.animals import smooth, smooth_line
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.surface import blur

_WALLS = (
    ("#233c48", "#4c7078", "#9cb4ac"),
    ("#5a2c2c", "#a0584c", "#e0ac8c"),
    ("#33402c", "#6c7c54", "#bcc094"),
    ("#2c2a48", "#5c5888", "#aca4cc"),
)
_TABLES = (("#4a2c1c", "#8c5c38", "#cc9c68"), ("#5c4a38", "#a8906c", "#e8d8b4"), ("#38302c", "#6c5c50", "#b0a090"))
_VASES = ("#e8e0d0", "#2c5c84", "#b4502c", "#3c7868", "#d8a43c")
_FRUITS = ("#d8402c", "#f08c24", "#e8c434", "#7c9c34", "#8c2c4c")
_PETALS = (("#f4f0e4", "#e8b4a4"), ("#e8584c", "#f4a464"), ("#f0c43c", "#f8e49c"), ("#c478c8", "#ecc4ec"))

Outline = tuple[tuple[float, float], ...]
_VASE: Outline = (
    (0.0, 0.16),
    (0.06, 0.21),
    (0.22, 0.30),
    (0.42, 0.33),
    (0.60, 0.27),
    (0.75, 0.13),
    (0.86, 0.10),
    (0.96, 0.14),
    (1.0, 0.16),
)
_BOTTLE: Outline = (
    (0.0, 0.145),
    (0.02, 0.155),
    (0.52, 0.155),
    (0.62, 0.12),
    (0.70, 0.055),
    (0.95, 0.048),
    (0.96, 0.06),
    (1.0, 0.06),
)
_POT: Outline = ((0.0, 0.26), (0.06, 0.36), (0.3, 0.54), (0.55, 0.56), (0.8, 0.42), (0.92, 0.24), (1.0, 0.1))
_BOWL: Outline = ((0.0, 0.5), (0.08, 0.56), (0.3, 1.0), (0.7, 1.42), (1.0, 1.56))
_OPENING = 0.22
"""How deep the opening of a turned thing is seen, as a share of how wide."""
_CUP: Outline = ((0.0, 0.30), (0.08, 0.36), (0.5, 0.46), (1.0, 0.50))


@subject(
    "table",
    Role.WHOLE,
    (
        "still life",
        "vase",
        "vase of flower",
        "kitchen table",
        "table",
    ),
    say="a still life with vase and fruit",
)
def table(stage: Stage, place: Place) -> None:
    """Paint a vase with flowers, a bottle, fruit and a cup."""
    stream, edge, side = room(stage, place)
    _arrange(stage, stream, edge, side)


@subject(
    "fruit",
    Role.WHOLE,
    (
        "fruit",
        "bowl",
        "bowl of fruit",
        "fruit bowl",
        "apple",
        "pear",
        "orange fruit",
        "lemon still life",
        "peach fruit",
    ),
    order=1,
    say="a still life with a bowl of fruit",
)
def fruit(stage: Stage, place: Place) -> None:
    """Paint a bowl heaped with fruit, some beside it, and a vase behind."""
    stream, edge, side = room(stage, place)
    unit, middle = stage.unit, stage.w / 2
    flip = 1.0 if stream.chance(0.5) else -1.0
    vase = (middle + flip * 0.26 * unit, edge + 0.03 * unit)
    _stems(stage, stream, (vase[0], vase[1] - 0.34 * unit), 0.26 * unit)
    _turned(stage, _VASE, (*vase, 0.34 * unit), stream.pick(_VASES), side, gloss=0.5)
    heap = ((-0.115, 0.0), (0.115, 0.0), (0.0, 0.0), (-0.06, -0.085), (0.06, -0.085), (0.0, -0.15))
    bowl = (middle - flip * 0.1 * unit, edge + 0.13 * unit, 0.135 * unit)
    bowl_code = stream.pick(("#dfe6ea", "#3c6478", "#c88c4c"))
    _hollow(stage, _BOWL, bowl, bowl_code)
    for n, (dx, dy) in enumerate(heap):
        x = middle - flip * 0.1 * unit + dx * unit
        _fruit(stage, (x, edge + (0.03 + dy) * unit, 0.062 * unit), _FRUITS[(n * 2) % 5], side, shadow=False)
    _turned(stage, _BOWL, bowl, bowl_code, side, gloss=0.5, filled=True)
    for n, (dx, dy) in enumerate(((0.20, 0.16), (0.33, 0.19), (-0.42, 0.17))):
        _fruit(stage, (middle + flip * dx * unit, edge + dy * unit, 0.056 * unit), _FRUITS[(n * 3 + 1) % 5], side)


@subject(
    "cups",
    Role.WHOLE,
    ("cup", "teacup", "mug", "coffee", "teapot", "tea", "coffee cup", "tea set", "espresso"),
    order=1,
    say="a still life with cups and a teapot",
)
def cups(stage: Stage, place: Place) -> None:
    """Paint a teapot and three cups with their saucers, steam rising."""
    stream, edge, side = room(stage, place)
    unit, middle = stage.unit, stage.w / 2
    flip = 1.0 if stream.chance(0.5) else -1.0
    code = place.colour[1] if place.colour else stream.pick(("#f0e8d8", "#4cb89c", "#3c84c4", "#e07044", "#e8b448"))
    _pot(stage, (middle - flip * 0.16 * unit, edge + 0.04 * unit, 0.30 * unit), code, side, flip)
    for n, (dx, dy, size) in enumerate(((0.24, 0.07, 0.15), (-0.02, 0.17, 0.17), (0.34, 0.22, 0.18))):
        x, base = middle + flip * dx * unit, edge + dy * unit
        _saucer(stage, (x, base, size * unit), code)
        own = code if n != 1 else "#f0e8dc"
        _handle(stage, (x, base, size * unit), own, flip)
        _turned(stage, _CUP, (x, base, size * unit), own, side, gloss=0.5)
        _tea(stage, (x, base - size * unit, 0.5 * size * unit))
        _steam(stage, stream.child("steam", n), x, base - size * unit, 0.24 * unit)


@subject(
    "bottles",
    Role.WHOLE,
    ("bottle", "wine", "wine bottle", "glass bottle", "carafe", "jug"),
    order=1,
    say="a still life with bottles",
)
def bottles(stage: Stage, place: Place) -> None:
    """Paint a row of bottles of different height and colour."""
    stream, edge, side = room(stage, place)
    unit, middle = stage.unit, stage.w / 2
    codes = ("#2c5040", "#5c3420", "#2c4460", "#8c8c74", "#a8742c")
    spots = ((-0.30, 0.03, 0.40), (0.30, 0.03, 0.36), (-0.12, 0.06, 0.50), (0.12, 0.08, 0.44), (0.0, 0.13, 0.32))
    first = stream.integer(0, 4)
    for n, (dx, dy, tall) in enumerate(spots):
        code = place.colour[1] if place.colour and n == 2 else codes[(first + n) % 5]
        _turned(stage, _BOTTLE, (middle + dx * unit, edge + dy * unit, tall * unit), code, side, gloss=0.9)


def _pot(stage: Stage, spot: tuple[float, float, float], code: str, side: float, way: float) -> None:
    """Paint a teapot: spout towards ``way``, handle behind, lid on top."""
    x, base, h = spot
    stage.canvas.new_layer()
    sheet = stage.sheet((x - 1.3 * h, base - 1.3 * h, x + 1.3 * h, base + 0.1 * h), coloured=True)
    ink = stage.tones.rgb(code, lit=0.4)
    spout = [(0.30, 0.16), (0.56, 0.26), (0.68, 0.52), (0.84, 0.70), (0.76, 0.76), (0.56, 0.64), (0.30, 0.56)]
    sheet.polygon([(x + way * px * h, base - py * h) for px, py in smooth(spout)], ink)
    bright = stage.tones.rgb(code, lit=0.75)
    ridge = [(0.46, 0.58), (0.58, 0.61), (0.68, 0.68), (0.765, 0.742)]
    sheet.line([(x + way * px * h, base - py * h) for px, py in ridge], 0.022 * h, bright)
    sheet.ellipse(x + way * 0.802 * h, base - 0.735 * h, 0.045 * h, 0.026 * h, stage.tones.rgb(code, lit=0.1))
    ring = [(-0.26 - 0.48 * (1 - (n / 6 - 1) ** 2), 0.16 + 0.48 * n / 12) for n in range(13)]
    for wide, lift, tint in ((0.075, 0.0, ink), (0.022, 0.012, bright)):
        sheet.line([(x + way * px * h, base - (py + lift) * h) for px, py in ring], wide * h, tint)
    sheet.over()
    _turned(stage, _POT, (x, base, 0.84 * h), code, side, gloss=0.6, open_=False)
    knob = stage.sheet((x - 0.2 * h, base - 1.1 * h, x + 0.2 * h, base - 0.7 * h))
    knob.ellipse(x, base - 0.87 * h, 0.055 * h, 0.05 * h)
    knob.over(stage.tones.rgb(code, lit=0.7))


def _saucer(stage: Stage, spot: tuple[float, float, float], code: str) -> None:
    x, base, h = spot
    _shadow(stage, x, base + 0.06 * h, 0.62 * h, 1.0)
    stage.canvas.new_layer()
    sheet = stage.sheet((x - h, base - 0.3 * h, x + h, base + 0.4 * h), coloured=True)
    sheet.ellipse(x, base + 0.05 * h, 0.74 * h, 0.17 * h, stage.tones.rgb(code, lit=0.45))
    sheet.ellipse(x, base + 0.025 * h, 0.72 * h, 0.155 * h, stage.tones.rgb(code, lit=0.85))
    sheet.ellipse(x, base + 0.04 * h, 0.40 * h, 0.085 * h, stage.tones.rgb(code, lit=0.5))
    sheet.over()


def _handle(stage: Stage, spot: tuple[float, float, float], code: str, way: float) -> None:
    x, base, h = spot
    sheet = stage.sheet((x - 1.2 * h, base - 1.1 * h, x + 1.2 * h, base), coloured=True)
    curve = [(0.34 + 0.36 * (1 - (n / 6 - 1) ** 2), 0.24 + 0.54 * n / 12) for n in range(13)]
    for wide, lift, lit in ((0.085, 0.0, 0.4), (0.03, 0.014, 0.8)):
        line = [(x + way * px * h, base - (py + lift) * h) for px, py in curve]
        sheet.line(line, wide * h, stage.tones.rgb(code, lit=lit))
    sheet.over()


def _tea(stage: Stage, spot: tuple[float, float, float]) -> None:
    """Fill a cup to a little below its rim: ``spot`` is the rim's middle and half width."""
    x, y, half = spot
    sheet = stage.sheet((x - half, y - 0.3 * half, x + half, y + 0.3 * half), coloured=True)
    sheet.ellipse(x, y + 0.028 * half, 0.90 * half, 0.165 * half, stage.tones.rgb("#5c2c14", lit=0.4))
    sheet.ellipse(x, y + 0.050 * half, 0.84 * half, 0.135 * half, stage.tones.rgb("#9c5420", lit=0.6))
    sheet.ellipse(x - 0.3 * half, y + 0.03 * half, 0.22 * half, 0.035 * half, stage.tones.rgb("#d89a58", lit=0.8))
    sheet.over()


def _hollow(stage: Stage, form: Outline, spot: tuple[float, float, float], code: str) -> None:
    """Paint the inside of a bowl, behind what lies in it."""
    x, base, h = spot
    top = form[-1][1] * h
    sheet = stage.sheet((x - top, base - h - 0.3 * top, x + top, base), coloured=True)
    sheet.ellipse(x, base - h, top, _OPENING * top, stage.tones.rgb(code, lit=0.7))
    sheet.ellipse(x, base - h + 0.008 * top, 0.96 * top, 0.9 * _OPENING * top, stage.tones.rgb(code, lit=0.1))
    stage.canvas.new_layer()
    sheet.over()


def _steam(stage: Stage, stream: Stream, x: float, y: float, reach: float) -> None:
    sheet = stage.sheet((x - 0.4 * reach, y - reach, x + 0.4 * reach, y))
    for n in (-1, 1):
        phase = stream.uniform(0, 6)
        line = []
        for k in range(25):
            t = k / 24
            bow = (t * 4 + phase) % 2 - 1
            line.append((x + n * 0.07 * reach + 0.09 * reach * bow * (1 - abs(bow)) * 4 * t, y - reach * t))
        sheet.line(line, 0.028 * reach, 150)
    if sheet.window is not None:
        height = (np.float32(y) - stage.canvas.y[sheet.window[0]])[:, None] * np.float32(1 / reach)
        mask = blur(stage, sheet.mask(), 0.006 * stage.canvas.px) * smoothstep(1.0, 0.3, height)
        stage.canvas.over_soft(mask * np.float32(0.5), (0.96, 0.96, 0.96), sheet.window)


def room(stage: Stage, place: Place) -> tuple[Stream, float, float]:
    """Paint a table before a wall, with light from one side; give the stream, the table's edge and the light's side."""
    stream, unit, canvas = stage.stream(place.key), stage.unit, stage.canvas
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    edge = stage.h * 0.5 + 0.17 * unit
    cloth = noise.coarse(canvas, stream.child("wall"), (2.4 / unit, 2.4 / unit), 5)
    dx, dy = (
        canvas.x[None, :] - np.float32(stage.w / 2 + side * 0.36 * unit),
        canvas.y[:, None] - np.float32(edge - 0.5 * unit),
    )
    pool = falloff(dx * dx + dy * dy, 0.62 * unit)
    canvas.check()
    shade = clamp(pool * np.float32(0.85) + (cloth - np.float32(0.5)) * np.float32(0.4))
    canvas.check()
    canvas.fill(stage.tones.ramp(stream.pick(_WALLS)), shade)
    window = stage.below(edge)
    grain = noise.field(canvas, stream.child("wood"), (1.6 / unit, 34 / unit), 5, window=window)
    depth = clamp((canvas.y[window[0]][:, None] - np.float32(edge)) * np.float32(2.2 / unit))
    canvas.new_layer()
    canvas.over(
        np.ones_like(grain),
        lookup(
            stage.tones.ramp(stream.pick(_TABLES)),
            clamp(
                np.float32(0.30)
                + pool[window[0]] * np.float32(0.55)
                + (grain - np.float32(0.5)) * np.float32(0.5)
                - depth * np.float32(0.16)
            ),
        ),
        window,
    )
    return stream, edge, side


def _arrange(stage: Stage, stream: Stream, edge: float, side: float) -> None:
    unit, middle = stage.unit, stage.w / 2
    flip = 1.0 if stream.chance(0.5) else -1.0
    vase_x, vase_base = middle - flip * 0.12 * unit, edge + 0.09 * unit
    code = stream.pick(_VASES)
    _turned(
        stage,
        _BOTTLE,
        (middle + flip * 0.17 * unit, edge + 0.05 * unit, 0.44 * unit),
        stream.pick(("#2c5040", "#5c3420", "#2c4460")),
        side,
        gloss=0.9,
    )
    _stems(stage, stream, (vase_x, vase_base - 0.34 * unit), 0.32 * unit)
    _turned(stage, _VASE, (vase_x, vase_base, 0.36 * unit), code, side, gloss=0.5)
    _turned(stage, _CUP, (middle + flip * 0.36 * unit, edge + 0.11 * unit, 0.12 * unit), "#f0e8dc", side, gloss=0.4)
    spots = ((0.05, 0.16, 0.062), (0.16, 0.155, 0.058), (0.11, 0.20, 0.066), (-0.32, 0.15, 0.06), (0.26, 0.20, 0.056))
    for n, (dx, dy, r) in enumerate(spots):
        _fruit(
            stage,
            (middle + flip * dx * unit, edge + dy * unit, r * unit),
            _FRUITS[(n * 3 + stream.integer(0, 1)) % 5],
            side,
        )


def _shadow(stage: Stage, x: float, base: float, wide: float, side: float) -> None:
    sheet = stage.sheet((x - 4 * wide, base - 0.5 * wide, x + 4 * wide, base + 0.6 * wide))
    if sheet.window is None:
        return
    rows, cols = sheet.window
    dx = (stage.canvas.x[None, cols] - np.float32(x - side * 0.7 * wide)) * np.float32(1 / (1.5 * wide))
    dy = (stage.canvas.y[rows][:, None] - np.float32(base)) * np.float32(1 / (0.34 * wide))
    stage.canvas.shade(np.square(clamp(np.float32(1) - (dx * dx + dy * dy))) * np.float32(0.6), sheet.window)


def _turned(
    stage: Stage,
    form: Outline,
    spot: tuple[float, float, float],
    code: str,
    side: float,
    *,
    gloss: float,
    open_: bool = True,
    filled: bool = False,
) -> None:
    """Paint a thing of revolution: its outline gives half widths by height; ``filled`` leaves free what it holds."""
    x, base, h = spot
    form = tuple(smooth_line(form, 2))
    _shadow(stage, x, base, max(w for _, w in form) * h, side)
    right = [(x + w * h, base - t * h) for t, w in form]
    left = [(x - w * h, base - t * h) for t, w in form]
    foot = [
        (x + form[0][1] * h * a, base + form[0][1] * h * 0.22 * (1 - a * a) ** 0.5)
        for a in (n / 8 - 1 for n in range(1, 16))
    ]
    outline = left[::-1] + foot + right
    reach = max(1.05, max(w for _, w in form) * 1.02)
    sheet = stage.sheet((x - reach * h, base - 1.05 * h, x + reach * h, base + 0.2 * h))
    if sheet.window is None:
        return
    sheet.polygon(outline)
    top = form[-1][1] * h
    if filled:
        sheet.ellipse(x, base - h, top, _OPENING * top, 0)
    rows, cols = sheet.window
    y = (np.float32(base) - stage.canvas.y[rows]) * np.float32(1 / h)
    half = np.zeros_like(y) + np.float32(form[0][1])
    for (t0, w0), (t1, w1) in pairwise(form):
        share = clamp((y - np.float32(t0)) * np.float32(1 / max(t1 - t0, 1e-4)))
        half = np.where(y >= np.float32(t0), np.float32(w0) + share * np.float32(w1 - w0), half)
    across = (stage.canvas.x[None, cols] - np.float32(x)) / (half[:, None] * np.float32(h)) * np.float32(side)
    shine = clamp(np.float32(0.5) + across * np.float32(0.5) - across * across * np.float32(0.32))
    paint = lookup(stage.tones.ramp(code, low=-0.15, high=1.1), shine)
    spark = falloff(np.square(across - np.float32(0.46)), 0.10) * np.float32(gloss * 0.62)
    paint += (np.float32(1) - paint) * spark
    stage.canvas.new_layer()
    stage.canvas.over(sheet.mask(), paint, sheet.window)
    if not open_:
        return
    rim = stage.sheet((x - max(h, top), base - h - 0.3 * top, x + max(h, top), base), coloured=True)
    if filled:
        arc = [(x + a * top, base - h + _OPENING * top * (1 - a * a) ** 0.5) for a in (n / 16 - 1 for n in range(33))]
        rim.line(arc, 0.03 * top, stage.tones.rgb(code, lit=0.95))
        rim.over()
        return
    rim.ellipse(x, base - h, top, _OPENING * top, stage.tones.rgb(code, lit=0.95))
    rim.ellipse(x, base - h + 0.006 * top, 0.95 * top, 0.90 * _OPENING * top, stage.tones.rgb(code, lit=0.12))
    rim.over()


def _fruit(stage: Stage, spot: tuple[float, float, float], code: str, side: float, *, shadow: bool = True) -> None:
    x, base, r = spot
    if shadow:
        _shadow(stage, x, base, 1.05 * r, side)
    sheet = stage.sheet((x - r, base - 2 * r, x + r, base + 0.1 * r))
    if sheet.window is None:
        return
    sheet.ellipse(x, base - 0.92 * r, r, 0.94 * r)
    rows, cols = sheet.window
    dx = (stage.canvas.x[None, cols] - np.float32(x)) * np.float32(side / r)
    dy = (stage.canvas.y[rows][:, None] - np.float32(base - 0.92 * r)) * np.float32(1 / r)
    z = np.sqrt(clamp(np.float32(1) - dx * dx - dy * dy))
    light = clamp(np.float32(0.12) + dx * np.float32(0.42) - dy * np.float32(0.40) + z * np.float32(0.46))
    paint = lookup(stage.tones.ramp(code, low=-0.2, high=1.1), light)
    spark = falloff(np.square(dx - np.float32(0.42)) + np.square(dy + np.float32(0.42)), 0.12) * np.float32(0.75)
    paint += (np.float32(1) - paint) * spark
    stage.canvas.new_layer()
    stage.canvas.over(sheet.mask(), paint, sheet.window)
    stem = stage.sheet((x - r, base - 2.4 * r, x + r, base - r))
    stem.line([(x, base - 1.72 * r), (x + 0.08 * r, base - 2.12 * r)], 0.08 * r)
    stem.over(stage.tones.rgb("#3c2c1c", lit=0.3))


def _stems(stage: Stage, stream: Stream, foot: Point, reach: float) -> None:
    """Paint a bunch of flowers out of a vase."""
    sheet = stage.sheet(
        (foot[0] - 1.3 * reach, foot[1] - 1.5 * reach, foot[0] + 1.3 * reach, foot[1] + 0.1 * reach), coloured=True
    )
    petals = stream.pick(_PETALS)
    leaf_dark, leaf = stage.tones.rgb("#2c5038", lit=0.3), stage.tones.rgb("#4c8048", lit=0.6)
    heads = []
    for n, (jx, jy, size) in enumerate(stream.child("stems").array(11, 3).tolist()):
        lean = (n / 10 - 0.5) * 1.9 + (jx - 0.5) * 0.3
        tip = (foot[0] + lean * 0.62 * reach, foot[1] - reach * (0.95 - 0.34 * abs(lean) + 0.25 * (jy - 0.5)))
        sheet.line(
            [foot, ((foot[0] + tip[0]) / 2 - lean * 0.06 * reach, (foot[1] + tip[1]) / 2 - 0.05 * reach), tip],
            0.014 * reach,
            leaf_dark,
        )
        middle = ((foot[0] * 0.45 + tip[0] * 0.55), (foot[1] * 0.45 + tip[1] * 0.55))
        out = 1 if lean > 0 else -1
        sheet.polygon(
            smooth(
                [
                    middle,
                    (middle[0] + out * 0.16 * reach, middle[1] - 0.12 * reach),
                    (middle[0] + out * 0.30 * reach, middle[1] - 0.06 * reach),
                    (middle[0] + out * 0.15 * reach, middle[1] + 0.03 * reach),
                ],
                steps=2,
            ),
            leaf if n % 2 else leaf_dark,
        )
        heads.append((tip, 0.11 * reach * (0.75 + 0.6 * size)))
    ring = (
        (1.0, 0.0),
        (0.623, 0.782),
        (-0.223, 0.975),
        (-0.901, 0.434),
        (-0.901, -0.434),
        (-0.223, -0.975),
        (0.623, -0.782),
    )
    for n, ((x, y), r) in enumerate(heads):
        for share, lit in ((1.0, 0.4), (0.72, 0.75)):
            ink = stage.tones.rgb(petals[(n + (share < 1)) % 2], lit=lit)
            for px, py in ring:
                sheet.ellipse(
                    x + px * r * 0.62 * share, y + py * r * 0.56 * share, r * 0.46 * share, r * 0.42 * share, ink
                )
        sheet.ellipse(x, y, 0.28 * r, 0.25 * r, stage.tones.rgb("#d89c2c", lit=0.6))
    sheet.over()
