"""Whose wish is next: everybody has their turn, however many wishes somebody else has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

EACH: Final = 2
"""How many wishes of one person are carried out at a time at the most."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A wish that is carried out, or may be, and whose it is."""

    id: str
    whose: str


class Turns:
    """Choose among wishes by who has fewest under way, and then by who has waited for a turn for longest."""

    def __init__(self) -> None:
        """Begin with nobody in line."""
        self._since: dict[str, int] = {}
        self._numbers = count(1)

    def choose(self, waiting: Sequence[Piece], under_way: Sequence[Piece], room: int) -> Sequence[Piece]:
        """Give so many of those ``waiting`` as there is ``room`` for; what is ``under_way`` may still be among them."""
        self._line_up([*under_way, *waiting])
        begun, shares = {piece.id for piece in under_way}, Counter(piece.whose for piece in under_way)
        left = [piece for piece in waiting if piece.id not in begun]
        chosen: list[Piece] = []
        while len(chosen) < room:
            left = [piece for piece in left if shares[piece.whose] < EACH]
            if not left:
                break
            # Of equals the first is taken, which has waited for longest.
            piece = min(left, key=lambda each: (shares[each.whose], self._since[each.whose]))
            left.remove(piece)
            shares[piece.whose] += 1
            self._since[piece.whose] = next(self._numbers)
            chosen.append(piece)
        return chosen

    def _line_up(self, pieces: Sequence[Piece]) -> None:
        """Put whoever is new behind those who are there, and forget whoever has nothing under way and waits for nothing.

        New people who went first would keep those who have had a turn from ever having another, if enough of them came.
        """
        self._since = {
            whose: self._since.get(whose) or next(self._numbers)
            for whose in dict.fromkeys(piece.whose for piece in pieces)
        }
