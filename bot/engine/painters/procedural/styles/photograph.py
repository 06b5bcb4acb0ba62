"""Made with light: film photograph, neon."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, lookup, smoothstep
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import banded, blur, edges, frame, grey, lay, on_paper, soft


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
    base = banded(stage, _bent, picture)
    bright = banded(stage, lambda part: clamp((grey(part) - np.float32(0.68)) * np.float32(2.6)), base)
    halo = blur(stage, bright, 0.014 * stage.canvas.px)
    grain = noise.field(stage.canvas, stage.stream("film grain"), (640, 640), 1)
    dx = (stage.canvas.x * np.float32(2 / stage.w) - np.float32(1))[None, :]
    dy = (stage.canvas.y * np.float32(2 / stage.h) - np.float32(1))[:, None]
    printed = banded(stage, _printed, base, halo, grain, dx, dy)
    return on_paper(stage, lay(stage, (0.945, 0.935, 0.905), printed, frame(stage, 0.032)), "print", amount=0.02)


def _bent(source: Plane) -> Plane:
    """Bend the tones: soft in the shadows and in the lights."""
    bent = source * source * (np.float32(3) - np.float32(2) * source)
    finished: Plane = bent * np.float32(0.3906) + source * np.float32(0.5394) + np.float32(0.035)
    return finished


def _printed(base: Plane, halo: Plane, grain: Plane, dx: Plane, dy: Plane) -> Plane:
    """Add the glow about lights, cool shadows and warm lights, a light leak, grain, and darker corners."""
    base = base + (np.float32(1) - base) * halo * _ink(0.42, 0.20, 0.10)
    base = base + (np.float32(0.5) - grey(base)) * _ink(-0.035, 0.0, 0.045)
    corner = smoothstep(0.6, 2.0, dx * dx + dy * dy) * np.float32(0.48)
    leak = smoothstep(0.55, 1.15, dx * np.float32(0.9) + dy * np.float32(0.35)) * np.float32(0.34)
    base = base + (np.float32(1) - base) * leak * _ink(0.9, 0.38, 0.12)
    return clamp((base + (grain - np.float32(0.5)) * np.float32(0.055)) * (np.float32(1) - corner))


def _ink(red: float, green: float, blue: float) -> Plane:
    return np.array((red, green, blue), np.float32).reshape(3, 1, 1)


@style("neon", ("neon", "neon light", "neon sign", "glowing", "led", "laser", "tron"), broad=True, say="neon lights")
def neon(stage: Stage, picture: Plane) -> Plane:
    """Draw the outlines as glowing tubes on a dark ground."""
    stage.canvas.check()
    tubes = edges(stage, soft(stage, picture, 4.6), width=1.9)
    line = banded(stage, lambda part: smoothstep(0.28, 0.72, part), tubes)
    inks = ("#ff2c9c", "#ff8a3c", "#3cf0ff", "#8a5cff", "#38ffa8", "#ff2c9c")
    colours = c.ramp([c.lab(code) for code in inks])
    turn = noise.coarse(stage.canvas, stage.stream("tubes"), (1.7, 1.7), 2)
    near, far = blur(stage, line, 0.0045 * stage.canvas.px), blur(stage, line, 0.022 * stage.canvas.px)
    down = (stage.canvas.y * np.float32(0.3 / stage.h))[:, None]

    def work(own: Plane, tube: Plane, close: Plane, wide: Plane, hue: Plane, y: Plane) -> Plane:
        ink = lookup(colours, clamp(hue * np.float32(1.8) - np.float32(0.4) + y))
        dark = own * np.float32(0.16) + _ink(0.012, 0.008, 0.04)
        glow = clamp(close * np.float32(0.95) + wide * np.float32(0.85))
        core = clamp(tube * np.float32(1.2)) * np.float32(0.92)
        lit = dark + (np.float32(1) - dark) * ink * glow
        return lit + (np.float32(1) - lit) * (ink * np.float32(0.45) + np.float32(0.55)) * core

    return banded(stage, work, picture, line, near, far, turn, down)
