"""Birds, fish and a cat: silhouettes that can be recognised."""

from __future__ import annotations

from itertools import pairwise

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.exact import bell, clamp, lookup
from bot.engine.painters.procedural.noise import coarse
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_CAT: tuple[Point, ...] = (
    (-0.30, 0.0),
    (-0.35, 0.10),
    (-0.35, 0.24),
    (-0.31, 0.38),
    (-0.24, 0.50),
    (-0.17, 0.58),
    (-0.145, 0.66),
    (-0.16, 0.74),
    (-0.158, 0.83),
    (-0.17, 0.925),
    (-0.155, 0.99),
    (-0.12, 0.965),
    (-0.065, 0.90),
    (0.0, 0.91),
    (0.06, 0.90),
    (0.115, 0.965),
    (0.15, 0.99),
    (0.165, 0.925),
    (0.155, 0.83),
    (0.158, 0.75),
    (0.13, 0.67),
    (0.10, 0.61),
    (0.125, 0.52),
    (0.15, 0.38),
    (0.16, 0.22),
    (0.165, 0.07),
    (0.21, 0.03),
    (0.20, 0.0),
)


def smooth(points: tuple[Point, ...] | list[Point], *, steps: int = 3) -> list[Point]:
    """Round a closed outline by cutting its corners (Chaikin's rule)."""
    outline = list(points)
    for _ in range(steps):
        cut: list[Point] = []
        for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by), (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]
        outline = cut
    return outline


def smooth_line(points: tuple[Point, ...], steps: int) -> list[Point]:
    """Round an open line by cutting its corners."""
    line = list(points)
    for _ in range(steps):
        cut = [line[0]]
        for (ax, ay), (bx, by) in pairwise(line):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by), (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]
        line = [*cut, line[-1]]
    return line


@subject("cat", Role.FIGURE, ("cat", "black cat", "tabby"), span=0.46, breadth=0.4, order=8, say="a cat")
def cat(stage: Stage, place: Place) -> None:
    """Paint a sitting cat from behind a rim of light, its tail curled."""
    x, base, h = place.x, place.base + 0.04 * stage.unit, place.height
    way = -1.0 if place.flip else 1.0
    code = place.colour[1] if place.colour else stage.stream(place.key).pick(("#1e1c22", "#2c2428", "#8a5430"))
    body, rim = stage.tones.rgb(code, lit=0.22), stage.tones.plain(stage.scene.light.key)
    outline = smooth([(x + way * px * h, base - py * h) for px, py in _CAT], steps=2)
    tail = [
        (x - way * (0.20 + 0.30 * t - 0.10 * t * t * t) * h, base - (0.035 + 0.62 * t * t * (1 - 0.28 * t)) * h)
        for t in (n / 14 for n in range(15))
    ]
    stage.canvas.new_layer()
    shift = 0.010 * h * (-1 if stage.scene.light.x < x else 1)
    box = (x - h, base - 1.1 * h, x + h, base + 0.05 * h)
    for ink, dx in ((rim, shift), (body, 0.0)):
        sheet = stage.sheet(box, coloured=True)
        sheet.line([(px + dx, py - abs(dx) * 0.4) for px, py in tail], 0.062 * h, ink)
        sheet.ellipse(tail[-1][0] + dx, tail[-1][1] - abs(dx) * 0.4, 0.031 * h, 0.031 * h, ink)
        sheet.polygon([(px + dx, py - abs(dx) * 0.4) for px, py in outline], ink)
        sheet.over(strength=1.0)
    _face(stage, (x, base, h), box)


def _face(stage: Stage, spot: tuple[float, float, float], box: tuple[float, float, float, float]) -> None:
    x, base, h = spot
    sheet = stage.sheet(box, coloured=True)
    glow, dark = stage.tones.plain("#f0d860"), stage.tones.plain("#141014")
    for dx in (-0.068, 0.068):
        sheet.ellipse(x + dx * h, base - 0.795 * h, 0.034 * h, 0.026 * h, glow)
        sheet.ellipse(x + dx * h, base - 0.795 * h, 0.009 * h, 0.024 * h, dark)
    nose = stage.tones.plain("#c88078")
    sheet.polygon([(x - 0.016 * h, base - 0.742 * h), (x + 0.016 * h, base - 0.742 * h), (x, base - 0.722 * h)], nose)
    for side in (-1, 1):
        for dy in (-0.012, 0.006, 0.024):
            sheet.line(
                [(x + side * 0.04 * h, base - 0.725 * h), (x + side * 0.2 * h, base - (0.735 - dy * 2.4) * h)],
                0.0028 * h,
                stage.tones.plain("#d8d0cc"),
            )
    sheet.over()


@subject(
    "birds",
    Role.FIGURE,
    (
        "bird",
        "seagull",
        "gull",
        "swallow",
        "crow",
        "raven",
        "goose",
        "geese",
        "flock",
        "crane",
        "flock of birds",
    ),
    stands="sky",
    span=0.1,
    breadth=0.3,
    order=9,
    say="birds in flight",
)
def birds(stage: Stage, place: Place) -> None:
    """Paint a flock on the wing."""
    stream, unit = stage.stream(place.key), stage.unit
    stage.canvas.new_layer()
    sheet = stage.sheet((0, 0, stage.w, stage.horizon), coloured=True)
    code = place.colour[1] if place.colour else "#20242e"
    centre = (place.x, min(place.base, 0.5 * stage.horizon))
    for n, (jx, jy, size, beat) in enumerate(stream.array(17, 4).tolist()):
        span = unit * (0.11 if n == 0 else 0.025 + 0.05 * size)
        x, y = centre if n == 0 else (centre[0] + (jx - 0.5) * 0.9 * unit, centre[1] + (jy - 0.5) * 0.45 * unit)
        _bird(sheet, (x, y, span), beat, stage.tones.rgb(code, lit=0.25, far=0.0 if n == 0 else 0.45 * (1 - size)))
    sheet.over()


def _bird(sheet: Sheet, spot: tuple[float, float, float], beat: float, ink: c.Rgb) -> None:
    x, y, s = spot
    lift = 0.30 * s * (beat * 1.4 - 0.3)
    for side in (-1, 1):
        wing = [
            (x, y - 0.03 * s),
            (x + side * 0.22 * s, y - 0.14 * s - 0.5 * lift),
            (x + side * 0.5 * s, y - lift),
            (x + side * 0.24 * s, y - 0.04 * s - 0.42 * lift),
            (x, y + 0.05 * s),
        ]
        sheet.polygon(smooth(wing, steps=2), ink)
    sheet.ellipse(x, y, 0.036 * s, 0.06 * s, ink)


@subject(
    "fish",
    Role.WHOLE,
    (
        "fish",
        "goldfish",
        "koi",
        "underwater",
        "coral reef",
        "reef",
        "aquarium",
        "deep sea",
        "undersea",
    ),
    say="fish under water",
)
def fish(stage: Stage, place: Place) -> None:
    """Paint fish in deep water with shafts of light."""
    deep_water(stage, place)
    canvas, stream = stage.canvas, stage.stream(place.key)
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    pairs = (("#f08a28", "#fbe6c8"), ("#f4c430", "#3c5c9c"), ("#e8503c", "#f8f0e0"))
    codes = (place.colour[1], "#fbf0dc") if place.colour else stream.pick(pairs)
    spots = sorted(stream.child("fish").array(9, 4).tolist(), key=lambda one: one[2])
    front = (0.36 + 0.28 * spots[8][0]) * stage.w, (0.42 + 0.16 * spots[8][1]) * stage.h
    for n, (x, y, size, turn) in enumerate(spots):
        length = stage.unit * (0.10 + 0.10 * size + (0.16 if n == 8 else 0.0))
        cx, cy = (
            (0.12 + 0.76 * ((n * 0.382 + x * 0.2) % 1.0)) * stage.w,
            (0.16 + 0.62 * ((n * 0.55 + y * 0.25) % 1.0)) * stage.h,
        )
        if n == 8:
            cx, cy = front
        elif abs(cx - front[0]) < 0.30 * stage.unit and abs(cy - front[1]) < 0.17 * stage.unit:
            # Nobody swims before or behind the one in front: they pass above or below it.
            cy = front[1] + (0.18 + 0.15 * y if cy > front[1] else -0.19 - 0.13 * y) * stage.unit
        form = (0.86 + 0.34 * turn, 0.30 * (turn - 0.5)) if n < 8 else (1.0, 0.06)
        _fish(sheet, stage, (cx, cy, length), -1.0 if n % 3 == 0 else 1.0, codes, form, far=0.6 * (1 - (n + 1) / 9))
    canvas.new_layer()
    sheet.over()
    _bubbles(stage, place)


@subject("deepwater", Role.WHOLE, ("deep water", "underwater world", "ocean floor", "sea floor"), say="deep water")
def deepwater(stage: Stage, place: Place) -> None:
    """Paint deep water with weed and bubbles, and no fish."""
    deep_water(stage, place)
    _bubbles(stage, place)


def deep_water(stage: Stage, place: Place) -> None:
    """Paint water that darkens with depth, with shafts of light and weed."""
    canvas, tones, stream = stage.canvas, stage.tones, stage.stream(place.key)
    water = c.ramp([c.from_rgb(tones.plain(code)) for code in ("#a8ece4", "#38b0c0", "#127098", "#0a3c6c", "#06204a")])
    canvas.rgb[:] = lookup(water, canvas.y / stage.h)[:, :, None]
    drift = coarse(canvas, stream.child("caustic"), (3 / stage.unit, 1.2 / stage.unit), 4)
    stage.canvas.check()
    canvas.light(clamp((drift - 0.45) * 0.5) * (1 - canvas.y / stage.h)[:, None], tones.plain("#d8fff0"))
    stage.canvas.check()
    for n in range(7):
        ray = stream.child("ray", n)
        top, lean, width = ray.uniform(-0.1, 1.0) * stage.w, ray.uniform(0.1, 0.5), ray.uniform(0.02, 0.08) * stage.unit
        centre = top + canvas.y * lean
        stage.canvas.check()
        shaft = bell(canvas.x[None, :] - centre[:, None], width * 1.8) * (1 - canvas.y / stage.h)[:, None]
        canvas.light(clamp(shaft * 0.26), tones.plain("#e8fff4"))
    _weed(stage, place)


def _bubbles(stage: Stage, place: Place) -> None:
    stream = stage.stream(place.key)
    bubbles = stage.sheet((0, 0, stage.w, stage.h))
    for x, y, size in stream.child("bubbles").array(60, 3).tolist():
        r = (0.002 + 0.008 * size**3) * stage.unit
        bubbles.ellipse(x * stage.w, y * stage.h, r, r, 150)
        bubbles.ellipse(x * stage.w, y * stage.h, 0.72 * r, 0.72 * r, 40)
    bubbles.light((0.9, 1.0, 1.0), strength=0.7)


def _fish(
    sheet: Sheet,
    stage: Stage,
    spot: tuple[float, float, float],
    way: float,
    codes: tuple[str, str],
    form: tuple[float, float],
    *,
    far: float,
) -> None:
    """Draw one fish; ``form`` is how deep its body is, and how steeply it swims."""
    x, y, s = spot
    deep = c.from_rgb(stage.tones.plain("#1a6c94"))
    main, second, dark = (
        c.to_rgb(c.mix(c.from_rgb(stage.tones.plain(code)), deep, far)) for code in (codes[0], codes[1], "#1c1c2c")
    )
    shade = c.to_rgb(c.mix(c.lighten(c.from_rgb(main), -0.10), deep, 0.2))

    deepness, climb = form

    def at(dx: float, dy: float) -> Point:
        dy = dy * deepness + climb * dx
        return x + way * dx * s, y - dy * s

    tail = [at(-0.24, 0.05), at(-0.42, 0.06), at(-0.58, 0.25), at(-0.50, 0.0), at(-0.58, -0.23), at(-0.42, -0.05)]
    sheet.polygon(smooth([*tail, at(-0.24, -0.05)], steps=2), shade)
    sheet.polygon(smooth([at(-0.2, 0.12), at(-0.06, 0.33), at(0.16, 0.24), at(0.2, 0.1)], steps=2), shade)
    sheet.polygon(smooth([at(-0.12, -0.12), at(-0.1, -0.27), at(0.06, -0.18)], steps=2), shade)
    body = [
        at(-0.40, 0.0),
        at(-0.2, 0.13),
        at(0.04, 0.21),
        at(0.28, 0.17),
        at(0.47, 0.0),
        at(0.28, -0.15),
        at(0.04, -0.19),
        at(-0.2, -0.12),
    ]
    sheet.polygon(smooth(body), main)
    sheet.polygon(
        smooth(
            [at(-0.30, -0.05), at(0.05, -0.135), at(0.34, -0.10), at(0.24, -0.15), at(0.04, -0.185), at(-0.18, -0.115)],
            steps=2,
        ),
        second,
    )
    back = c.to_rgb(c.mix(c.lighten(c.from_rgb(main), -0.06), deep, 0.1))
    sheet.polygon(smooth([at(-0.34, 0.04), at(0.04, 0.13), at(0.36, 0.10), at(0.26, 0.18), at(0.04, 0.205)]), back)
    sheet.line([at(0.45, -0.035), at(0.40, -0.045), at(0.36, -0.03)], 0.014 * s, shade)
    sheet.line([at(0.25, 0.10), at(0.215, 0.0), at(0.25, -0.10)], 0.012 * s, back)
    for dx in (0.17, -0.08):
        sheet.polygon(
            smooth(
                [
                    at(dx - 0.035, 0.175),
                    at(dx + 0.035, 0.18),
                    at(dx + 0.05, 0.0),
                    at(dx + 0.03, -0.15),
                    at(dx - 0.03, -0.15),
                    at(dx - 0.01, 0.0),
                ],
                steps=2,
            ),
            second,
        )
    sheet.polygon(smooth([at(0.08, -0.02), at(-0.06, 0.05), at(-0.07, -0.09)], steps=2), shade)
    sheet.ellipse(*at(0.33, 0.045), 0.033 * s, 0.033 * s, second)
    sheet.ellipse(*at(0.335, 0.045), 0.02 * s, 0.02 * s, dark)


def _weed(stage: Stage, place: Place) -> None:
    stream = stage.stream(place.key, "weed")
    stage.canvas.new_layer()
    sheet = stage.sheet((0, 0.5 * stage.h, stage.w, stage.h), coloured=True)
    inks = [stage.tones.plain(code) for code in ("#0c4a54", "#14685c", "#2c8468", "#b4506c", "#d87a5c")]
    for x, tall, lean, kind in stream.array(int(46 * stage.w / stage.unit), 4).tolist():
        h, cx = (0.06 + 0.24 * tall * tall) * stage.unit, x * stage.w
        ink = inks[int(kind * 4.99)]
        left, right = [], []
        for n in range(25):
            t = n / 24
            beat = (t * 1.9 + 2 * lean) % 2 - 1
            sway = beat * (1 - abs(beat)) * 0.36 * h * t + (lean - 0.5) * 0.4 * h * t
            w = 0.011 * stage.unit * (1 - t) ** 0.8 * (0.6 + 0.8 * t) + 0.0006
            left.append((cx + sway - w, stage.h * 1.01 - h * t))
            right.append((cx + sway + w, stage.h * 1.01 - h * t))
        sheet.polygon(left + right[::-1], ink)
    sheet.over()
