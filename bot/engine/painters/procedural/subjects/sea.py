"""The sea, lakes and rivers, and the far coasts behind them."""

from __future__ import annotations

from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject
from bot.engine.painters.procedural.terrain import profile, ridge
from bot.engine.painters.procedural.water import Waves, paint_water

_SEA = ("#0a2c48", "#15506e", "#3a8698")
_LAKE = ("#0c2e3c", "#1e5560", "#4a8a8c")


@subject(
    "sea",
    Role.GROUND,
    (
        "sea",
        "ocean",
        "coast",
        "coastline",
        "shore",
        "bay",
        "harbour",
        "harbor",
        "gulf",
        "horizon line",
        "water",
    ),
    with_backdrop=("islands",),
    say="the sea",
)
def sea(stage: Stage, place: Place) -> None:
    """Paint open water in waves."""
    rough, foam = (0.95, 1.0) if "storm" in stage.scene.weather else (0.5, 0.25)
    paint_water(stage, stage.horizon, Waves(rough=rough, deep=_SEA, near=0.62, foam=foam))
    del place


@subject(
    "lake",
    Role.GROUND,
    ("lake", "pond", "reflection", "loch", "fjord", "lagoon", "tarn"),
    with_backdrop=("mountains",),
    say="a lake",
)
def lake(stage: Stage, place: Place) -> None:
    """Paint still water that mirrors what stands behind it."""
    del place
    paint_water(stage, stage.horizon, Waves(rough=0.2, deep=_LAKE, near=0.5))


@subject(
    "islands", Role.BACKDROP, ("island", "archipelago", "islet", "headland", "far coast"), home="sea", say="islands"
)
def islands(stage: Stage, place: Place) -> None:
    """Paint low coasts along the horizon, paler with distance."""
    stream = stage.stream(place.key)
    for n, far in enumerate((0.82, 0.62, 0.42)):
        part = stream.child(n)
        top = stage.horizon - (0.045 + 0.022 * n) * stage.unit
        skyline = profile(stage, part, top=top, relief=0.085 * stage.unit, cells=1.5 + 0.6 * n, octaves=6)
        ramp = stage.tones.ramp(("#28384a", "#4a6058", "#8a8f74"), far=far)
        ridge(stage, part, skyline, ramp, bottom=stage.horizon, texture=0.35, cells=(14, 22), fade=0.25)
