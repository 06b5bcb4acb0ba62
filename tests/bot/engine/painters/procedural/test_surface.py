from __future__ import annotations

import numpy as np
import pytest

from bot.engine.painters.painter import Order, Stopped
from bot.engine.painters.procedural.canvas import Canvas
from bot.engine.painters.procedural.compose import compose
from bot.engine.painters.procedural.exact import Plane
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.surface import banded, blur
from bot.engine.painters.procedural.water import mirror_layer
from tests.bot.engine.painters.procedural.pictures import keep_going

SIZE = (700, 900)


def _stage(checkpoint: object = keep_going) -> Stage:
    canvas = Canvas((SIZE[0], SIZE[1]), (SIZE[0] / 900, 1.0), checkpoint if callable(checkpoint) else keep_going)
    return Stage(canvas, compose(Order(prompt="sea"), 1), lambda: canvas.rgb)


def test_work_in_bands_gives_the_same_as_work_on_the_whole() -> None:
    draws = np.random.default_rng(3)
    picture = draws.random((3, SIZE[1], SIZE[0]), np.float32)
    across, down = draws.random((1, SIZE[0]), np.float32), draws.random((SIZE[1], 1), np.float32)
    whole = picture * across + down
    assert np.array_equal(banded(_stage(), lambda a, b, c: a * b + c, picture, across, down), whole)
    assert np.array_equal(banded(_stage(), lambda a, b: a + b, across, down), across + down)


def test_a_cancel_is_heard_between_bands() -> None:
    calls = 0

    def checkpoint(_: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Stopped

    worked = 0

    def work(part: Plane) -> Plane:
        nonlocal worked
        worked += 1
        return part

    with pytest.raises(Stopped):
        banded(_stage(checkpoint), work, np.zeros((SIZE[1], SIZE[0]), np.float32))
    assert worked == 2


@pytest.mark.parametrize("radius", [1.5, 6.0, 14.0, 40.0])
def test_a_blur_keeps_the_mean_and_spreads_as_far_as_it_says(radius: float) -> None:
    plane = np.zeros((SIZE[1], SIZE[0]), np.float32)
    plane[:, 350:] = 1
    soft = blur(_stage(), plane, radius)
    assert abs(float(soft.mean()) - 0.5) < 0.01
    edge = soft[450]
    width = int(((edge > 0.16) & (edge < 0.84)).sum())
    assert 1.6 * radius - 2 <= width <= 2.4 * radius + 2


def test_no_mirror_image_lies_over_what_stands_before_it() -> None:
    stage = _stage()
    canvas = stage.canvas
    canvas.rgb[:], canvas.ids[:] = 0.2, 1
    cliff, boat = slice(200, 300), slice(280, 320)
    canvas.rgb[:, cliff], canvas.ids[cliff] = 0.9, 2
    canvas.rgb[:, boat, :200], canvas.ids[boat, :200] = 0.5, 3
    layers = np.arange(256) == 2
    mirror_layer(stage, layers, canvas.y[300], 0.12, things=2)
    assert np.all(canvas.rgb[:, boat, :200] == np.float32(0.5))
    assert canvas.rgb[0, 305, 600] != np.float32(0.2)
