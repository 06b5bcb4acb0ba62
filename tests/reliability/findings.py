"""What the auditor has counted and found, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.table import Table

FAULTS = ("lost", "doubled", "orphaned upstream", "dead buttons", "untrue", "missing pictures")


@dataclass(kw_only=True)
class Audit:
    """The counts, and every finding as a sentence under the name of its fault."""

    accepted: int = 0
    acknowledged: int = 0
    ended: int = 0
    shown_once: int = 0
    told_by_webhook: int = 0
    findings: dict[str, list[str]] = field(default_factory=lambda: {fault: [] for fault in FAULTS})

    @property
    def clean(self) -> bool:
        """Whether nothing is amiss."""
        return not any(self.findings.values())

    @property
    def sentences(self) -> list[str]:
        """Every finding."""
        return [f"{fault}: {sentence}" for fault, found in self.findings.items() for sentence in found]

    def table(self, **more: object) -> Table:
        """Give everything as a table; ``more`` are rows to put first."""
        rows: dict[str, object] = {
            **{name.replace("_", " "): value for name, value in more.items()},
            "acknowledged": self.acknowledged,
            "accepted": self.accepted,
            "ended": self.ended,
            "shown once": self.shown_once,
            "told by webhook": self.told_by_webhook,
            **{fault: len(found) for fault, found in self.findings.items()},
        }
        table = Table("what", "count", box=None, header_style="dim")
        for name, value in rows.items():
            table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
        return table

    def add(self, fault: str, sentence: str) -> None:
        """Write a finding down."""
        self.findings[fault].append(sentence)
