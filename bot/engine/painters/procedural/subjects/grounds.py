"""Open ground: meadow with flowers, desert with dunes, snow, a paved square; and what grows in front."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.canvas import Sheet
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.terrain import profile, ridge
from bot.engine.painters.procedural.water import Waves, paint_water

_FLOWERS = (
    ("#e8402c", "#f4b63c", "#f8f2e4"),
    ("#7c56c8", "#c48ae0", "#f6e6f8"),
    ("#f6c82c", "#fdf0a4", "#e87a2c"),
    ("#e86a9c", "#f8c4d4", "#fdf4f0"),
)


def slope_table(stage: Stage, codes: tuple[str, str, str], far: float) -> Plane:
    """Give the ramp of a slope: the codes dark to light, under the light."""
    return stage.tones.ramp(codes, far=far, low=0.15, high=1.0)


@subject(
    "meadow",
    Role.GROUND,
    (
        "meadow",
        "field",
        "grass",
        "grassland",
        "pasture",
        "prairie",
        "savanna",
        "savannah",
        "garden",
        "park",
        "lawn",
        "wheat field",
    ),
    with_backdrop=("hills",),
    say="a meadow",
)
def meadow(stage: Stage, place: Place) -> None:
    """Paint grass in folds that come nearer, with blades in front."""
    stream, unit = stage.stream(place.key), stage.unit
    depth = stage.h - stage.horizon
    for n, far in enumerate((0.28, 0.13, 0.0)):
        part = stream.child(n)
        top = stage.horizon - 0.012 * unit + depth * (0.0, 0.2, 0.5)[n]
        skyline = profile(stage, part, top=top, relief=(0.02 + 0.03 * n) * unit, cells=0.7, octaves=3, gain=0.3)
        ridge(
            stage,
            part,
            skyline,
            slope_table(stage, stage.tones.greens, far),
            texture=0.16,
            cells=(7 - n, 26 - 6 * n),
        )
        _patches(stage, part, skyline, n)
    _tufts(stage, place)
    _blades(stage, place)


def _patches(stage: Stage, stream: Stream, skyline: Plane, n: int) -> None:
    """Lay lighter and darker patches over a fold of the land, as wind and clouds do, flatter with distance."""
    canvas, unit = stage.canvas, stage.unit
    window = stage.below(float(skyline.min()))
    if window[0].stop - window[0].start < 4:
        return
    drift = noise.coarse(canvas, stream.child("patches"), (2.2 / unit, (11 - 3 * n) / unit), 3, window=window)
    inside = clamp((canvas.y[window[0]][:, None] - skyline) * np.float32(30 / unit))
    bright = smoothstep(0.52, 0.80, drift) * inside
    dark = smoothstep(0.48, 0.20, drift) * inside
    canvas.over_soft(
        bright * np.float32(0.30), stage.tones.rgb(stage.tones.greens[2], lit=0.9, far=0.2 - 0.1 * n), window
    )
    canvas.shade(dark * np.float32(0.20), window)


def _tufts(stage: Stage, place: Place) -> None:
    """Draw tufts of grass over the whole ground, small and close far off, larger in front."""
    stream, unit = stage.stream(place.key, "tufts"), stage.unit
    top = stage.horizon + 0.03 * unit
    sheet = stage.sheet((0, top - 0.02 * unit, stage.w, stage.h), coloured=True)
    greens, tones = stage.tones.grass, stage.tones
    shades = [
        [tones.rgb(greens[g], lit=lit, far=far) for g, lit in ((0, 0.35), (1, 0.5), (1, 0.8), (2, 0.75))]
        for far in (0.22, 0.08, 0.0)
    ]
    for x, depth, lean, size in sorted(stream.array(int(620 * stage.w / unit), 4).tolist(), key=lambda one: one[1]):
        near = depth * depth * (0.35 + 0.65 * depth)
        y = top + (stage.h - top) * near
        h = (0.004 + 0.030 * near) * unit * (0.6 + 0.8 * size)
        ink = shades[min(int(near * 3.2), 2)][int(lean * 3.99)]
        cx = x * stage.w
        for blade in (-1.0, -0.3, 0.35, 1.0):
            tip = cx + (blade * 0.55 + (lean - 0.5) * 0.5) * h
            foot = cx + blade * 0.22 * h
            sheet.polygon([(foot - 0.06 * h, y), (tip, y - h * (1 - 0.25 * abs(blade))), (foot + 0.06 * h, y)], ink)
    folds = stage.canvas.ids.copy()
    sheet.over()
    stage.canvas.ids[:] = folds


@subject(
    "snowfield",
    Role.GROUND,
    ("snowfield", "tundra", "ice field", "snowscape", "snow field"),
    with_backdrop=("mountains",),
    say="a field of snow",
)
def snowfield(stage: Stage, place: Place) -> None:
    """Paint drifts of snow, blue in their shadows."""
    stream, unit = stage.stream(place.key), stage.unit
    depth = stage.h - stage.horizon
    for n, far in enumerate((0.35, 0.16, 0.0)):
        part = stream.child(n)
        skyline = profile(
            stage,
            part,
            top=stage.horizon + depth * (0.0, 0.22, 0.55)[n] - 0.022 * unit,
            relief=(0.025 + 0.035 * n) * unit,
            cells=0.8,
            octaves=3,
            gain=0.3,
        )
        ridge(
            stage,
            part,
            skyline,
            stage.tones.ramp(("#a4bce0", "#e8f0fa", "#ffffff"), far=far, low=0.55, high=1.1),
            texture=0.11,
            cells=(4, 16),
        )


@subject(
    "desert",
    Role.GROUND,
    ("desert", "dune", "sand dune", "sandstorm", "mars", "arid", "wasteland", "sand"),
    with_backdrop=(),
    say="desert dunes",
)
def desert(stage: Stage, place: Place) -> None:
    """Paint dunes with a sharp crest: the windward flank in light, the lee in shadow."""
    stream = stage.stream(place.key)
    depth = stage.h - stage.horizon
    for n, far in enumerate((0.66, 0.46, 0.28, 0.12, 0.0)):
        foot = stage.horizon + depth * (0.06, 0.16, 0.34, 0.62, 1.0)[n]
        _dunes(stage, stream.child(n), n, foot, far)


def _dunes(stage: Stage, stream: Stream, n: int, foot: float, far: float) -> None:
    """Paint one row: each dune rises gently with the light and breaks off behind a winding crest."""
    canvas, unit = stage.canvas, stage.unit
    side = 1.0 if stage.scene.light.x < stage.w / 2 else -1.0
    x = canvas.x * np.float32(1 / unit)
    rise = np.zeros_like(x)
    owner = np.zeros_like(x)
    second = np.zeros_like(x)
    step = 0.42 + 0.16 * n
    for number in range(-1, int(stage.w / unit / step) + 2):
        one = stream.child(number)
        peak = (number + one.uniform(0.2, 0.8)) * step
        tall = (0.10 + 0.045 * n) * one.uniform(0.55, 1.15)
        d = (x - np.float32(peak)) * np.float32(side)
        form = np.where(d < 0, smoothstep(-1.25 * step, 0.0, d), smoothstep(0.72 * step, 0.0, d))
        height = form * np.float32(tall)
        owner = np.where(height > rise, np.float32(peak), owner)
        second = np.maximum(second, np.minimum(rise, height))
        rise = np.maximum(rise, height)
    skyline = np.float32(foot) - rise * np.float32(unit)
    first = max(canvas.row(float(skyline.min())) - 2, 0)
    window = (slice(first, canvas.height), slice(0, canvas.width))
    y = canvas.y[first:][:, None]
    mask = clamp((y - skyline) * np.float32(canvas.px) + np.float32(0.5))
    inside = (y - skyline) * np.float32(1 / unit)
    top = np.float32(foot / unit) - y * np.float32(1 / unit)
    bend = noise.coarse(canvas, stream.child("bend"), (3.2 / unit, 7 / unit), 3, window=window) - np.float32(0.5)
    canvas.check()
    low = clamp(inside * np.float32(3.2))
    winding = (
        (x - owner) * np.float32(side)
        + low * low * np.float32(0.30)
        - low * np.float32(0.16)
        + bend * np.float32(0.10) * low
    )
    canvas.check()
    shadow = (
        smoothstep(0.0, 0.045, rise - second)
        * smoothstep(-0.006, 0.010, winding)
        * smoothstep(-0.16, 0.05, top + bend * np.float32(0.08))
    )
    canvas.check()
    phase = (inside * np.float32(60) + bend * np.float32(14) + x * np.float32(7)) * np.float32(1.6 - 0.25 * n)
    part = np.abs(phase - np.floor(phase) - np.float32(0.5)) * np.float32(2)
    ripples = (part - np.float32(0.5)) * np.float32(0.10 if n > 2 else 0.03) * smoothstep(0.0, 0.15, inside)
    canvas.check()
    lit = clamp(np.float32(0.86) - shadow * np.float32(0.6) + ripples + bend * np.float32(0.3) - low * np.float32(0.2))
    canvas.new_layer()
    canvas.over(mask, lookup(stage.tones.ramp(("#6a3a30", "#c47a42", "#ecb670"), far=far), lit), window)


@subject(
    "plaza",
    Role.GROUND,
    ("plaza", "square", "street", "wet street", "avenue", "alley", "asphalt"),
    with_backdrop=("city",),
    say="a city street",
)
def plaza(stage: Stage, place: Place) -> None:
    """Paint wet paving that mirrors the lights."""
    del place
    paint_water(stage, stage.horizon, Waves(rough=0.12, deep=("#14161e", "#24262e", "#3a3c44"), near=0.45))


@subject(
    "flowers",
    Role.FRONT,
    (
        "flower",
        "wildflower",
        "poppy",
        "tulip",
        "lavender field",
        "sunflower field",
        "blossom",
        "bloom",
        "rose garden",
        "bouquet",
    ),
    order=8,
    say="wild flowers",
)
def flowers(stage: Stage, place: Place) -> None:
    """Strew flowers over the ground, large in front and small behind."""
    stream = stage.stream(place.key)
    codes = (place.colour[1], place.colour[2], place.colour[1]) if place.colour else stream.pick(_FLOWERS)
    top = stage.horizon + 0.12 * (stage.h - stage.horizon)
    sheet = stage.sheet((0, top - 0.1 * stage.unit, stage.w, stage.h), coloured=True)
    stage.canvas.new_layer()
    draws = stream.array(int(520 * stage.w / stage.unit), 4).tolist()
    greens = stage.tones.greens
    stem = stage.tones.rgb(greens[0], lit=0.5)
    for x, depth, turn, size in sorted(draws, key=lambda one: one[1]):
        near = depth * depth
        y = top + (stage.h * 1.02 - top) * (0.04 + 0.96 * near)
        r = (0.0022 + 0.017 * near) * stage.unit * (0.6 + 0.7 * size)
        cx = x * stage.w
        sheet.line([(cx, y), (cx + (turn - 0.5) * r, y + 4.2 * r)], r * 0.22, stem)
        code = codes[int(turn * 2.999)]
        _bloom(
            sheet, stage, cx, y, r, code, far=0.35 * (1 - near), petals=6 if near > 0.2 else 0, lit=0.55 + 0.4 * size
        )
    sheet.over()


def _bloom(
    sheet: Sheet, stage: Stage, x: float, y: float, r: float, code: str, *, far: float, petals: int, lit: float
) -> None:
    ink = stage.tones.rgb(code, lit=lit, far=far)
    if not petals:
        sheet.ellipse(x, y, r, r * 0.8, ink)
        return
    around = ((1.0, 0.0), (0.5, 0.866), (-0.5, 0.866), (-1.0, 0.0), (-0.5, -0.866), (0.5, -0.866))
    shaded = stage.tones.rgb(code, lit=lit - 0.3, far=far)
    for n, (dx, dy) in enumerate(around):
        sheet.ellipse(x + dx * r * 0.62, y + dy * r * 0.46, r * 0.5, r * 0.42, ink if n < 4 else shaded)
    sheet.ellipse(x, y, r * 0.34, r * 0.28, stage.tones.rgb("#e8b030", lit=0.7, far=far))


def _blades(stage: Stage, place: Place) -> None:
    """Draw blades of grass along the lower edge."""
    stream = stage.stream(place.key, "blades")
    top = stage.h - 0.13 * stage.unit
    sheet = stage.sheet((0, top - 0.1 * stage.unit, stage.w, stage.h), coloured=True)
    greens = stage.tones.grass
    inks = [
        stage.tones.rgb(greens[0], lit=0.2),
        stage.tones.rgb(greens[1], lit=0.45),
        stage.tones.rgb(greens[1], lit=0.85),
        stage.tones.rgb(greens[2], lit=0.8),
    ]
    for x, y, lean, size in sorted(stream.array(int(620 * stage.w / stage.unit), 4).tolist(), key=lambda one: one[1]):
        foot = stage.h + 0.03 * stage.unit - (1 - y) * 0.10 * stage.unit
        h = (0.025 + 0.07 * size * y) * stage.unit
        cx, tip = x * stage.w, (lean - 0.5) * 0.9 * h
        sheet.polygon(
            [
                (cx - 0.0016, foot),
                (cx + tip * 0.4, foot - 0.6 * h),
                (cx + tip, foot - h),
                (cx + tip * 0.4 + 0.0018, foot - 0.55 * h),
                (cx + 0.0018, foot),
            ],
            inks[int(lean * 3.99)],
        )
    folds = stage.canvas.ids.copy()
    sheet.over()
    stage.canvas.ids[:] = folds
