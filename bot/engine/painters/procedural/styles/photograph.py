"""Made with light: film photograph, neon."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import blur, edges, frame, grey, lay, on_paper, soft


@style(
    "film",
    (
        "photo",
        "photograph",
        "photography",
        "film photograph",
        "film",
        "35mm",
        "analog",
        "analogue",
        "kodak",
        "polaroid",
        "dslr",
        "photorealistic",
        "realistic",
        "bokeh",
        "film grain",
    ),
    say="film photograph",
)
def film(stage: Stage, picture: Plane) -> Plane:
    """Bend the tones as film does, with halation, grain and a vignette."""
    base = np.empty_like(picture)
    for plane, source in zip(base, picture, strict=True):
        bent = source * source * (np.float32(3) - np.float32(2) * source)
        stage.canvas.check()
        plane[:] = bent * np.float32(0.3906) + source * np.float32(0.5394) + np.float32(0.035)
        stage.canvas.check()
    halo = blur(stage, clamp((grey(base) - np.float32(0.68)) * np.float32(2.6)), 0.014 * stage.canvas.px)
    warm = np.array((0.42, 0.20, 0.10), np.float32).reshape(3, 1, 1)
    stage.canvas.check()
    base = base + (np.float32(1) - base) * halo * warm
    stage.canvas.check()
    split = grey(base)
    base = base + (np.float32(0.5) - split) * np.array((-0.035, 0.0, 0.045), np.float32).reshape(3, 1, 1)
    stage.canvas.check()
    grain = noise.field(stage.canvas, stage.stream("film grain"), (430, 430), 1) - np.float32(0.5)
    stage.canvas.check()
    dx = (stage.canvas.x * np.float32(2 / stage.w) - np.float32(1))[None, :]
    dy = (stage.canvas.y * np.float32(2 / stage.h) - np.float32(1))[:, None]
    stage.canvas.check()
    corner = smoothstep(0.6, 2.0, dx * dx + dy * dy) * np.float32(0.48)
    leak = smoothstep(0.55, 1.15, dx * np.float32(0.9) + dy * np.float32(0.35)) * np.float32(0.34)
    base = base + (np.float32(1) - base) * leak * np.array((0.9, 0.38, 0.12), np.float32).reshape(3, 1, 1)
    stage.canvas.check()
    stage.canvas.check()
    printed = clamp((base + grain * np.float32(0.12)) * (np.float32(1) - corner))
    return on_paper(stage, lay(stage, (0.945, 0.935, 0.905), printed, frame(stage, 0.032)), "print", amount=0.02)


@style("neon", ("neon", "neon light", "neon sign", "glowing", "led", "laser", "tron"), broad=True, say="neon lights")
def neon(stage: Stage, picture: Plane) -> Plane:
    """Draw the outlines as glowing tubes on a dark ground."""
    stage.canvas.check()
    line = smoothstep(0.28, 0.72, edges(stage, soft(stage, picture, 4.6), width=1.9))
    inks = ("#ff2c9c", "#ff8a3c", "#3cf0ff", "#8a5cff", "#38ffa8", "#ff2c9c")
    turn = noise.coarse(stage.canvas, stage.stream("tubes"), (1.7, 1.7), 2)
    stage.canvas.check()
    hue = lookup(
        c.ramp([c.lab(code) for code in inks]),
        clamp(turn * np.float32(1.8) - np.float32(0.4) + (stage.canvas.y * np.float32(0.3 / stage.h))[:, None]),
    )
    stage.canvas.check()
    near, far = blur(stage, line, 0.0045 * stage.canvas.px), blur(stage, line, 0.022 * stage.canvas.px)
    dark = picture * np.float32(0.16) + np.array((0.012, 0.008, 0.04), np.float32).reshape(3, 1, 1)
    glow = clamp(near * np.float32(0.95) + far * np.float32(0.85))
    stage.canvas.check()
    core = clamp(line * np.float32(1.2)) * np.float32(0.92)
    stage.canvas.check()
    done = np.empty_like(dark)
    for plane, base, tube in zip(done, dark, hue, strict=True):
        plane[:] = base + (np.float32(1) - base) * tube * glow
        stage.canvas.check()
        plane += (np.float32(1) - plane) * (tube * np.float32(0.45) + np.float32(0.55)) * core
        stage.canvas.check()
    stage.canvas.check()
    return done
