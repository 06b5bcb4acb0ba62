"""One unit of work with typed reads and writes, a file for each noun. Nothing in here commits, and nothing decides."""

from __future__ import annotations

from bot.storage.unit.base import HOOKS, JOBS, WORK, Step
from bot.storage.unit.jobs import JobRows
from bot.storage.unit.ledger import LedgerRows
from bot.storage.unit.lists import ListRows
from bot.storage.unit.posts import PostRows
from bot.storage.unit.programs import ProgramRows
from bot.storage.unit.queue import QueueRows
from bot.storage.unit.waits import WaitRows

__all__ = ["HOOKS", "JOBS", "WORK", "Step", "Unit"]


class Unit(JobRows, QueueRows, ListRows, PostRows, ProgramRows, LedgerRows, WaitRows):
    """One unit of work on all the tables."""
