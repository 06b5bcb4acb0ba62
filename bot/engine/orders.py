"""Orders as they are kept: the painter's ``Order`` with names in the place of picture files.

A variation of a variation carries the orders of all its ancestors. They are written as a flat list, the job's own
first, so that neither JSON nor anything else has to nest as deep as people vary.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Self

from bot.engine.painters.painter import Order

GENERATIONS_LIMIT = 100
"""Variations of variations. A painter follows the chain, and Python's stack is not endless."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One generation: ``pictures`` are names of kept files or, before they have been fetched, addresses.

    ``chosen`` is the index of the parent's picture, where the next sheet of the chain is the parent.
    """

    prompt: str
    aspect_ratio: tuple[int, int] = (1, 1)
    model_version: str | None = None
    quality: float = 1.0
    stylize: int = 100
    chaos: int = 0
    seed: int = 0
    no: str | None = None
    pictures: tuple[str, ...] = ()
    blend: bool = False
    chosen: int | None = None


@dataclass(frozen=True, kw_only=True)
class StoredOrder:
    """The sheets of a job and its ancestors, its own first."""

    sheets: tuple[Sheet, ...]

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        """Begin a chain."""
        return cls(sheets=(sheet,))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote."""
        rows = json.loads(text)
        return cls(
            sheets=tuple(
                Sheet(**{**row, "aspect_ratio": tuple(row["aspect_ratio"]), "pictures": tuple(row["pictures"])})
                for row in rows
            )
        )

    @property
    def own(self) -> Sheet:
        """The job's own sheet."""
        return self.sheets[0]

    def to_json(self) -> str:
        """Write the chain as one line."""
        return json.dumps([asdict(sheet) for sheet in self.sheets], separators=(",", ":"))

    def varied(self, *, index: int, seed: int) -> StoredOrder:
        """Give the order of a variation of picture ``index``."""
        child = replace(self.own, seed=seed, pictures=(), blend=False, chosen=index)
        return StoredOrder(sheets=(child, *self.sheets))

    def with_pictures(self, pictures: tuple[str, ...]) -> StoredOrder:
        """Give the order with the job's own pictures replaced."""
        return StoredOrder(sheets=(replace(self.own, pictures=pictures), *self.sheets[1:]))

    def for_painter(self, load: Callable[[str], bytes]) -> Order:
        """Give the painter's order, its pictures read by ``load``."""
        order: Order | None = None
        for sheet in reversed(self.sheets):
            fields = asdict(sheet)
            chosen = fields.pop("chosen")
            fields["pictures"] = tuple(load(name) for name in sheet.pictures)
            order = Order(**fields, variation_of=None if order is None else (order, chosen))
        if order is None:
            raise ValueError("an order has at least one sheet")
        return order
