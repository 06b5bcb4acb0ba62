"""Painted: watercolour, oil, gouache."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import blur, edges, frame, grey, lay, paper, soft, to_image, to_planes


@style(
    "watercolour",
    ("watercolour", "watercolor", "aquarelle", "watercolour painting", "watercolor painting"),
    say="watercolour painting",
)
def watercolour(stage: Stage, picture: Plane) -> Plane:
    """Thin the paint, let pigment gather at edges and in the paper's tooth, leave a ragged white border."""
    calm = soft(stage, picture, 5.0)
    stage.canvas.check()
    flow = noise.coarse(stage.canvas, stage.stream("flow of water"), (3.2, 3.2), 5) - np.float32(0.5)
    bloom = noise.coarse(stage.canvas, stage.stream("bloom"), (8, 8), 4) - np.float32(0.5)
    stage.canvas.check()
    thin = np.float32(0.80) + flow * np.float32(0.55) + bloom * np.float32(0.28)
    light = grey(calm)
    stage.canvas.check()
    gather = clamp(np.abs(light - blur(stage, light, 0.0045 * stage.canvas.px)) * np.float32(2.6)) + edges(
        stage, calm, width=1.3
    ) * np.float32(0.16)
    tooth = paper(stage, "cold pressed", amount=0.10)
    stage.canvas.check()
    density = clamp(thin) * frame(stage, 0.03, rough=0.075, key="wash edge")
    rim = np.abs(density - blur(stage, density, 0.004 * stage.canvas.px)) * np.float32(0.8)
    white = np.array((0.985, 0.975, 0.95), np.float32).reshape(3, 1, 1)
    stage.canvas.check()
    absorbed = np.float32(1) - np.minimum(calm * np.float32(1.06) + np.float32(0.02), np.float32(1))
    stage.canvas.check()
    mean = absorbed.sum(axis=0, dtype=np.float32) * np.float32(1 / 3)
    stage.canvas.check()
    absorbed = np.maximum(absorbed + (absorbed - mean) * np.float32(0.30), np.float32(0)) * np.float32(0.92)
    done: Plane = (
        white * np.maximum(np.float32(1) - absorbed * (density + gather * density + rim), np.float32(0)) * tooth
    )
    return done


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
    say="oil painting",
)
def oil(stage: Stage, picture: Plane) -> Plane:
    """Lay strokes along the forms, large ones first, and let the light rake over their ridges."""
    image = to_image(picture)
    stage.canvas.check()
    light = blur(stage, grey(picture), 0.006 * stage.canvas.px)
    done = soft(stage, picture, 9.0)
    board = to_image(done)
    relief = Image.new("L", image.size, 128)
    draw, ridges = ImageDraw.Draw(board), ImageDraw.Draw(relief)
    px = stage.canvas.px
    for pass_, (length, width, pitch) in enumerate(
        ((0.050, 0.016, 0.0125), (0.030, 0.0085, 0.0075), (0.017, 0.0044, 0.0052))
    ):
        _strokes(stage, image, light, (draw, ridges), (length * px, width * px, pitch), pass_)
        stage.canvas.check()
    stage.canvas.check()
    height = blur(stage, np.asarray(relief, np.float32) * np.float32(1 / 255), max(0.0007 * px, 0.6))
    stage.canvas.check()
    lit = np.zeros_like(height)
    step = max(round(0.0011 * px), 1)
    lit[step:, step:] = height[step:, step:] - height[:-step, :-step]
    stage.canvas.check()
    weave = noise.field(stage.canvas, stage.stream("canvas"), (300, 300), 1) - np.float32(0.5)
    painted = to_planes(board)
    stage.canvas.check()
    return clamp(painted * (np.float32(1) + lit * np.float32(1.0)) + weave * np.float32(0.022))


def _strokes(
    stage: Stage,
    image: Image.Image,
    light: Plane,
    draws: tuple[ImageDraw.ImageDraw, ImageDraw.ImageDraw],
    sizes: tuple[float, float, float],
    pass_: int,
) -> None:
    length, width, pitch = sizes
    stream = stage.stream("strokes", pass_)
    columns, rows = int(stage.w / pitch) + 1, int(stage.h / pitch) + 1
    jitter = stream.array(rows * columns, 5)
    n = np.arange(rows * columns)
    x = (n % columns + jitter[:, 0]) * np.float32(pitch * stage.canvas.px)
    y = (n // columns + jitter[:, 1]) * np.float32(pitch * stage.canvas.px)
    k = max(round(0.002 * stage.canvas.px), 1)
    xi = np.minimum(np.maximum(x.astype(np.int32), k), stage.canvas.width - 1 - k)
    yi = np.minimum(np.maximum(y.astype(np.int32), k), stage.canvas.height - 1 - k)
    gx, gy = light[yi, xi + k] - light[yi, xi - k], light[yi + k, xi] - light[yi - k, xi]
    steep = np.sqrt(gx * gx + gy * gy)
    wander = (jitter[:, 2] - np.float32(0.5)) * np.float32(0.02)
    flowing = np.maximum(steep, np.float32(1e-4))
    calm = steep < np.float32(0.006)
    dx = np.where(calm, np.float32(0.94), -gy / flowing) + wander * np.float32(12)
    dy = np.where(calm, np.float32(0.20) * (jitter[:, 3] - np.float32(0.4)), gx / flowing) + wander * np.float32(12)
    keep = np.ones(len(n), bool) if pass_ == 0 else steep > np.float32(0.010 if pass_ == 1 else 0.028)
    keep &= (xi > 0) & (yi > 0)
    colour = (
        np.asarray(image)[yi, xi].astype(np.int32)
        + ((jitter[:, 4] - np.float32(0.5)) * np.float32(26)).astype(np.int32)[:, None]
    )
    colour = np.minimum(np.maximum(colour, 0), 255)
    order = np.argsort(jitter[:, 3], kind="stable")
    draw, ridges = draws
    half = length / 2
    thick = max(round(width), 1)
    for number, one in enumerate(order[keep[order]].tolist()):
        if number % 2000 == 0:
            stage.canvas.check()
        ax, ay = float(x[one]), float(y[one])
        ux, uy = float(dx[one]) * half, float(dy[one]) * half
        ends = ((ax - ux, ay - uy), (ax + ux, ay + uy))
        r, g, b = colour[one].tolist()
        draw.line(ends, fill=(r, g, b), width=thick)
        ridges.line(ends, fill=96 + int(jitter[one, 4] * 96), width=thick)


@style(
    "gouache", ("gouache", "children's book", "storybook", "illustration", "picture book"), say="gouache illustration"
)
def gouache(stage: Stage, picture: Plane) -> Plane:
    """Lay opaque, chalky colour with soft dry edges."""
    calm = soft(stage, picture, 6.0)
    chalk = noise.field(stage.canvas, stage.stream("chalk"), (26, 90), 4) - np.float32(0.5)
    dry = noise.field(stage.canvas, stage.stream("dry gouache"), (320, 200), 1) - np.float32(0.5)
    stage.canvas.check()
    toned = calm * np.float32(0.93) + np.float32(0.045)
    stage.canvas.check()
    done = toned * (np.float32(1) + chalk * np.float32(0.16) + dry * np.float32(0.05))
    line = smoothstep(0.45, 1.0, edges(stage, calm, width=1.5)) * np.float32(0.20)
    return clamp(lay(done, (0.16, 0.13, 0.17), line) * paper(stage, "gouache", amount=0.05))
