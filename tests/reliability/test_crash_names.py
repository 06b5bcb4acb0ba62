"""Every place to crash has a name, stands once in the program, and is tried; quick, so that none is forgotten for long."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from bot import crash
from tests.reliability.front import front_names, points_of
from tests.reliability.processes import ROOT

INSTEAD_OF_SQLITE = ROOT / "bot" / "storage" / "postgres.py"
"""Has the same places as what it stands in for."""


def test_every_named_place_stands_once_in_the_program_and_every_place_is_named() -> None:
    called: Counter[str] = Counter()
    for folder in ("bot", "adapters"):
        for path in (ROOT / folder).rglob("*.py"):
            called.update({} if path == INSTEAD_OF_SQLITE else _points(path))
    assert called == dict.fromkeys(crash.POINTS, 1)
    assert set(_points(INSTEAD_OF_SQLITE)) == set(_points(INSTEAD_OF_SQLITE.with_name("sqlite.py")))


def test_every_named_place_is_tried_by_one_way_in_at_least() -> None:
    tried = {name for front in front_names() for name in points_of(front)}
    assert tried == set(crash.POINTS)


def _points(path: Path) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return [
        ast.literal_eval(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "crash.point"
    ]
