"""Painted: watercolour, oil, gouache."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import (
    NOMINAL,
    banded,
    blur,
    edges,
    frame,
    grey,
    lay,
    on_paper,
    paper,
    soft,
    to_image,
    to_planes,
)


@style(
    "watercolour",
    ("watercolour", "watercolor", "aquarelle", "watercolour painting", "watercolor painting"),
    broad=True,
    say="watercolour painting",
)
def watercolour(stage: Stage, picture: Plane) -> Plane:
    """Thin the paint, let pigment gather at edges and in the paper's tooth, leave a ragged white border."""
    calm = soft(stage, picture, 5.0)
    stage.canvas.check()
    flow = noise.coarse(stage.canvas, stage.stream("flow of water"), (3.2, 3.2), 5)
    bloom = noise.coarse(stage.canvas, stage.stream("bloom"), (8, 8), 4)
    stage.canvas.check()
    light = banded(stage, grey, calm)
    stage.canvas.check()
    around, outline = blur(stage, light, 0.0045 * stage.canvas.px), edges(stage, calm, width=1.3)
    tooth = paper(stage, "cold pressed", amount=0.10)
    density = banded(stage, _density, flow, bloom, frame(stage, 0.03, rough=0.075, key="wash edge"))
    spread = blur(stage, density, 0.004 * stage.canvas.px)
    return banded(stage, _absorbed, calm, light, around, outline, density, spread, tooth)


def _density(flow: Plane, bloom: Plane, page: Plane) -> Plane:
    """Give how thick the paint lies."""
    thin = (flow - np.float32(0.5)) * np.float32(0.55) + (bloom - np.float32(0.5)) * np.float32(0.28)
    return clamp(np.float32(0.80) + thin) * page


def _absorbed(
    calm: Plane, light: Plane, around: Plane, outline: Plane, density: Plane, spread: Plane, tooth: Plane
) -> Plane:
    """Let the paper show what the paint leaves of its white: more paint gathers at edges and rims."""
    gather = clamp(np.abs(light - around) * np.float32(2.6)) + outline * np.float32(0.16)
    rim = np.abs(density - spread) * np.float32(0.8)
    absorbed = np.float32(1) - np.minimum(calm * np.float32(1.06) + np.float32(0.02), np.float32(1))
    mean = (absorbed[0] + absorbed[1] + absorbed[2]) * np.float32(1 / 3)
    wash = density + gather * density + rim
    blank = np.array((0.985, 0.975, 0.95), np.float32).reshape(3, 1, 1)
    deep = np.maximum(absorbed + (absorbed - mean) * np.float32(0.30), np.float32(0)) * np.float32(0.92)
    finished: Plane = np.maximum(np.float32(1) - deep * wash, np.float32(0)) * (tooth * blank)
    return finished


@style(
    "oil",
    (
        "oil",
        "oil painting",
        "impressionist",
        "impressionism",
        "impasto",
        "van gogh",
        "monet",
        "brush stroke",
        "painterly",
        "acrylic",
        "painting",
    ),
    broad=True,
    say="oil painting",
)
def oil(stage: Stage, picture: Plane) -> Plane:
    """Lay strokes along the forms, large ones first, and let the light rake over their ridges."""
    canvas = stage.canvas
    fine = 2 if canvas.px < 1.5 * NOMINAL else 1
    board = to_image(stage, soft(stage, picture, 9.0))
    board = board.resize((board.width * fine, board.height * fine), Image.Resampling.BILINEAR)
    canvas.check()
    relief = Image.new("L", board.size, 128)
    draws = ImageDraw.Draw(board), ImageDraw.Draw(relief)
    sample = _sample(stage, picture)
    for pass_, brush in enumerate(((0.050, 15, 0.0125), (0.030, 8, 0.0075), (0.017, 4, 0.0052))):
        _strokes(stage, sample, draws, brush, pass_, fine)
        canvas.check()
    height = blur(
        stage, np.asarray(relief.reduce(fine), np.float32) * np.float32(1 / 255), max(0.0007 * canvas.px, 0.6)
    )
    lit = np.zeros_like(height)
    step = max(round(canvas.px / NOMINAL), 1)
    lit[step:, step:] = height[step:, step:] - height[:-step, :-step]
    canvas.check()
    weave = noise.field(canvas, stage.stream("canvas"), (300, 300), 1) - np.float32(0.5)
    painted = to_planes(stage, board.reduce(fine))
    canvas.check()
    for plane in painted:
        plane *= np.float32(1) + lit
        plane += weave * np.float32(0.022)
        canvas.check()
        np.clip(plane, 0, 1, out=plane)
    done: Plane = painted
    return done


def _sample(stage: Stage, picture: Plane) -> tuple[Plane, Plane]:
    """Give what strokes look at, at the size of scale 1: the picture's colours, and the study's brightness for its forms."""
    image = to_image(stage, picture)
    size = (max(round(stage.w * NOMINAL), 8), max(round(stage.h * NOMINAL), 8))
    small = image if image.size == size else image.resize(size, Image.Resampling.BOX)
    stage.canvas.check()
    return np.asarray(small), noise.enlarge(grey(stage.study), (size[1], size[0]))


def _strokes(
    stage: Stage,
    sample: tuple[Plane, Plane],
    draws: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw],
    brush: tuple[float, int, float],
    pass_: int,
    fine: int,
) -> None:
    """Draw one pass of strokes: ``brush`` is length, width (in pixels at scale 1) and pitch."""
    length, width, pitch = brush
    image, light = sample
    columns, rows = int(stage.w / pitch) + 1, int(stage.h / pitch) + 1
    jitter = stage.stream("strokes", pass_).array(rows * columns, 5)
    n = np.arange(rows * columns)
    x, y = (n % columns + jitter[:, 0]) * np.float32(pitch), (n // columns + jitter[:, 1]) * np.float32(pitch)
    k = 5
    xi = np.minimum(np.maximum((x * np.float32(NOMINAL)).astype(np.int32), k), light.shape[1] - 1 - k)
    yi = np.minimum(np.maximum((y * np.float32(NOMINAL)).astype(np.int32), k), light.shape[0] - 1 - k)
    gx, gy = light[yi, xi + k] - light[yi, xi - k], light[yi + k, xi] - light[yi - k, xi]
    steep = np.sqrt(gx * gx + gy * gy)
    wander = (jitter[:, 2] - np.float32(0.5)) * np.float32(0.24)
    flowing = np.maximum(steep, np.float32(1e-4))
    calm = steep < np.float32(0.006)
    dx = np.where(calm, np.float32(0.94), -gy / flowing) + wander
    dy = np.where(calm, np.float32(0.20) * (jitter[:, 3] - np.float32(0.4)), gx / flowing) + wander
    keep = np.ones(len(n), bool) if pass_ == 0 else steep > np.float32(0.010 if pass_ == 1 else 0.028)
    shade = ((jitter[:, 4] - np.float32(0.5)) * np.float32(26)).astype(np.int32)
    colour = np.minimum(np.maximum(image[yi, xi].astype(np.int32) + shade[:, None], 0), 255)
    order = np.argsort(jitter[:, 3], kind="stable")
    draw, ridges = draws
    px = stage.canvas.px * fine
    half, thick = length / 2, max(round(width * px / NOMINAL), 1)
    for number, one in enumerate(order[keep[order]].tolist()):
        if number % 1000 == 0:
            stage.canvas.check()
        ax, ay, ux, uy = float(x[one]), float(y[one]), float(dx[one]) * half, float(dy[one]) * half
        ends = (((ax - ux) * px, (ay - uy) * px), ((ax + ux) * px, (ay + uy) * px))
        r, g, b = colour[one].tolist()
        draw.line(ends, fill=(r, g, b), width=thick)
        ridges.line(ends, fill=96 + int(jitter[one, 4] * 96), width=thick)


@style(
    "gouache",
    ("gouache", "children's book", "storybook", "illustration", "picture book"),
    broad=True,
    say="gouache illustration",
)
def gouache(stage: Stage, picture: Plane) -> Plane:
    """Lay opaque, chalky colour with soft dry edges."""
    calm = soft(stage, picture, 6.0)
    chalk = noise.field(stage.canvas, stage.stream("chalk"), (26, 90), 4) - np.float32(0.5)
    dry = noise.field(stage.canvas, stage.stream("dry gouache"), (320, 200), 1) - np.float32(0.5)
    stage.canvas.check()
    uneven = np.float32(1) + chalk * np.float32(0.16) + dry * np.float32(0.05)
    stage.canvas.check()
    for plane in calm:
        plane *= np.float32(0.93)
        plane += np.float32(0.045)
        plane *= uneven
        stage.canvas.check()
    line = smoothstep(0.45, 1.0, edges(stage, calm, width=1.5)) * np.float32(0.20)
    return on_paper(stage, lay(stage, calm, (0.16, 0.13, 0.17), line), "gouache", amount=0.05)
