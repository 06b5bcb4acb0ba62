"""What a benchmark gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A value beside its yardstick, both from the same run; ``ratio`` is value to yardstick."""

    what: str
    value: float
    unit: str
    yardstick: str
    yardstick_value: float

    @property
    def figure(self) -> str:
        """The value with its unit."""
        return f"{self.value:,.3g} {self.unit}"

    @property
    def yardstick_figure(self) -> str:
        """The yardstick's value with its unit."""
        return f"{self.yardstick_value:,.3g} {self.unit}"

    @property
    def ratio(self) -> float:
        """Value to yardstick."""
        return self.value / self.yardstick_value
