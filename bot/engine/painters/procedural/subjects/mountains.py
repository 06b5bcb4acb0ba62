"""Mountains and hills: ranges behind ranges, with snow on the high ones."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.terrain import profile, ridge

_ROCK = ("#33415a", "#66707c", "#d8c3a0")
_WOODED = ("#22392f", "#3c5a44", "#7f9460")


@subject(
    "mountains",
    Role.BACKDROP,
    (
        "mountain",
        "mountain range",
        "peak",
        "summit",
        "alpine",
        "alpine valley",
        "valley",
        "volcano",
        "glacier",
        "cliffside",
        "highland",
        "canyon",
    ),
    home="lake",
    order=1,
    say="mountains",
)
def mountains(stage: Stage, place: Place) -> None:
    """Paint a far range, a high one with snow, and wooded foothills."""
    stream, unit, horizon = stage.stream(place.key), stage.unit, stage.horizon
    winter = stage.scene.season == "winter"
    rise = min(0.46 * unit, 0.72 * horizon)
    for n, (far, share) in enumerate(((0.66, 0.86), (0.34, 1.0), (0.14, 0.5))):
        part = stream.child(n)
        skyline = _peaks(stage, part, horizon, rise * share, 1.5 + 0.5 * n)
        ramp = stage.tones.ramp(_ROCK, far=far)
        line = horizon - rise * share * (0.34 if winter else 0.52)
        snow = (line, stage.tones.ramp(("#8294b8", "#d4dfea", "#ffffff"), far=far * 0.8)) if n < 2 or winter else None
        ridge(
            stage,
            part,
            skyline,
            ramp,
            bottom=horizon + 0.05 * unit,
            texture=0.72,
            cells=(9, 6),
            rock=True,
            snow=snow,
            fade=0.5,
        )
    part = stream.child("foot")
    skyline = profile(stage, part, top=horizon - 0.075 * unit, relief=0.07 * unit, cells=2.2, octaves=7)
    codes = ("#5a6f84", "#b4c4d2", "#f2f6f8") if winter else _WOODED
    ridge(
        stage,
        part,
        skyline,
        stage.tones.ramp(codes, far=0.16),
        bottom=horizon + 0.05 * unit,
        texture=0.4,
        cells=(26, 36),
        fade=0.15,
    )


@subject(
    "hills",
    Role.BACKDROP,
    ("hill", "rolling hill", "down", "moor", "dale", "countryside", "farmland", "vineyard", "tuscany"),
    order=2,
    say="rolling hills",
)
def hills(stage: Stage, place: Place) -> None:
    """Paint soft hills behind one another."""
    stream, greens = stage.stream(place.key), stage.tones.greens
    for n, far in enumerate((0.74, 0.52, 0.3)):
        part = stream.child(n)
        top = stage.horizon - (0.15 - 0.045 * n) * stage.unit
        skyline = profile(stage, part, top=top, relief=0.12 * stage.unit, cells=0.9 + 0.4 * n, octaves=4, gain=0.36)
        ridge(
            stage,
            part,
            skyline,
            stage.tones.ramp(greens, far=far),
            bottom=stage.horizon + 0.06 * stage.unit,
            texture=0.3,
            cells=(16, 40),
            fade=0.3,
        )


def _peaks(stage: Stage, stream: Stream, foot: float, rise: float, cells: float) -> Plane:
    """Give a skyline of sharp peaks: noise folded at its middle, one peak above the others."""
    x = stage.canvas.x * np.float32(1 / stage.unit)
    folded = np.float32(1) - np.abs(noise.line(stream, x, cells, 1) * np.float32(2) - np.float32(1)) * np.float32(1.15)
    for octave in range(1, 7):
        amount = 0.34 * 0.52 ** (octave - 1)
        folded += (
            np.float32(0.5)
            - np.abs(noise.line(stream.child(octave), x, cells * 2.1**octave, 1) - np.float32(0.5)) * np.float32(1.6)
        ) * np.float32(amount)
    peak = stream.uniform(0.25, 0.75) * stage.w / stage.unit
    swell = clamp(np.float32(1) - np.abs(x - np.float32(peak)) * np.float32(1.5))
    height = clamp(folded * np.float32(0.52) + swell * np.float32(0.34))
    return np.float32(foot) - height * np.float32(rise)
