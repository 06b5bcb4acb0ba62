"""A bare table before a wall, on which one thing stands."""

from __future__ import annotations

from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.stilllife import room
from bot.engine.painters.procedural.subjects.subject import Role, subject


@subject(
    "tabletop",
    Role.WHOLE,
    ("tabletop", "bare table", "wooden table", "workbench", "counter"),
    lights=("noon", "golden", "noon", "dawn"),
    say="a bare table",
)
def tabletop(stage: Stage, place: Place) -> None:
    """Paint the table and the wall, and nothing on it."""
    room(stage, place)
