"""Put together from pieces: pixel art, low poly, stained glass, mosaic, paper cut."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.canvas import Sheet
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import (
    NOMINAL,
    banded,
    blur,
    edges,
    palette_of,
    paper,
    reduce_colours,
    saturated,
    soft,
    soft_image,
    to_image,
    to_planes,
)

_CELL_BAND_PIXELS = 60_000
_SHEETS = 12
"""How many sheets of paper lie upon one another at the most."""
_PIXEL = 6
"""The side of a large pixel in pixels at scale 1."""


@style(
    "pixelart",
    ("pixel art", "pixel", "8-bit", "8 bit", "16-bit", "16 bit", "retro game", "voxel"),
    broad=True,
    say="pixel art",
)
def pixelart(stage: Stage, picture: Plane) -> Plane:
    """Reduce to large square pixels and 28 colours, with ordered dither."""
    image = to_image(stage, picture)
    across, down = (max(-(-round(NOMINAL * side) // _PIXEL), 1) for side in (stage.w, stage.h))
    whole = stage.canvas.px * _PIXEL / NOMINAL
    box = (0.0, 0.0, min(across * whole, image.width), min(down * whole, image.height))
    small = image.resize((across, down), Image.Resampling.BOX, box=box)
    stage.canvas.check()
    few = to_planes(stage, small.quantize(palette=palette_of(stage, 28), dither=Image.Dither.NONE))
    col, row = (
        np.minimum((at * np.float32(NOMINAL / _PIXEL)).astype(np.int32), most - 1)
        for at, most in ((stage.canvas.x, across), (stage.canvas.y, down))
    )
    stage.canvas.check()
    return few[:, row[:, None], col[None, :]]


@style(
    "lowpoly", ("low poly", "low-poly", "polygonal", "polygon", "faceted", "origami"), broad=True, say="low poly render"
)
def lowpoly(stage: Stage, picture: Plane) -> Plane:
    """Cover the picture with triangles of one colour each, smaller where there is more to see."""
    image = to_image(stage, soft(stage, picture, 4.0))
    stage.canvas.check()
    stage.canvas.check()
    busy = blur(stage, edges(stage, picture, width=2.0), 0.01 * stage.canvas.px)
    pitch = 0.036
    columns, rows = int(stage.w / pitch) + 3, int(stage.h / pitch) + 3
    jitter = stage.stream("facets").array(rows, columns, 2, low=-0.38, high=0.38)
    px, py = np.empty((rows, columns)), np.empty((rows, columns))
    px[:] = (np.arange(columns)[None, :] - 0.5 + 0.5 * (np.arange(rows)[:, None] % 2) + jitter[..., 0]) * pitch
    py[:] = (np.arange(rows)[:, None] - 0.5 + jitter[..., 1]) * pitch
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    stage.canvas.check()
    pixels = np.asarray(image)
    large = image.resize(sheet.image.size, Image.Resampling.NEAREST)
    stage.canvas.check()
    sheet.image.paste(large.convert("RGBX"))
    stage.canvas.check()
    for r in range(rows - 1):
        for k in range(columns - 1):
            odd = r % 2
            corners = ((r, k), (r, k + 1), (r + 1, k + odd)), ((r + 1, k), (r + 1, k + 1), (r, k + 1 - odd))
            for tri in corners:
                points = [(float(px[i, j]), float(py[i, j])) for i, j in tri if j < columns]
                if len(points) == 3:
                    _split(stage, sheet, pixels, busy, points, 2)
        stage.canvas.check()
    whole = sheet.image.convert("RGB")
    stage.canvas.check()
    small = whole.reduce(sheet.fine)
    stage.canvas.check()
    return to_planes(stage, small)


def _split(
    stage: Stage, sheet: Sheet, pixels: Plane, busy: Plane, points: list[tuple[float, float]], depth: int
) -> None:
    cx, cy = sum(p[0] for p in points) / 3, sum(p[1] for p in points) / 3
    col = min(max(int(cx * stage.canvas.px), 0), stage.canvas.width - 1)
    row = min(max(int(cy * stage.canvas.px), 0), stage.canvas.height - 1)
    if depth and busy[row, col] > 0.10:
        a, b, d = points
        ab, bd, da = (((p[0] + q[0]) / 2, (p[1] + q[1]) / 2) for p, q in ((a, b), (b, d), (d, a)))
        for part in ([a, ab, da], [ab, b, bd], [da, bd, d], [ab, bd, da]):
            _split(stage, sheet, pixels, busy, part, depth - 1)
        return
    tilt = ((points[1][0] - points[0][0]) * (points[2][1] - points[0][1]) > 0) * 0.05 - 0.025
    r, g, b_ = (min(max(v / 255 * (1 + tilt), 0.0), 1.0) for v in pixels[row, col].tolist())
    mx, my = cx, cy
    sheet.polygon([(mx + (x - mx) * 1.03, my + (y - my) * 1.03) for x, y in points], (r, g, b_))


def _cells(stage: Stage, pitch: float, key: str, wander: float) -> tuple[Plane, Plane, Plane, Plane]:
    """Find for each pixel the nearest of jittered points: gap to the next border, number, and the point's position."""
    columns, rows = int(stage.w / pitch) + 3, int(stage.h / pitch) + 3
    jitter = stage.stream("cells", key).array(rows, columns, 2, low=0.5 - wander / 2, high=0.5 + wander / 2)
    x = stage.canvas.x[None, :] * np.float32(1 / pitch) + np.float32(1)
    y = stage.canvas.y[:, None] * np.float32(1 / pitch) + np.float32(1)
    across = (jitter[..., 0] + np.arange(columns, dtype=np.float32)[None, :]).reshape(-1)
    down = (jitter[..., 1] + np.arange(rows, dtype=np.float32)[:, None]).reshape(-1)
    cell = np.floor(y).astype(np.int32) * np.int32(columns) + np.floor(x).astype(np.int32)
    stage.canvas.check()
    number, gap = np.zeros(cell.shape, np.int32), np.zeros(cell.shape, np.float32)
    band = max(_CELL_BAND_PIXELS // cell.shape[1], 8)
    for top in range(0, cell.shape[0], band):
        part = slice(top, top + band)
        apart, number[part] = _nearest((across, down), (x, y[part]), cell[part], columns)
        gap[part] = apart * np.float32(pitch / 2)
        stage.canvas.check()
    pitched = np.float32(pitch)
    return gap, number, (across - np.float32(1)) * pitched, (down - np.float32(1)) * pitched


def _nearest(points: tuple[Plane, Plane], at: tuple[Plane, Plane], cell: Plane, columns: int) -> tuple[Plane, Plane]:
    """Give how much farther the second of the ``points`` is than the nearest, in cells, and the nearest's number."""
    first, second = np.full(cell.shape, 9, np.float32), np.full(cell.shape, 9, np.float32)
    number = np.zeros(cell.shape, np.int32)
    for oy in (-1, 0, 1):
        for ox in (-1, 0, 1):
            candidate = cell + np.int32(oy * columns + ox)
            dx, dy = np.take(points[0], candidate) - at[0], np.take(points[1], candidate) - at[1]
            d = dx * dx + dy * dy
            np.copyto(number, candidate, where=d < first)
            np.minimum(second, np.maximum(first, d), out=second)
            np.minimum(first, d, out=first)
    return np.sqrt(second) - np.sqrt(first), number


def _cell_colours(stage: Stage, picture: Plane, px: Plane, py: Plane) -> Plane:
    """Give each cell (3, cells) the colour that the picture has at its point."""
    calm = soft_image(stage, picture, 5.0)
    col = np.minimum(np.maximum((px * np.float32(stage.canvas.px)).astype(np.int32), 0), stage.canvas.width - 1)
    row = np.minimum(np.maximum((py * np.float32(stage.canvas.px)).astype(np.int32), 0), stage.canvas.height - 1)
    return np.asarray(calm)[row, col].T.astype(np.float32) * np.float32(1 / 255)


@style(
    "stainedglass",
    ("stained glass", "stained-glass", "leaded glass", "cathedral window", "tiffany"),
    broad=True,
    say="stained glass window",
)
def stainedglass(stage: Stage, picture: Plane) -> Plane:
    """Set pieces of glowing glass in lead, which also follows the outlines."""
    gap, number, px, py = _cells(stage, 0.046, "glass", 0.9)
    rich = saturated(stage, picture, 1.75)
    cells, calm = _cell_colours(stage, rich, px, py), soft(stage, rich, 6.0)
    ripple = noise.coarse(stage.canvas, stage.stream("ripple"), (22, 22), 3)
    tints = stage.stream("tint").array(int(number.max()) + 1, low=-0.10, high=0.10)
    outline = edges(stage, soft(stage, picture, 3.0), width=2.4)
    lead = banded(
        stage,
        lambda apart, line: np.maximum(smoothstep(0.0034, 0.0020, apart), smoothstep(0.30, 0.62, line)),
        gap,
        outline,
    )
    shine = blur(stage, lead, 0.0014 * stage.canvas.px)

    def work(own: Plane, wave_: Plane, at: Plane, apart: Plane, bar: Plane, bright: Plane) -> Plane:
        uneven = np.float32(1.06) + (wave_ - np.float32(0.5)) * np.float32(0.34) + tints[at]
        glass = (cells[:, at] * np.float32(0.62) + own * np.float32(0.42)) * uneven
        glass = glass + (np.float32(1) - glass) * (smoothstep(0.0, 0.022, apart) * np.float32(0.10))
        glass = clamp(glass)
        done = glass + (np.array((0.055, 0.055, 0.07), np.float32).reshape(3, 1, 1) - glass) * bar
        return done + np.maximum(bright - np.float32(0.6), np.float32(0)) * bar * np.float32(0.28)

    return banded(stage, work, calm, ripple, number, gap, lead, shine)


@style("mosaic", ("mosaic", "tessera", "byzantine", "roman mosaic", "tiles mosaic"), broad=True, say="mosaic")
def mosaic(stage: Stage, picture: Plane) -> Plane:
    """Lay small stones with grout between them, each a little different."""
    gap, number, px, py = _cells(stage, 0.0145, "stones", 0.42)
    rich = saturated(stage, picture, 1.2)
    stones = _cell_colours(stage, rich, px, py)
    tints = stage.stream("stone tint").array(int(number.max()) + 1, low=-0.13, high=0.13)

    def work(at: Plane, apart: Plane, x: Plane, y: Plane) -> Plane:
        tilt = (x - px[at]) + (y - py[at])
        stone = clamp(stones[:, at] * (np.float32(1.03) + tints[at] - tilt * np.float32(7)))
        grout = smoothstep(0.0016, 0.0008, apart) * np.float32(0.85)
        finished: Plane = stone + (np.array((0.30, 0.28, 0.26), np.float32).reshape(3, 1, 1) - stone) * grout
        return finished

    return banded(stage, work, number, gap, stage.canvas.x[None, :], stage.canvas.y[:, None])


@style(
    "papercut",
    ("paper cut", "papercut", "paper-cut", "cut paper", "layered paper", "paper art", "kirigami", "collage", "felt"),
    broad=True,
    say="layered paper cut",
)
def papercut(stage: Stage, picture: Plane) -> Plane:
    """Stack sheets of paper: one for each step of tone, each with its shadow on the one below."""
    rich = saturated(stage, picture, 1.3)
    calm = to_image(stage, _one_sheet_a_layer(stage, soft(stage, soft(stage, rich, 9.0), 15.0)))
    stage.canvas.check()
    palette = palette_of(stage, 16)
    numbers = np.asarray(calm.quantize(palette=palette, dither=Image.Dither.NONE))
    stage.canvas.check()
    level = _levels(stage, palette, numbers)
    colours = to_planes(stage, reduce_colours(stage, calm, palette))
    shade = np.zeros(numbers.shape, np.float32)
    reach = max(round(0.0075 * stage.canvas.px), 1)
    for n in range(_SHEETS - 1):
        above = (level > n).astype(np.float32)
        moved = np.zeros_like(above)
        moved[: -reach // 2 or None, reach // 2 :] = above[reach // 2 + reach % 2 :, : above.shape[1] - reach // 2]
        stage.canvas.check()
        thrown = blur(stage, moved, 0.009 * stage.canvas.px) * (np.float32(1) - above)
        shade = np.maximum(shade, thrown)
        stage.canvas.check()
    edge = np.zeros_like(shade)
    edge[1:, 1:] = (level[1:, 1:] != level[:-1, :-1]).astype(np.float32)
    stage.canvas.check()
    rim = blur(stage, edge, 0.0008 * stage.canvas.px) * np.float32(0.22)
    sheet = paper(stage, "sheet", amount=0.085)
    stage.canvas.check()
    for plane in colours:
        plane *= np.float32(1.05) - shade * np.float32(0.60)
        stage.canvas.check()
        plane += (np.float32(1) - plane) * rim
        plane *= sheet
        stage.canvas.check()
    return colours


def _levels(stage: Stage, palette: Image.Image, numbers: Plane) -> Plane:
    """Give each pixel the height of its sheet: the sky's sheets by tone, brightest lowest; then layer upon layer."""
    inks = np.array((palette.getpalette() or [])[: 3 * 16], np.float32).reshape(-1, 3)
    bright = inks @ np.array((0.30, 0.59, 0.11), np.float32)
    sky = np.zeros(256, np.uint8)
    sky[: len(bright)] = 3 - np.argsort(np.argsort(bright, kind="stable"), kind="stable") * 4 // max(len(bright), 1)
    heights = np.zeros(256, np.uint8)
    layers = max(stage.canvas.layer, 1)
    heights[1:] = 4 + np.minimum(np.arange(255) * (_SHEETS - 4) // layers, _SHEETS - 5)
    ids = stage.canvas.ids
    found: Plane = np.where(ids == 0, sky[numbers], heights[ids])
    stage.canvas.check()
    return found


def _one_sheet_a_layer(stage: Stage, picture: Plane) -> Plane:
    """Draw each layer of the scene towards its mean colour, so that sheets follow things and not their texture."""
    ids = stage.canvas.ids
    few = ids[::4, ::4].reshape(-1)
    count = np.maximum(np.bincount(few, minlength=256), 1)
    share = np.full(256, 0.85, np.float32)
    share[0] = 0.0
    drawn = share[ids]
    stage.canvas.check()
    for plane in picture:
        total = np.bincount(few, weights=plane[::4, ::4].reshape(-1), minlength=256)
        mean = np.round(total / count, 4).astype(np.float32)
        plane += (mean[ids] - plane) * drawn
        stage.canvas.check()
    return picture
