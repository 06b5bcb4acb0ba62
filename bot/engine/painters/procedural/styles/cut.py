"""Put together from pieces: pixel art, low poly, stained glass, mosaic, paper cut."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.subjects.subject import Role
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
_LAND = frozenset({"meadow", "snowfield", "desert", "hills", "forest", "road"})
"""Grounds whose folds, from edge to edge of the picture, are sheets of one colour."""
_SHEETS = 12
"""How many sheets of paper lie upon one another at the most."""
_FACET_PIXELS, _FACET_CELL, _FACET_STEP = 600, 12, 0.055
"""Low poly: the pixels to a unit in which contours are sought, the side of a cell of its grid, and what is a contour."""
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
    """Cover the picture with triangles of one colour each, whose corners lie on the contours of what is seen."""
    size = (max(round(stage.w * _FACET_PIXELS), 24), max(round(stage.h * _FACET_PIXELS), 24))
    image, whole = to_image(stage, picture), (round(NOMINAL * stage.w), round(NOMINAL * stage.h))
    stage.canvas.check()
    if image.width > whole[0]:
        # An upscale is looked at in the size of its picture, so that both have the same corners.
        image = image.resize(whole, Image.Resampling.BOX)
        stage.canvas.check()
    calm = image.resize(size, Image.Resampling.BOX)
    for _ in range(2):
        stage.canvas.check()
        calm = calm.filter(ImageFilter.MedianFilter(3))
    seen = np.asarray(calm, np.float32) * np.float32(1 / 255)
    points = _corners(stage, seen)
    stage.canvas.check()
    triangles = _between(stage, *points)
    corners = np.stack([points[0][triangles], points[1][triangles]], axis=-1)
    colours = _facet_colours(stage, seen, corners)
    sheet = stage.sheet((0, 0, stage.w, stage.h), coloured=True)
    sheet.image.paste(calm.resize(sheet.image.size, Image.Resampling.NEAREST).convert("RGBX"))
    stage.canvas.check()
    middle = corners.mean(axis=1, keepdims=True)
    grown = (middle + (corners - middle) * np.float32(1.03)) * np.float32(1 / _FACET_PIXELS)
    for n, (outline, ink) in enumerate(zip(grown.tolist(), colours.tolist(), strict=True)):
        sheet.polygon(outline, (ink[0], ink[1], ink[2]))
        if n % 256 == 0:
            stage.canvas.check()
    drawn = sheet.image.convert("RGB")
    stage.canvas.check()
    small = drawn.reduce(sheet.fine)
    stage.canvas.check()
    return to_planes(stage, small)


def _corners(stage: Stage, seen: Plane) -> tuple[Plane, Plane, Plane]:
    """Choose the triangles' corners: x, y, and which of them each cell of a grid about the picture holds (or -1).

    A cell on a contour holds the contour's sharpest point; between contours every few cells hold one at random.
    """
    height, width = seen.shape[:2]
    margin = 3
    rows, columns = -(-height // _FACET_CELL) + 2 * margin, -(-width // _FACET_CELL) + 2 * margin
    step = np.zeros((height, width), np.float32)
    step[:, 1:-1] = np.abs(seen[:, 2:] - seen[:, :-2]).max(axis=2)
    step[1:-1] = np.maximum(step[1:-1], np.abs(seen[2:] - seen[:-2]).max(axis=2))
    before = margin * _FACET_CELL
    after = rows * _FACET_CELL - before - height, columns * _FACET_CELL - before - width
    wide = np.pad(step, ((before, after[0]), (before, after[1])), mode="edge")
    cells = wide.reshape(rows, _FACET_CELL, columns, _FACET_CELL).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    sharpest, at = cells.max(axis=2), cells.argmax(axis=2)
    stage.canvas.check()
    jitter = stage.stream("facets").array(rows, columns, 2)
    left, top = np.arange(columns)[None, :] * _FACET_CELL - before, np.arange(rows)[:, None] * _FACET_CELL - before
    on_x, on_y = left + at % _FACET_CELL + 0.5, top + at // _FACET_CELL + 0.5
    off_x, off_y = left + jitter[..., 0] * _FACET_CELL, top + jitter[..., 1] * _FACET_CELL
    held = np.full((rows, columns), -1, np.int64)
    xs: list[float] = []
    ys: list[float] = []

    def take(r: int, k: int, x: float, y: float, apart: float) -> None:
        for i in range(max(r - 2, 0), min(r + 3, rows)):
            for j in range(max(k - 2, 0), min(k + 3, columns)):
                n = held[i, j]
                if n >= 0 and (xs[n] - x) ** 2 + (ys[n] - y) ** 2 < apart * apart:
                    return
        held[r, k] = len(xs)
        xs.append(x)
        ys.append(y)

    for r, k in np.argwhere(sharpest > np.float32(_FACET_STEP)).tolist():
        take(r, k, float(on_x[r, k]), float(on_y[r, k]), 0.62 * _FACET_CELL)
    stage.canvas.check()
    for r in range(rows):
        for k in range(columns):
            if held[r, k] < 0:
                take(r, k, float(off_x[r, k]), float(off_y[r, k]), 1.55 * _FACET_CELL)
    return np.array(xs, np.float32), np.array(ys, np.float32), held


def _between(stage: Stage, xs: Plane, ys: Plane, held: Plane) -> Plane:
    """Join the corners to triangles (n, 3): each where the regions nearest to three corners meet (Delaunay's rule)."""
    rows, columns = held.shape
    inner = held[2:-2, 2:-2]
    first = np.float32(0.5 - _FACET_CELL)
    shape = (rows - 4, _FACET_CELL, columns - 4, _FACET_CELL)
    x = (np.arange(shape[2] * _FACET_CELL, dtype=np.float32) + first).reshape(1, 1, shape[2], _FACET_CELL)
    y = (np.arange(shape[0] * _FACET_CELL, dtype=np.float32) + first).reshape(shape[0], _FACET_CELL, 1, 1)
    nearest, number = np.full(shape, 1e9, np.float32), np.zeros(shape, np.int32)
    for oy in range(5):
        for ox in range(5):
            one = held[oy : oy + inner.shape[0], ox : ox + inner.shape[1]][:, None, :, None]
            px = np.where(one < 0, np.float32(1e4), xs[one])
            dx, dy = x - px, y - ys[one]
            apart = dx * dx + dy * dy
            np.copyto(number, one.astype(np.int32), where=apart < nearest)
            np.minimum(nearest, apart, out=nearest)
        stage.canvas.check()
    flat = number.reshape(shape[0] * _FACET_CELL, -1)
    a, b, c, d = flat[:-1, :-1], flat[:-1, 1:], flat[1:, 1:], flat[1:, :-1]
    found = []
    for p, q, r in ((a, b, c), (a, c, d), (a, b, d)):
        meet = (p != q) & (q != r) & (r != p)
        if r is d and q is b:
            meet &= a == c
        found.append(np.stack([p[meet], q[meet], r[meet]], axis=1))
    stage.canvas.check()
    triangles: Plane = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return triangles


def _facet_colours(stage: Stage, seen: Plane, corners: Plane) -> Plane:
    """Give each triangle (n, 3) the colour most of it has, a little lighter or darker than its neighbours."""
    samples = []
    for weights in ((4, 4, 4), (8, 2, 2), (2, 8, 2), (2, 2, 8)):
        first, second, third = (corners[:, n] * np.float32(weight / 12) for n, weight in enumerate(weights))
        spot = first + second + third
        col = np.minimum(np.maximum(spot[:, 0].astype(np.int32), 0), seen.shape[1] - 1)
        row = np.minimum(np.maximum(spot[:, 1].astype(np.int32), 0), seen.shape[0] - 1)
        samples.append(seen[row, col])
    ordered = np.sort(np.stack(samples), axis=0)
    tilt = stage.stream("facet tilt").array(len(corners), 1, low=-0.035, high=0.035)
    colours: Plane = clamp((ordered[1] + ordered[2]) * np.float32(0.5) * (np.float32(1) + tilt))
    return colours


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
    """Stack sheets of paper, the sky's behind and layer upon layer before it, each with its shadow on the one below."""
    rich = saturated(stage, picture, 1.3)
    folds = _folds(stage)
    plain = _one_sheet_a_layer(stage, soft(stage, soft(stage, rich, 9.0), 15.0), folds)
    calm = to_image(stage, plain)
    stage.canvas.check()
    palette = palette_of(stage, 16)
    numbers = np.asarray(calm.quantize(palette=palette, dither=Image.Dither.NONE))
    stage.canvas.check()
    level = _levels(stage, palette, numbers)
    colours = to_planes(stage, reduce_colours(stage, calm, palette))
    flat = np.isin(np.arange(256), folds)[stage.canvas.ids]
    for plane, own in zip(colours, plain, strict=True):
        np.copyto(plane, own, where=flat)
        stage.canvas.check()
    if _has_sky(stage):
        _lay_sky(stage, colours, level)
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
    edge[1:, 1:] = (level[1:, 1:] > level[:-1, :-1]).astype(np.float32)
    stage.canvas.check()
    rim = blur(stage, edge, 0.0009 * stage.canvas.px) * np.float32(0.30)
    sheet = paper(stage, "sheet", amount=0.06)
    stage.canvas.check()
    shade = blur(stage, shade, 0.0012 * stage.canvas.px)
    for n, plane in enumerate(colours):
        cut = blur(stage, plane, 0.0008 * stage.canvas.px)
        cut *= np.float32(1.05) - shade * np.float32(0.62)
        stage.canvas.check()
        cut += (np.float32(1) - cut) * rim
        cut *= sheet
        colours[n] = cut
        stage.canvas.check()
    return colours


def _has_sky(stage: Stage) -> bool:
    return all_subjects()[stage.scene.ground].role is not Role.WHOLE


def _lay_sky(stage: Stage, colours: Plane, level: Plane) -> None:
    """Cut the sky anew from a few sheets that wave, the palest lowest, with holes for the light and its glow."""
    canvas, light = stage.canvas, stage.scene.light
    sky = canvas.ids == 0
    table = c.ramp([c.saturate(one, 1.3) for one in stage.tones.sky])
    y = canvas.y[:, None]
    found = np.zeros((canvas.height, canvas.width), np.uint8)
    paints = [lookup(table, np.array([0.04 + 0.23 * n], np.float32))[:, 0] for n in range(5)]
    paint = np.empty_like(colours)
    paint[:] = paints[4].reshape(3, 1, 1)
    for n in range(3, -1, -1):
        bend = noise.line(stage.stream("sky sheet", n), canvas.x * np.float32(1 / stage.unit), 1.9, 2) - np.float32(0.5)
        edge = np.float32((n + 1) / 5 * stage.horizon) + bend * np.float32(0.13 * stage.unit)
        cover = clamp((edge[None, :] - y) * np.float32(canvas.px) + np.float32(0.5))
        for plane, ink in zip(paint, paints[n].tolist(), strict=True):
            plane += (np.float32(ink) - plane) * cover
        found += cover > np.float32(0.5)
        canvas.check()
    if not light.veiled:
        dx, dy = (canvas.x - np.float32(light.x))[None, :], y - np.float32(light.y)
        far = np.sqrt(dx * dx + dy * dy)
        for reach, share in ((4.4, 0.30), (2.5, 0.45), (1.0, 1.0)):
            ink = stage.tones.plain(light.disc if share == 1.0 else light.glow)
            cover = clamp((np.float32(reach * light.size) - far) * np.float32(canvas.px) + np.float32(0.5))
            for plane, one in zip(paint, ink, strict=True):
                plane += (np.float32(one) - plane) * cover * np.float32(share)
            if share < 1.0:
                found[cover > np.float32(0.5)] //= 2
            canvas.check()
    for plane, own in zip(colours, paint, strict=True):
        np.copyto(plane, own, where=sky)
    np.copyto(level, found, where=sky)
    canvas.check()


def _levels(stage: Stage, palette: Image.Image, numbers: Plane) -> Plane:
    """Give each pixel the height of its sheet: the sky's sheets by tone, brightest lowest; then layer upon layer."""
    inks = np.array((palette.getpalette() or [])[: 3 * 16], np.float32).reshape(-1, 3)
    bright = inks @ np.array((0.30, 0.59, 0.11), np.float32)
    sky = np.zeros(256, np.uint8)
    sky[: len(bright)] = 3 - np.argsort(np.argsort(bright, kind="stable"), kind="stable") * 4 // max(len(bright), 1)
    heights = np.zeros(256, np.uint8)
    layers = max(stage.canvas.layer, 1)
    heights[1:] = 5 + np.minimum(np.arange(255) * (_SHEETS - 5) // layers, _SHEETS - 6)
    ids = stage.canvas.ids
    found: Plane = np.where(ids == 0, sky[numbers], heights[ids])
    stage.canvas.check()
    return found


def _folds(stage: Stage) -> Plane:
    """Give the layers that are folds of the land, from edge to edge of the picture, far ones first."""
    if stage.scene.ground not in _LAND:
        return np.zeros(0, np.uint8)
    ids = stage.canvas.ids
    folds: Plane = np.intersect1d(ids[:, 0], ids[:, -1])
    return folds[folds > 0]


def _one_sheet_a_layer(stage: Stage, picture: Plane, folds: Plane) -> Plane:
    """Draw each layer of the scene towards its mean colour, so that sheets follow things and not their texture."""
    ids = stage.canvas.ids
    few = ids[::4, ::4].reshape(-1)
    count = np.maximum(np.bincount(few, minlength=256), 1)
    share = np.full(256, 0.85, np.float32)
    share[0] = 0.0
    share[folds] = 1.0
    nearness = np.zeros(256, np.float32)
    nearness[folds] = np.linspace(-1, 1, max(len(folds), 1), dtype=np.float32)[: len(folds)]
    tinge = stage.tones.plain(stage.scene.light.key)
    drawn = share[ids]
    stage.canvas.check()
    for plane, glow in zip(picture, tinge, strict=True):
        total = np.bincount(few, weights=plane[::4, ::4].reshape(-1), minlength=256)
        mean = np.round(total / count, 4).astype(np.float32)
        # Folds of the land part from one another: the far ones take the light's colour, the near ones are deeper.
        mean += (np.float32(glow) - mean) * np.maximum(-nearness, 0) * np.float32(0.30)
        mean *= np.float32(1) - np.maximum(nearness, 0) * np.float32(0.34)
        plane += (mean[ids] - plane) * drawn
        stage.canvas.check()
    return picture
