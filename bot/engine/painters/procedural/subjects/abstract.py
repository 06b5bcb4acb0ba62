"""Abstract pictures: flow lines, packed circles, marbling; and seamless patterns."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep, wave
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage, graded
from bot.engine.painters.procedural.subjects.subject import Role, subject

_PALETTES = (
    ("#10243c", "#1c5c7c", "#e8a33c", "#f4ead4", "#d4532c"),
    ("#241432", "#7a2c5c", "#e86a5c", "#f8c88c", "#3c8c8c"),
    ("#12302c", "#2c7c60", "#c8c85c", "#f8f0d0", "#e07a3c"),
    ("#1c1c34", "#4c4c9c", "#e07ca4", "#fbe4d0", "#5cb4c4"),
    ("#2c1a14", "#8c3c28", "#e0a050", "#f4e4c4", "#4c7c74"),
)


def palette(stage: Stage, place: Place) -> list[Rgb]:
    """Give five colours that go together: dark, middle, accent, light, counterpoint."""
    codes = stage.stream(place.key, "palette").pick(_PALETTES)
    return [c.to_rgb(graded(c.lab(code), stage.scene.grade)) for code in codes]


@subject(
    "flow",
    Role.WHOLE,
    (
        "abstract",
        "flow field",
        "flowing line",
        "generative art",
        "music",
        "dream",
        "energy",
        "wind",
        "swirl",
        "smoke",
        "emotion",
        "time",
        "chaos",
        "silk",
    ),
    say="an abstract of flowing lines",
)
def flow(stage: Stage, place: Place) -> None:
    """Paint thousands of strokes that follow a smooth field."""
    stream, unit = stage.stream(place.key), stage.unit
    inks = palette(stage, place)
    stage.canvas.rgb[:] = np.array(inks[0], np.float32).reshape(3, 1, 1)
    grid = noise.Texture(stream, 8)
    count, steps = int(1500 * stage.w * stage.h / (unit * unit) ** 0.5), 34
    start = stream.child("start").array(count, 4)
    x, y = (
        start[:, 0] * np.float32(stage.w * 1.1) - np.float32(0.05 * stage.w),
        start[:, 1] * np.float32(stage.h * 1.1) - np.float32(0.05 * stage.h),
    )
    trail = np.empty((steps, count, 2), np.float32)
    for n in range(steps):
        trail[n, :, 0], trail[n, :, 1] = x, y
        turn = grid.read(x * np.float32(0.11 / unit), y * np.float32(0.11 / unit)) * np.float32(1.7)
        x = x + wave(turn + np.float32(0.25)) * np.float32(0.012 * unit)
        y = y + wave(turn) * np.float32(0.012 * unit)
    stage.canvas.check()
    order = np.argsort(-start[:, 3], kind="stable")
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    for number, one in enumerate(order.tolist()):
        kind = grid.tile[int(start[one, 0] * 255), int(start[one, 1] * 255)]
        ink = inks[1 + int(float(start[one, 2]) * 2.2 + float(kind) * 3.2) % 4]
        points = [(float(px), float(py)) for px, py in trail[: 12 + int(22 * float(start[one, 2])), one].tolist()]
        width = (0.0016 + 0.010 * float(start[one, 3]) ** 3) * unit
        sheet.line(points, width, ink)
        if number % 200 == 0:
            stage.canvas.check()
    sheet.over()


@subject(
    "circles",
    Role.WHOLE,
    (
        "circle",
        "bubble",
        "geometric",
        "dot",
        "bauhaus",
        "suprematism",
        "kandinsky",
        "shape",
        "mathematics",
        "planetary",
        "constructivism",
    ),
    say="an abstract of circles",
)
def circles(stage: Stage, place: Place) -> None:
    """Pack circles without overlap, from large to small, with rings and segments."""
    stream, unit = stage.stream(place.key), stage.unit
    inks = palette(stage, place)
    stage.canvas.rgb[:] = np.array(inks[3], np.float32).reshape(3, 1, 1)
    placed: list[tuple[float, float, float]] = []
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    for n, (jx, jy) in enumerate(stream.array(1500, 2).tolist()):
        x, y = jx * stage.w, jy * stage.h
        limit = min((((x - px) ** 2 + (y - py) ** 2) ** 0.5 - pr for px, py, pr in placed), default=0.24 * unit)
        r = min(limit - 0.006 * unit, 0.24 * unit / (1 + n / 26))
        if r < 0.008 * unit:
            continue
        placed.append((x, y, r))
        own = stream.child(n)
        first = own.integer(0, 4)
        first = 0 if first == 3 else first
        sheet.ellipse(x, y, r, r, inks[first])
        kind = own.integer(0, 3)
        if kind == 1:
            sheet.ellipse(x, y, 0.7 * r, 0.7 * r, inks[3])
            sheet.ellipse(x, y, 0.46 * r, 0.46 * r, inks[(first + 1) % 5])
        elif kind == 2:
            box = sheet._points(((x - r, y - r), (x + r, y + r)))  # noqa: SLF001 - a half disc is drawn by Pillow itself
            turn = own.integer(0, 7) * 45
            sheet.draw.pieslice(
                tuple(box), turn, turn + 180, fill=(*(round(v * 255) for v in inks[(first + 2) % 5]), 255)
            )
        elif kind == 3:
            for share in (0.82, 0.56, 0.30):
                sheet.ellipse(x, y, share * r, share * r, inks[(first + (1 if share != 0.56 else 3)) % 5])
        if n % 150 == 0:
            stage.canvas.check()
    sheet.over()


@subject(
    "marbling",
    Role.WHOLE,
    (
        "marble",
        "marbling",
        "liquid",
        "fluid",
        "ink in water",
        "paint swirl",
        "lava",
        "agate",
        "geode",
        "suminagashi",
        "acrylic pour",
    ),
    say="marbled paint",
)
def marbling(stage: Stage, place: Place) -> None:
    """Paint bands of colour, warped twice by noise."""
    stream, unit, canvas = stage.stream(place.key), stage.unit, stage.canvas
    texture = noise.Texture(stream, 8)
    x, y = canvas.x[None, :] * np.float32(0.21 / unit), canvas.y[:, None] * np.float32(0.21 / unit)
    a = noise.read_banded(canvas, texture, x, y)
    canvas.check()
    b = noise.read_banded(canvas, texture, x + np.float32(0.43), y + np.float32(0.17))
    canvas.check()
    fold = noise.read_banded(canvas, texture, x + a * np.float32(0.30), y + b * np.float32(0.30))
    canvas.check()
    fine = noise.read_banded(
        canvas, texture, x * np.float32(2) + fold * np.float32(0.5), y * np.float32(2) + a * np.float32(0.4)
    )
    stage.canvas.check()
    t = fold * np.float32(6.4) + fine * np.float32(0.5)
    t = t - np.floor(t)
    canvas.check()
    inks = palette(stage, place)
    labs = [c.from_rgb(ink) for ink in (*inks, inks[0])]
    canvas.fill(c.ramp(labs, stops=(0, 0.26, 0.42, 0.6, 0.82, 1.0)), t)
    stage.canvas.check()
    vein = smoothstep(0.045, 0.0, np.abs(t - np.float32(0.42)))
    canvas.over_soft(vein * np.float32(0.8), c.to_rgb(c.lighten(labs[3], 0.05)))
    stage.canvas.check()
    relief = (fine - np.roll(fine, 2, axis=1)) * np.float32(4)
    canvas.light(clamp(relief), (1.0, 1.0, 1.0))


@subject(
    "pattern",
    Role.WHOLE,
    (
        "pattern",
        "tile",
        "wallpaper",
        "seamless",
        "ornament",
        "mandala",
        "azulejo",
        "carpet",
        "quilt",
    ),
    say="a seamless pattern",
)
def pattern(stage: Stage, place: Place) -> None:
    """Paint an ornament that repeats without a seam: it is periodic in both directions."""
    stream, canvas = stage.stream(place.key), stage.canvas
    across = max(2, round(4 * stage.w / max(min(stage.w, stage.h), 0.05) ** 0.5 / 1.0))
    down = max(2, round(across * stage.h / stage.w))
    u = canvas.x[None, :] * np.float32(across / stage.w)
    v = canvas.y[:, None] * np.float32(down / stage.h)
    inks = [np.array(ink, np.float32).reshape(3, 1, 1) for ink in palette(stage, place)]
    cx, cy = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    r = np.sqrt(cx * cx + cy * cy)
    odd = np.minimum(np.abs(cx), np.abs(cy)), np.maximum(np.abs(cx), np.abs(cy))
    soft = np.float32(canvas.px * stage.h / down)
    canvas.rgb[:] = inks[3]

    def lay(inside: Plane, ink: Plane) -> None:
        canvas.over(clamp(inside * soft + np.float32(0.5)), ink)

    angle = _petals(cx, cy, r, stream.pick((2, 3)))
    size = stream.uniform(0.30, 0.38)
    corner = np.sqrt(np.square(np.float32(0.5) - np.abs(cx)) + np.square(np.float32(0.5) - np.abs(cy)))
    lay(np.float32(0.46) - odd[1] * np.float32(0.5) - odd[0] * np.float32(0.5) - np.float32(0.02), inks[1])
    lay(np.float32(0.015) - np.abs(r - np.float32(0.43)), inks[2])
    lay(np.float32(size) * (np.float32(0.62) + angle * np.float32(0.42)) - r, inks[3])
    lay(np.float32(size * 0.78) * (np.float32(0.60) + angle * np.float32(0.42)) - r, inks[4])
    lay(np.float32(size * 0.36) - r, inks[0])
    lay(np.float32(size * 0.22) - r, inks[2])
    lay(np.float32(0.24) - corner, inks[0])
    lay(np.float32(0.19) - corner, inks[2] if stream.chance(0.5) else inks[4])
    lay(np.float32(0.11) - corner, inks[3])
    lay(np.float32(0.06) - corner, inks[1])
    lay(np.float32(0.013) - np.abs(corner - np.float32(0.285)), inks[0])


def _petals(cx: Plane, cy: Plane, r: Plane, fold: int) -> Plane:
    """Give a rosette: the cosine of so many times the angle, from powers of the unit vector, without an angle."""
    safe = np.maximum(r, np.float32(1e-4))
    re, im = cx / safe, cy / safe
    for _ in range(fold):
        re, im = re * re - im * im, np.float32(2) * re * im
    return np.abs(re)
