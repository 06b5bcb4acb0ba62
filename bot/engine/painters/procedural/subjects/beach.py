"""A beach: the sea runs out on sand, foam along its edge."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import clamp, lookup, smoothstep
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.water import Waves, paint_water


@subject(
    "beach",
    Role.GROUND,
    ("beach", "sandy beach", "sea shore", "seashore", "strand", "sandcastle"),
    lights=("noon", "golden", "noon", "dusk"),
    say="a sandy beach",
)
def beach(stage: Stage, place: Place) -> None:
    """Paint the sea, and before it sand that is wet and dark where the last wave ran."""
    stream, unit, canvas = stage.stream(place.key), stage.unit, stage.canvas
    edge = stage.horizon + 0.36 * (stage.h - stage.horizon)
    paint_water(
        stage,
        stage.horizon,
        Waves(rough=0.34, deep=("#0e5a78", "#2c9cae", "#8ad8d0"), near=0.72),
        bottom=edge + 0.14 * unit,
    )
    shore = np.float32(edge) + (
        noise.line(stream.child("shore"), canvas.x * np.float32(1 / unit), 1.3, 3) - np.float32(0.5)
    ) * np.float32(0.17 * unit)
    window = stage.below(edge - 0.1 * unit)
    y = canvas.y[window[0]][:, None]
    grain = noise.field(canvas, stream.child("sand"), (5 / unit, 26 / unit), 5, window=window)
    from_edge = (y - shore[None, :]) * np.float32(1 / unit)
    wet = smoothstep(0.12, 0.03, from_edge)
    light = clamp(np.float32(0.62) + (grain - np.float32(0.5)) * np.float32(0.5) - wet * np.float32(0.34))
    canvas.check()
    canvas.new_layer()
    cover = clamp((y - shore[None, :]) * np.float32(canvas.px) + np.float32(0.5))
    canvas.over(cover, lookup(stage.tones.ramp(("#8c6c48", "#dcbc8c", "#fbe8c4"), low=0.1, high=1.0), light), window)
    foam = stage.tones.rgb("#fbfdfa", lit=0.95)
    fray = (
        noise.field(canvas, stream.child("foam"), (11 / unit, 40 / unit), 4, window=window) - np.float32(0.5)
    ) * np.float32(0.05)
    for at, reach, strength in ((0.0, 0.016, 0.95), (-0.045, 0.010, 0.6), (0.05, 0.006, 0.35)):
        line = np.abs(from_edge + fray - np.float32(at))
        canvas.over_soft(smoothstep(reach, reach * 0.35, line) * np.float32(strength), foam, window)
