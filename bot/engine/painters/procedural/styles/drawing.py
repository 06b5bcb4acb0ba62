"""Drawn by hand: ink, pencil, charcoal, blueprint."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import banded, blur, edges, frame, grey, hatch, lay, on_paper, stretch

_PAPER = (0.965, 0.945, 0.90)


@style(
    "ink",
    ("ink", "ink drawing", "ink wash", "sumi-e", "sumi e", "pen and ink", "calligraphy", "brush pen"),
    say="ink wash drawing",
)
def ink(stage: Stage, picture: Plane) -> Plane:
    """Wash in three greys, then lines with a dry brush, on warm paper."""
    light = stretch(stage, banded(stage, grey, picture))
    around = blur(stage, light, 0.030 * stage.canvas.px)
    light = blur(stage, banded(stage, _opened, light, around, stage.canvas.ids), 0.0024 * stage.canvas.px)
    bleed = noise.coarse(stage.canvas, stage.stream("bleed"), (9, 9), 5)
    wash = banded(stage, _washes, light, bleed)
    blurred = blur(stage, wash, 0.004 * stage.canvas.px)
    dry = noise.field(stage.canvas, stage.stream("dry"), (60, 220), 2)
    outline = edges(stage, picture, width=2.0)
    inside = frame(stage, 0.02, rough=0.05, key="ink frame")

    def work(own: Plane, near: Plane, dryness: Plane, line: Plane, page: Plane) -> Plane:
        rim = np.abs(own - near) * np.float32(0.9)
        dryness = smoothstep(0.30, 0.52, dryness)
        line = smoothstep(0.25, 0.75, line) * (np.float32(0.55) + dryness * np.float32(0.45))
        return clamp(np.maximum(own + rim, line * np.float32(0.92))) * page

    mask = banded(stage, work, wash, blurred, dry, outline, inside)
    return on_paper(stage, lay(stage, _PAPER, (0.09, 0.095, 0.13), mask), "ink", amount=0.07)


def _opened(tone: Plane, around: Plane, ids: Plane) -> Plane:
    """Lighten the darks, part what is alike from what is about it, and leave the sky mostly to the paper."""
    open_ = tone + tone * (np.float32(1) - tone) * np.float32(0.55) + np.float32(0.10)
    return clamp(open_ + (tone - around) * np.float32(0.9) + np.where(ids == 0, np.float32(0.16), np.float32(0)))


def _washes(light: Plane, bleed: Plane) -> Plane:
    """Lay three greys over one another, their edges bled."""
    tone = light + (bleed - np.float32(0.5)) * np.float32(0.16)
    return (
        smoothstep(0.74, 0.66, tone) * np.float32(0.20)
        + smoothstep(0.50, 0.43, tone) * np.float32(0.28)
        + smoothstep(0.28, 0.20, tone) * np.float32(0.36)
    )


@style(
    "pencil",
    ("pencil", "pencil drawing", "pencil sketch", "sketch", "graphite", "hand drawn", "drawing"),
    say="pencil sketch",
)
def pencil(stage: Stage, picture: Plane) -> Plane:
    """Hatch in two directions by tone, with outlines, on white paper."""
    light = blur(stage, stretch(stage, banded(stage, grey, picture)), 0.002 * stage.canvas.px)
    first = hatch(stage, slope=0.9, pitch=6.4, key="one")
    stage.canvas.check()
    second = hatch(stage, slope=-1.2, pitch=5.6, key="two")
    tooth = noise.field(stage.canvas, stage.stream("tooth"), (330, 330), 1)
    outline = edges(stage, picture, width=1.4)
    inside = frame(stage, 0.028, rough=0.05, key="pencil frame")

    def work(tone: Plane, one: Plane, two: Plane, grain: Plane, line: Plane, page: Plane) -> Plane:
        shade = clamp((np.float32(0.86) - tone) * np.float32(1.25) - one * np.float32(0.42)) * np.float32(0.95)
        deep = clamp((np.float32(0.46) - tone) * np.float32(1.7) - two * np.float32(0.35))
        mask = np.maximum(shade, deep) + smoothstep(0.2, 0.85, line) * np.float32(0.66)
        return clamp(mask * (np.float32(0.55) + grain * np.float32(0.9))) * page * np.float32(0.92)

    mask = banded(stage, work, light, first, second, tooth, outline, inside)
    return lay(stage, (0.975, 0.968, 0.95), (0.17, 0.17, 0.19), mask)


@style("charcoal", ("charcoal drawing", "charcoal sketch", "chalk", "conte"), say="charcoal drawing")
def charcoal(stage: Stage, picture: Plane) -> Plane:
    """Rub soft black into rough paper."""
    light = blur(stage, stretch(stage, banded(stage, grey, picture)), 0.005 * stage.canvas.px)
    tooth = noise.field(stage.canvas, stage.stream("coal"), (240, 240), 1)
    rub = smoothstep(0.0, 0.5, np.float32(0.80) - light - (tooth - np.float32(0.4)) * np.float32(0.55))
    stage.canvas.check()
    line = smoothstep(0.3, 0.9, edges(stage, picture, width=2.6)) * tooth * np.float32(1.2)
    return lay(
        stage,
        (0.93, 0.91, 0.87),
        (0.10, 0.095, 0.10),
        clamp(np.maximum(rub * np.float32(0.9), line)) * frame(stage, 0.02, rough=0.06),
    )


@style(
    "blueprint", ("blueprint", "technical drawing", "schematic", "cyanotype", "architectural drawing"), say="blueprint"
)
def blueprint(stage: Stage, picture: Plane) -> Plane:
    """Draw white lines on Prussian blue, with a grid."""
    stage.canvas.check()
    line = smoothstep(0.15, 0.6, edges(stage, picture, width=1.1))
    light = blur(stage, stretch(stage, banded(stage, grey, picture)), 0.003 * stage.canvas.px)
    tone = (
        clamp((light - np.float32(0.55)) * np.float32(1.2))
        * hatch(stage, slope=1.0, pitch=7, key="blue")
        * np.float32(0.30)
    )
    stage.canvas.check()
    mask = np.maximum(line * np.float32(0.92), tone)
    for every, width, strength in ((0.02, 0.0007, 0.13), (0.1, 0.0011, 0.26)):
        gx, gy = (
            np.abs(at / np.float32(every) - np.round(at / np.float32(every))) for at in (stage.canvas.x, stage.canvas.y)
        )
        near = np.minimum(gx[None, :], gy[:, None]) * np.float32(every)
        line = clamp((np.float32(width) - near) * np.float32(stage.canvas.px) + np.float32(0.5))
        mask = np.maximum(mask, line * np.float32(strength))
        stage.canvas.check()
    border = np.abs(frame(stage, 0.024) - frame(stage, 0.027)) * np.float32(0.9)
    stage.canvas.check()
    mask = np.maximum(mask * frame(stage, 0.027), border)
    age = noise.coarse(stage.canvas, stage.stream("age"), (2.2, 2.2), 4)
    stage.canvas.check()
    base = lay(stage, (0.045, 0.16, 0.38), (0.10, 0.27, 0.52), age)
    stage.canvas.check()
    done = lay(stage, base, (0.90, 0.95, 1.0), mask)
    return on_paper(stage, done, "blue", amount=0.05)
