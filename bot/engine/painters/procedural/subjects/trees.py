"""Trees: a conifer, a leafy tree, a palm, and forests of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.surface import blur
from bot.engine.painters.procedural.tables import foliage_of


def conifer(
    sheet: Sheet, stream: Stream, x: float, base: float, h: float, colours: tuple[Rgb, Rgb, Rgb], *, side: float = -1.0
) -> None:
    """Draw a spruce: jagged tiers, lit on one side, snow where the third colour is white."""
    tiers = 9
    half = h * stream.uniform(0.17, 0.24)
    jitter = stream.array(tiers * 2 + 2, low=-0.16, high=0.16).tolist()
    left: list[Point] = []
    right: list[Point] = []
    for n in range(tiers):
        y0, y1 = base - h * (1 - n / tiers), base - h * (1 - (n + 1.15) / tiers) - 0.02 * h
        width = half * (0.12 + 0.92 * (n + 1) / tiers)
        left += [(x - width * 0.42, y0), (x - width * (1 + jitter[2 * n]), min(y1, base - 0.04 * h))]
        right += [(x + width * 0.42, y0), (x + width * (1 + jitter[2 * n + 1]), min(y1, base - 0.04 * h))]
    sheet.rectangle(x - 0.014 * h, base - 0.1 * h, x + 0.014 * h, base + 0.01 * h, colours[0])
    sheet.polygon([(x, base - h * 1.05), *right, *left[::-1]], colours[1])
    lit = left if side < 0 else right
    inner = [(x + (px - x) * 0.35, py) for px, py in lit]
    sheet.polygon([(x, base - h * 1.05), *lit, *inner[::-1]], colours[2])


def leafy(
    sheet: Sheet, stream: Stream, x: float, base: float, h: float, inks: Sequence[Rgb], *, side: float = -1.0
) -> None:
    """Draw a round tree: a forked trunk (``inks[0]``), then leaves in clumps, each lit by where it lies in the crown."""
    tips: list[Point] = []
    sheet.polygon(
        [
            (x - 0.085 * h, base),
            (x - 0.046 * h, base - 0.07 * h),
            (x - 0.036 * h, base - 0.36 * h),
            (x + 0.036 * h, base - 0.36 * h),
            (x + 0.046 * h, base - 0.07 * h),
            (x + 0.09 * h, base),
        ],
        inks[0],
    )
    _branch(sheet, stream, (x, base - 0.3 * h), (0.0, -0.16), h, 0.052 * h, inks[0], tips, 3)
    leaves = inks[1:]
    clumps: list[tuple[float, float, float, float, float]] = []
    for jx, jy, jr, keep in stream.child("clumps").array(120, 4).tolist():
        dx, dy = jx * 2 - 1, jy * 2 - 1
        if dx * dx + dy * dy <= 1:
            clumps.append((0.9 - keep, dx, dy, jr, keep))
    for depth, dx, dy, jr, _ in sorted(clumps, key=lambda one: (one[0] < 0.45, -one[2] * 0.7 + one[0])):
        cx = x + dx * 0.36 * h * (1.08 - 0.2 * dy)
        cy = base - 0.66 * h + dy * 0.29 * h
        lit = 0.42 - 0.30 * dy + 0.26 * side * dx + (0.22 - depth) * 0.5
        radius = h * (0.045 + 0.055 * jr)
        for n, (ox, oy) in enumerate(((0.0, 0.0), (-0.9, 0.2), (0.8, 0.35), (0.2, -0.7), (-0.5, -0.6))):
            step = min(max(lit + (0.0, -0.1, -0.1, 0.1, 0.06)[n] + side * ox * 0.08, 0.0), 0.999)
            sheet.ellipse(
                cx + ox * radius * 0.8,
                cy + oy * radius * 0.8,
                radius * (1.0 if n == 0 else 0.55),
                radius * (0.84 if n == 0 else 0.5),
                leaves[int(step * len(leaves))],
            )


def _branch(
    sheet: Sheet,
    stream: Stream,
    start: Point,
    way: Point,
    h: float,
    width: float,
    ink: Rgb,
    tips: list[Point],
    depth: int,
) -> None:
    end = (start[0] + way[0] * h, start[1] + way[1] * h)
    sheet.line([start, end], width, ink)
    if depth <= 2:
        tips.append(end)
    if depth == 0:
        return
    for spread in (-0.62, 0.1, 0.66) if depth > 2 else (-0.5, 0.55):
        turn = spread + stream.uniform(-0.22, 0.22)
        shrink = stream.uniform(0.56, 0.74)
        dx, dy = way
        _branch(
            sheet,
            stream,
            end,
            ((dx - dy * turn) * shrink, (dy + dx * turn) * shrink),
            h,
            width * 0.62,
            ink,
            tips,
            depth - 1,
        )


def palm(
    sheet: Sheet,
    stream: Stream,
    x: float,
    base: float,
    h: float,
    colours: tuple[Rgb, Rgb, Rgb, Rgb],
    bark: tuple[Rgb, Rgb],
    *,
    side: float = -1.0,
) -> None:
    """Draw a palm: a bowed trunk with rings (``bark``, shaded and lit), and fronds that arch and hang their leaflets."""
    lean = stream.uniform(0.10, 0.26) * (1 if stream.chance(0.5) else -1)
    spine = [(x + lean * h * t * (1.5 - 0.5 * t), base - h * 0.82 * t) for t in (n / 14 for n in range(15))]
    widths = [h * (0.019 - 0.006 * n / 14 + 0.018 * max(1 - n / 2.5, 0.0) ** 2) for n in range(15)]
    for part, ink in ((1.0, bark[0]), (0.25, bark[1])):
        near = [(px + side * w, py) for (px, py), w in zip(spine, widths, strict=True)]
        away = [(px - side * w * (part if part == 1 else -part), py) for (px, py), w in zip(spine, widths, strict=True)]
        sheet.polygon([*near, *away[::-1]], ink)
    for (px, py), w in zip(spine[1:], widths[1:], strict=True):
        sheet.line([(px - w, py - 0.1 * w), (px, py + 0.35 * w), (px + w, py - 0.1 * w)], 0.0035 * h, bark[0])
    top = spine[-1]
    near_us = ((-0.50, 0.10, 1), (0.46, 0.16, 1), (-0.95, 0.10, 1), (0.98, 0.04, 1), (-0.26, 0.62, 1), (0.34, 0.56, 1))
    behind = ((-1.0, 0.46, 2), (0.98, 0.50, 2), (-0.70, 0.86, 2), (0.72, 0.90, 2))
    for n, (out, up, tone) in enumerate((*near_us, *behind)):
        own = stream.child("frond", n)
        long = 0.46 * h * own.uniform(0.86, 1.1)
        _frond(sheet, top, (out * long, up * 0.62 * long), long, (colours[tone], colours[tone + 1]))
        if n == 5:
            for dx, dy in ((-0.022, 0.030), (0.020, 0.034), (0.0, 0.044)):
                sheet.ellipse(top[0] + dx * h, top[1] + dy * h, 0.017 * h, 0.018 * h, bark[0])


def _frond(sheet: Sheet, root: Point, way: Point, long: float, inks: tuple[Rgb, Rgb]) -> None:
    """Draw one frond from ``root``: its rib rises by ``way`` and falls over; leaflets hang from both its sides."""
    steps = 22
    rib = []
    for n in range(steps + 1):
        t = n / steps
        rib.append(
            (
                root[0] + way[0] * (t + 0.28 * t * (1 - t)),
                root[1] - way[1] * 2.0 * t + (way[1] * 1.3 + 0.62 * long) * t * t,
            )
        )
    sheet.line(rib, 0.018 * long, inks[0])
    for n in range(1, steps):
        t = n / steps
        (ax, ay), (bx, by) = rib[n], rib[n + 1]
        dx, dy = bx - ax, by - ay
        norm = max((dx * dx + dy * dy) ** 0.5, 1e-9)
        dx, dy = dx / norm, dy / norm
        leaf = 0.34 * long * (0.35 + 0.65 * min(t * 3.2, 1.0)) * (1.0 - 0.62 * t * t)
        for across, ink, hang in ((1.0, inks[0], 0.75), (-1.0, inks[1], 0.42)):
            nx, ny = -dy * across, dx * across
            if ny < 0 and across * dx > 0:
                nx, ny = -nx, -ny
            lx, ly = dx * 0.75 + nx * 0.55, dy * 0.75 + ny * 0.55 + hang
            size = leaf * (1.0 if hang > 0.5 else 0.72) / max((lx * lx + ly * ly) ** 0.5, 1e-9)
            tip = (ax + lx * size, ay + ly * size)
            sheet.polygon(
                [
                    (ax - dx * 0.017 * long, ay - dy * 0.017 * long),
                    tip,
                    (ax + dx * 0.017 * long, ay + dy * 0.017 * long),
                ],
                ink,
            )


def _side(stage: Stage) -> float:
    return -1.0 if stage.scene.light.x < stage.w / 2 else 1.0


def tree_colours(stage: Stage, *, far: float, turn: float) -> tuple[Rgb, Rgb, Rgb, Rgb]:
    """Give trunk, dark, middle and light for one tree."""
    greens, tones = stage.tones.greens, stage.tones
    lit = 0.12 * (turn - 0.5)
    return (
        tones.rgb("#4a382c", lit=0.3, far=far),
        tones.rgb(greens[0], lit=0.2 + lit, far=far),
        tones.rgb(greens[1], lit=0.5 + lit, far=far),
        tones.rgb(greens[2], lit=0.85 + lit, far=far),
    )


def conifer_colours(stage: Stage, *, far: float, turn: float) -> tuple[Rgb, Rgb, Rgb]:
    """Give trunk, body and lit edge for one conifer."""
    tones = stage.tones
    winter, autumn = stage.scene.season == "winter", stage.scene.season == "autumn"
    body = "#24483e" if winter else tones.greens[0] if autumn else "#1d4436"
    edge = "#e6eef4" if winter else tones.greens[1] if autumn else "#5a8450"
    return (
        tones.rgb("#3a2c26", lit=0.2, far=far),
        tones.rgb(body, lit=0.3 + 0.2 * turn, far=far),
        tones.rgb(edge, lit=0.6 + 0.3 * turn, far=far),
    )


@subject(
    "forest",
    Role.BACKDROP,
    ("forest", "woodland", "wood", "grove", "pine forest", "rainforest", "redwood"),
    order=3,
    with_backdrop=(),
    say="a forest",
)
def forest(stage: Stage, place: Place) -> None:
    """Paint rows of trees, far ones pale and small, near ones tall at both sides."""
    stream, unit = stage.stream(place.key), stage.unit
    side = _side(stage)
    for row, (far, size, base) in enumerate(
        ((0.74, 0.13, 0.0), (0.52, 0.20, 0.012), (0.3, 0.30, 0.035), (0.08, 0.5, 0.10))
    ):
        part = stream.child(row)
        stage.canvas.new_layer()
        foot = stage.horizon + base * unit
        sheet = stage.sheet((0, foot - size * 1.4 * unit, stage.w, foot + 0.05 * unit), coloured=True)
        count = int(stage.w / unit * (46, 30, 17, 10)[row]) + 2
        draws = part.array(count, 3).tolist()
        for n, (jx, jh, turn) in sorted(enumerate(draws), key=lambda one: -one[1][1]):
            x = (n + jx) / count * stage.w
            middle = abs(x / stage.w - 0.5) * 2
            if row == 3 and middle < 0.55:
                continue
            h = size * unit * (0.7 + 0.5 * jh) * (0.62 + 0.5 * middle if row > 0 else 1.0)
            conifer(
                sheet,
                part.child(n),
                x,
                foot + 0.02 * unit * jh,
                h,
                conifer_colours(stage, far=far, turn=turn),
                side=side,
            )
        ground = stage.tones.rgb(
            stage.tones.greens[0] if stage.scene.season != "winter" else "#c4d2de", lit=0.35, far=far
        )
        sheet.rectangle(0, foot - 0.004 * unit, stage.w, foot + 0.06 * unit, ground)
        sheet.over()


@subject(
    "thicket",
    Role.FRONT,
    ("thicket", "deep forest", "dense forest", "undergrowth"),
    with_backdrop=("forest",),
    say="trees close by on both sides",
)
def thicket(stage: Stage, place: Place) -> None:
    """Paint tall conifers at both sides, near enough to stand in the foreground."""
    stream, unit, side = stage.stream(place.key), stage.unit, _side(stage)
    depth = stage.h - stage.horizon
    stage.canvas.new_layer()
    reach = 0.30 * min(unit, stage.w)
    for n, (share, near) in enumerate(((0.75, 0.16), (0.42, 0.34), (0.08, 0.62))):
        for way in (-1.0, 1.0):
            own = stream.child(n, way)
            inset = reach * share * own.uniform(0.7, 1.1)
            x = inset if way < 0 else stage.w - inset
            base, h = stage.horizon + depth * near, (0.46 + 0.50 * near) * unit * own.uniform(0.85, 1.1)
            colours = conifer_colours(stage, far=0.05 * (2 - n), turn=own.uniform())
            half = 0.34 * h
            sheet = stage.sheet((x - half, base - 1.1 * h, x + half, base + 0.03 * h), coloured=True)
            shadow = stage.sheet((x - h, base - 0.05 * h, x + h, base + 0.06 * h))
            shadow.ellipse(x - side * 0.14 * h, base, 0.26 * h, 0.022 * h)
            if shadow.window is not None:
                mask = blur(stage, shadow.mask(), 0.010 * h * stage.canvas.px)
                stage.canvas.shade(mask * np.float32(0.4), shadow.window)
            stage.canvas.new_layer()
            conifer(sheet, own, x, base, h, colours, side=side)
            sheet.over()


@subject(
    "tree",
    Role.FIGURE,
    (
        "tree",
        "oak",
        "oak tree",
        "apple tree",
        "cherry tree",
        "acacia",
        "lone tree",
        "bonsai",
        "maple tree",
        "beech",
        "chestnut",
    ),
    span=0.52,
    breadth=0.55,
    order=4,
    say="a single tree",
)
def tree(stage: Stage, place: Place) -> None:
    """Paint one leafy tree with its shadow."""
    stream, h = stage.stream(place.key), place.height
    side = _side(stage)
    shadow = stage.sheet((place.x - h, place.base - 0.1 * h, place.x + h, place.base + 0.1 * h))
    shadow.ellipse(place.x - side * 0.12 * h, place.base + 0.008 * h, 0.34 * h, 0.028 * h)
    if shadow.window is not None:
        mask = blur(stage, shadow.mask(), 0.012 * h * stage.canvas.px)
        stage.canvas.shade(mask * np.float32(0.36), shadow.window)
    stage.canvas.new_layer()
    sheet = stage.sheet(
        (place.x - 0.75 * h, place.base - 1.25 * h, place.x + 0.75 * h, place.base + 0.05 * h), coloured=True
    )
    codes = place.colour or (foliage_of("blossom") if stage.scene.season == "spring" else stage.tones.greens)
    crown = stage.tones.ramp(codes, low=0.1, high=1.0)
    inks = [stage.tones.rgb("#4a382c", lit=0.35)] + [
        (float(crown[0, n]), float(crown[1, n]), float(crown[2, n])) for n in range(60, 1024, 120)
    ]
    leafy(sheet, stream, place.x, place.base, h, inks, side=side)
    sheet.over()


@subject(
    "palms",
    Role.FIGURE,
    ("palm", "palm tree", "tropical", "tropical beach", "oasis", "hawaii", "coconut"),
    home="sea",
    stands="land",
    span=0.42,
    breadth=0.4,
    order=5,
    rock="sandbank",
    say="palms",
)
def palms(stage: Stage, place: Place) -> None:
    """Paint three palms of different height."""
    stream, h = stage.stream(place.key), place.height
    sheet = stage.sheet(
        (place.x - 1.1 * h, place.base - 1.3 * h, place.x + 1.1 * h, place.base + 0.1 * h), coloured=True
    )
    bark = stage.tones.rgb("#6b5240", lit=0.3), stage.tones.rgb("#b89a74", lit=0.7)
    stage.canvas.new_layer()
    for n, (dx, size) in enumerate(((-0.26, 0.8), (0.24, 0.66), (0.0, 1.0))):
        palm(
            sheet,
            stream.child(n),
            place.x + dx * h,
            place.base + 0.02 * h,
            h * size,
            tree_colours(stage, far=0.0, turn=0.4),
            bark,
            side=_side(stage),
        )
    sheet.over()
