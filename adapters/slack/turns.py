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
    """Choose among wishes by who has fewest under way, and then by whose turn was longest ago."""

    def __init__(self) -> None:
        """Begin with nobody having had a turn."""
        self._latest: dict[str, int] = {}
        self._numbers = count(1)

    def choose(self, waiting: Sequence[Piece], under_way: Sequence[Piece], room: int) -> Sequence[Piece]:
        """Give so many of those ``waiting`` as there is ``room`` for; what is ``under_way`` may still be among them."""
        begun, shares = {piece.id for piece in under_way}, Counter(piece.whose for piece in under_way)
        left = [piece for piece in waiting if piece.id not in begun]
        self._forget_all_but({piece.whose for piece in left})
        chosen: list[Piece] = []
        while len(chosen) < room:
            left = [piece for piece in left if shares[piece.whose] < EACH]
            if not left:
                break
            # Of equals the first is taken, which has waited for longest.
            piece = min(left, key=lambda each: (shares[each.whose], self._latest.get(each.whose, 0)))
            left.remove(piece)
            shares[piece.whose] += 1
            self._latest[piece.whose] = next(self._numbers)
            chosen.append(piece)
        return chosen

    def _forget_all_but(self, people: set[str]) -> None:
        """Forget who waits for nothing any more."""
        self._latest = {whose: number for whose, number in self._latest.items() if whose in people}
