"""Tilings: a woven cloth, and tiles of arcs; both repeat without a seam."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural.colour import Rgb
from bot.engine.painters.procedural.exact import Plane, clamp, wave
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.abstract import palette
from bot.engine.painters.procedural.subjects.subject import Role, subject


def _cells(stage: Stage, across: int) -> tuple[int, int]:
    """Give whole numbers of cells across and down, about ``across`` for each unit, so that the picture repeats."""
    return max(2, round(across * stage.w / 2) * 2), max(2, round(across * stage.h / 2) * 2)


def _ink(rgb: Rgb) -> Plane:
    return np.array(rgb, np.float32).reshape(3, 1, 1)


@subject(
    "weave",
    Role.WHOLE,
    (
        "weave",
        "woven",
        "cloth",
        "woven cloth",
        "tapestry",
        "textile",
        "fabric",
        "basket",
        "plaid",
        "tartan",
        "linen",
        "knitting",
    ),
    order=1,
    say="a woven cloth",
)
def weave(stage: Stage, place: Place) -> None:
    """Paint threads that go over and under one another, in stripes of colour both ways."""
    canvas, stream = stage.canvas, stage.stream(place.key)
    inks = palette(stage, place)
    columns, rows = _cells(stage, 46)
    u = canvas.x[None, :] * np.float32(columns / stage.w)
    v = canvas.y[:, None] * np.float32(rows / stage.h)
    column, row = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    warp = _stripes(stream.child("warp").array(6).tolist(), columns, inks)
    weft = _stripes(stream.child("weft").array(6).tolist(), rows, inks)
    over = ((column + row) & 1).astype(bool)
    fu, fv = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    canvas.check()
    for n in range(3):
        up, along = warp[column, n], weft[row, n]
        # A thread is round across, and sinks where the other crosses over it.
        thread_up = (np.float32(1.08) - fu * fu * np.float32(2.4)) * (np.float32(1) - fv * fv * np.float32(1.5))
        thread_along = (np.float32(1.08) - fv * fv * np.float32(2.4)) * (np.float32(1) - fu * fu * np.float32(1.5))
        canvas.rgb[n] = np.where(over, up * thread_up, along * thread_along)
        canvas.check()
    twist = np.where(over, wave(v * np.float32(7) + u * np.float32(5)), wave(u * np.float32(7) + v * np.float32(5)))
    canvas.shade(clamp(twist * np.float32(0.07) + np.float32(0.04)))
    gap = np.where(over, np.abs(fu), np.abs(fv))
    canvas.shade(clamp((gap - np.float32(0.42)) * np.float32(6)) * np.float32(0.5))
    canvas.ids[:] = 1


def _stripes(draws: list[float], count: int, inks: list[Rgb]) -> Plane:
    """Give each of ``count`` threads its colour: a mirrored repeat of stripes."""
    sett = [n for n, draw in enumerate(draws) for _ in range(1 + int(draw * 3))]
    sett = [*sett, *sett[::-1]]
    found: Plane = np.array([inks[sett[n * len(sett) // count] % 5] for n in range(count)], np.float32)
    return found


@subject(
    "tiling",
    Role.WHOLE,
    (
        "tiling",
        "tessellation",
        "truchet",
        "geometric pattern",
        "geometric tile",
        "labyrinth",
        "maze",
        "art tile",
        "parquet",
    ),
    order=1,
    say="a tiling of arcs",
)
def tiling(stage: Stage, place: Place) -> None:
    """Paint square tiles with two quarter rings each, turned by chance, so that the rings join to winding bands."""
    canvas, stream = stage.canvas, stage.stream(place.key)
    dark, middle, accent, light, counter = (_ink(ink) for ink in palette(stage, place))
    columns, rows = _cells(stage, 9)
    turned = stream.array(rows, columns) > np.float32(0.5)
    u = canvas.x[None, :] * np.float32(columns / stage.w)
    v = canvas.y[:, None] * np.float32(rows / stage.h)
    column = np.minimum(np.floor(u).astype(np.int32), columns - 1)
    row = np.minimum(np.floor(v).astype(np.int32), rows - 1)
    fu, fv = u - np.floor(u), v - np.floor(v)
    fu = np.where(turned[row, column], fu, np.float32(1) - fu)
    canvas.check()
    near = np.sqrt(np.minimum(fu * fu + fv * fv, np.square(np.float32(1) - fu) + np.square(np.float32(1) - fv)))
    canvas.check()
    soft = np.float32(canvas.px * stage.h / rows)
    odd = ((column + row) & 1).astype(np.float32)
    canvas.rgb[:] = light + (counter - light) * (odd * np.float32(0.22))
    ring = np.abs(near - np.float32(0.5))
    for half, ink in ((0.21, dark), (0.17, middle), (0.075, accent), (0.03, light)):
        canvas.over(clamp((np.float32(half) - ring) * soft + np.float32(0.5)), ink)
