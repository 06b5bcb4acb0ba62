"""Boats under sail, and balloons."""

from __future__ import annotations

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_SAILS = ("#f8f2e4", "#f4e6cc", "#e8a24c", "#c84434")
_STRIPES = (("#d8402e", "#f6e6c8"), ("#f0a428", "#c8342c"), ("#2c6ca8", "#f4e8d0"), ("#8a3c8c", "#f6c45c"))


@subject(
    "boat",
    Role.FIGURE,
    (
        "boat",
        "sailboat",
        "sailing boat",
        "sail",
        "yacht",
        "ship",
        "regatta",
        "fishing boat",
        "vessel",
        "schooner",
        "pirate ship",
        "viking ship",
        "longship",
    ),
    home="sea",
    stands="water",
    span=0.34,
    breadth=0.3,
    order=6,
    flock=True,
    say="a sailing boat",
)
def boat(stage: Stage, place: Place) -> None:
    """Paint a sloop: hull, mast, mainsail and jib."""
    stream, h = stage.stream(place.key), place.height
    stage.canvas.new_layer()
    way = -1.0 if place.flip else 1.0
    sheet = stage.sheet(
        (place.x - 0.6 * h, place.base - 1.1 * h, place.x + 0.6 * h, place.base + 0.02 * h), coloured=True
    )
    hull = place.colour[1] if place.colour else stream.pick(("#f2ece0", "#24466c", "#a8382c", "#2e4a44"))
    draw_sloop(sheet, stage, (place.x, place.base, h), way, (stream.pick(_SAILS), hull))
    sheet.over()


def draw_sloop(
    sheet: Sheet, stage: Stage, spot: tuple[float, float, float], way: float, codes: tuple[str, str]
) -> None:
    """Draw a sloop of height ``spot[2]`` at (x, waterline), its bow towards ``way``."""
    x, base, h = spot
    sail, hull = codes
    tones = stage.tones
    lit = stage.scene.light.x < x

    def at(dx: float, dy: float) -> Point:
        return x + way * dx * h, base - dy * h

    mast_x = 0.04
    sheet.line([at(mast_x, 0.05), at(mast_x, 1.0)], 0.011 * h, tones.rgb("#6a4c34", lit=0.4))
    main = [
        at(mast_x - 0.015, 0.97),
        *(at(mast_x - 0.015 - 0.38 * t - 0.05 * t * (1 - t) * 4, 0.97 - 0.80 * t) for t in (0.2, 0.4, 0.6, 0.8, 1.0)),
        at(mast_x - 0.015, 0.165),
    ]
    sheet.polygon(main, tones.rgb(sail, lit=0.92 if lit else 0.6))
    shade = [at(mast_x - 0.015, 0.97), at(mast_x - 0.12, 0.6), at(mast_x - 0.13, 0.165), at(mast_x - 0.015, 0.165)]
    sheet.polygon(shade, tones.rgb(sail, lit=0.7 if lit else 0.4))
    jib = [
        at(mast_x + 0.02, 0.9),
        at(0.36, 0.13),
        *(at(mast_x + 0.03 + 0.25 * t, 0.2 - 0.05 * t + 0.0 * t) for t in (0.8, 0.4, 0.0)),
    ]
    sheet.polygon(jib, tones.rgb(sail, lit=0.75 if lit else 0.5))
    for share in (0.3, 0.5, 0.7):
        y = 0.97 - 0.8 * share
        sheet.line(
            [at(mast_x - 0.015, y), at(mast_x - 0.03 - 0.38 * share, y + 0.005)], 0.0035 * h, tones.rgb(sail, lit=0.3)
        )
    body = [at(-0.36, 0.125), at(0.1, 0.095), at(0.42, 0.15), at(0.36, 0.07), at(0.28, -0.005), at(-0.3, -0.005)]
    sheet.polygon(body, tones.rgb(hull, lit=0.62 if lit else 0.38))
    sheet.polygon([at(-0.34, 0.045), at(0.33, 0.045), at(0.28, -0.005), at(-0.3, -0.005)], tones.rgb(hull, lit=0.12))
    sheet.line([at(-0.36, 0.122), at(0.1, 0.093), at(0.42, 0.147)], 0.012 * h, tones.rgb("#e8dcc4", lit=0.85))
    sheet.polygon([at(-0.22, 0.118), at(-0.2, 0.165), at(-0.02, 0.16), at(0.02, 0.103)], tones.rgb("#efe6d4", lit=0.6))


@subject(
    "balloon",
    Role.FIGURE,
    ("balloon", "hot air balloon", "air balloon", "airship"),
    stands="sky",
    span=0.34,
    breadth=0.28,
    order=7,
    flock=True,
    say="a hot air balloon",
)
def balloon(stage: Stage, place: Place) -> None:
    """Paint a striped balloon with its basket, and two smaller ones far off."""
    stream = stage.stream(place.key)
    h = place.height
    stage.canvas.new_layer()
    for n, (dx, dy, size, far) in enumerate(((-0.9, -0.1, 0.26, 0.55), (0.8, 0.25, 0.38, 0.38))):
        side = 1 if place.x < stage.w / 2 else -1
        x = place.x + side * abs(dx) * h * (0.9 + n * 0.5) + dx * 0.1
        _balloon(stage, stream.child(n), (x, place.base + dy * h, h * size), far, ())
    _balloon(stage, stream, (place.x, place.base + 0.2 * h, h), 0.0, place.colour)


def _balloon(
    stage: Stage, stream: Stream, spot: tuple[float, float, float], far: float, colour: tuple[str, ...]
) -> None:
    x, base, h = spot
    tones = stage.tones
    codes = (colour[1], "#f6ead2") if colour else stream.pick(_STRIPES)
    sheet = stage.sheet((x - 0.5 * h, base - 1.05 * h, x + 0.5 * h, base + 0.05 * h), coloured=True)
    rows, radius, centre = 48, 0.37 * h, base - 0.63 * h
    outline = []
    for n in range(rows + 1):
        # A dome above its widest line, and below it a cone that runs smoothly into the mouth.
        t = n / rows
        width = (max(1 - ((0.42 - t) / 0.42) ** 2, 0.0)) ** 0.5 if t < 0.42 else 1 - ((t - 0.42) / 0.58) ** 2.1 * 0.86
        outline.append((max(width, 0.02), centre - radius + t * radius * 2.12))
    gores, side = 12, -1.0 if stage.scene.light.x < x else 1.0
    for n in range(gores):
        a0, a1 = n / gores * 2 - 1, (n + 1) / gores * 2 - 1
        s0, s1 = a0 * (1.5 - 0.5 * a0 * a0), a1 * (1.5 - 0.5 * a1 * a1)
        middle = (s0 + s1) / 2
        lit = 0.62 + 0.34 * side * middle - 0.22 * middle * middle
        left = [(x + s0 * w * radius, y) for w, y in outline]
        right = [(x + s1 * w * radius, y) for w, y in outline]
        sheet.polygon(left + right[::-1], tones.rgb(codes[n % 2], lit=min(max(lit, 0.0), 1.0), far=far))
    mouth_w, mouth_y = outline[-1]
    dark = tones.rgb("#4a3424", lit=0.3, far=far)
    for dx in (-1, -0.35, 0.35, 1):
        sheet.line([(x + dx * mouth_w * radius, mouth_y), (x + dx * 0.05 * h, base - 0.07 * h)], 0.004 * h, dark)
    sheet.rectangle(x - 0.052 * h, base - 0.075 * h, x + 0.052 * h, base, tones.rgb("#8a5c34", lit=0.5, far=far))
    sheet.rectangle(x - 0.058 * h, base - 0.08 * h, x + 0.058 * h, base - 0.064 * h, dark)
    if stage.scene.light.gloom > 0.4 and far < 0.2:
        sheet.ellipse(x, mouth_y + 0.02 * h, 0.014 * h, 0.03 * h, tones.plain("#ffdc80"))
    sheet.over()
