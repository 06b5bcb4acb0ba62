"""A birch wood: white trunks with dark marks, and a light, broken canopy over them."""

from __future__ import annotations

from bot.engine.painters.procedural.canvas import Point, Sheet
from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

ROWS = ((0.72, 0.26, 0.0, 34), (0.5, 0.42, 0.012, 20), (0.26, 0.66, 0.035, 11), (0.04, 1.05, 0.10, 8))
"""From the far row to the near one: how far, how tall, how far below the horizon, and how many to a unit of width."""


def birch(
    sheet: Sheet, stream: Stream, x: float, base: float, h: float, inks: tuple[Rgb, Rgb, Rgb], *, side: float
) -> list[Point]:
    """Draw a bare birch of height ``h`` in bark, its shaded side and its marks, and give where leaves hang."""
    lean, bow = stream.uniform(-0.05, 0.05), stream.uniform(-0.02, 0.02)
    half = h * stream.uniform(0.014, 0.02)

    def at(t: float) -> tuple[float, float, float]:
        return x + h * (lean * t + bow * t * (1 - t)), base - h * t, half * (1 - 0.72 * t)

    tips: list[Point] = []
    for n, (reach, rise, start) in enumerate(stream.child("boughs").array(13, 3).tolist()):
        cx, cy, w = at(0.4 + 0.56 * start)
        way = 1.0 if n % 2 else -1.0
        out, up = h * (0.06 + 0.1 * reach) * (1.1 - 0.6 * start), h * (0.07 + 0.08 * rise)
        bend, tip = (cx + way * out * 0.55, cy - 0.45 * up), (cx + way * out, cy - up)
        sheet.line([(cx, cy), bend], 0.55 * w, inks[2])
        sheet.line([bend, tip], 0.3 * w, inks[2])
        for part in (0.25, 0.7):
            fork = bend[0] + (tip[0] - bend[0]) * part, bend[1] + (tip[1] - bend[1]) * part
            sheet.line([fork, (fork[0] + way * 0.3 * out, fork[1] - 0.16 * up)], 0.2 * w, inks[2])
        tips += [bend, tip]
    spine = [at(n / 8) for n in range(9)]
    sheet.polygon([*((cx - w, cy) for cx, cy, w in spine), *((cx + w, cy) for cx, cy, w in spine[::-1])], inks[0])
    shaded = [(cx - side * w, cx - side * 0.2 * w, cy) for cx, cy, w in spine]
    sheet.polygon([*((out, cy) for out, _, cy in shaded), *((inner, cy) for _, inner, cy in shaded[::-1])], inks[1])
    for place, across, long, thick in stream.child("marks").array(26, 4).tolist():
        cx, cy, w = at(0.02 + 0.8 * place)
        middle, reach = cx + (across - 0.5) * 1.7 * w, w * (0.25 + 0.5 * long)
        ends = max(middle - reach, cx - w), min(middle + reach, cx + w)
        sheet.line([(ends[0], cy), (ends[1], cy + 0.15 * w)], w * (0.08 + 0.26 * thick * thick), inks[2])
    foot, _, w = at(0.0)
    for n, (up, _, where) in enumerate(stream.child("foot").array(4, 3).tolist()):
        left = foot + (n / 2 - 1) * w * 0.98
        sheet.polygon(
            [(left, base), (left + w * 0.5 * where, base - h * (0.02 + 0.05 * up)), (left + w * 0.5, base)], inks[2]
        )
    return [*tips, at(0.97)[:2], at(0.9)[:2]]


@subject(
    "birches",
    Role.BACKDROP,
    ("birch", "birch tree", "birch forest", "birch wood", "birch grove", "silver birch", "aspen", "aspen grove"),
    order=3,
    with_backdrop=(),
    say="a birch wood",
)
def birches(stage: Stage, place: Place) -> None:
    """Paint rows of birches, the near ones at both sides and up beyond the picture's edge."""
    stream, unit, tones = stage.stream(place.key), stage.unit, stage.tones
    side = -1.0 if stage.scene.light.x < stage.w / 2 else 1.0
    bare = stage.scene.season == "winter"
    codes = place.colour or tones.greens
    for row, (far, size, below, crowd) in enumerate(ROWS):
        part = stream.child(row)
        stage.canvas.new_layer()
        foot = stage.horizon + below * unit
        sheet = stage.sheet((0, foot - size * 1.5 * unit, stage.w, foot + 0.06 * unit), coloured=True)
        bark = (
            tones.rgb("#f1ece2", lit=0.8, far=far),
            tones.rgb("#a8a49e", lit=0.45, far=far),
            tones.rgb("#2e2824", lit=0.25, far=far),
        )
        leaves = [tones.rgb(codes[g], lit=lit, far=far) for g, lit in ((0, 0.5), (1, 0.6), (1, 0.85), (2, 0.95))]
        count = int(stage.w / unit * crowd) + 2
        for n, (jx, jh, _) in enumerate(part.array(count, 3).tolist()):
            x = (n + jx) / count * stage.w
            middle = abs(x / stage.w - 0.5) * 2
            if row >= 2 and middle < (0.42, 0.62)[row - 2]:
                continue
            h = size * unit * (0.8 + 0.4 * jh)
            own = part.child(n)
            hung = birch(sheet, own, x, foot + 0.02 * unit * jh, h, bark, side=side)
            if not bare:
                _leaves(sheet, own.child("leaves"), hung, h, leaves)
        if row < 3:
            ground = "#c4d2de" if bare else tones.greens[0]
            sheet.rectangle(0, foot - 0.003 * unit, stage.w, foot + 0.05 * unit, tones.rgb(ground, lit=0.4, far=far))
        sheet.over()


def _leaves(sheet: Sheet, stream: Stream, hung: list[Point], h: float, inks: list[Rgb]) -> None:
    """Hang small leaves around each place, loosely, so that the sky is seen between them."""
    many = 10 + round(22 * min(h, 1.0))
    for n, (cx, cy) in enumerate(hung):
        for jx, jy, size, tone in stream.child(n).array(many, 4).tolist():
            across, down = (jx - 0.5) * 0.16 * h, (jy - 0.4) * 0.14 * h
            radius = 0.0015 + h * (0.003 + 0.005 * size)
            sheet.ellipse(cx + across, cy + down, radius * 1.25, radius, inks[int(tone * 0.999 * len(inks))])
