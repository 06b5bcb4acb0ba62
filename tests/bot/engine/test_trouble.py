"""How often, and at what length, the log is told of what keeps going wrong."""

from __future__ import annotations

import logging
import time

import pytest

from bot.engine.trouble import QUIET_SECONDS, Trouble
from bot.errors import StorageUnavailable


def test_a_disk_that_cannot_be_written_is_one_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    trouble = Trouble(logging.getLogger("engine"))
    for now in (1000.0, 1001.0, 1000.0 + QUIET_SECONDS):
        monkeypatch.setattr(time, "monotonic", lambda now=now: now)
        trouble.met("a job cannot be stored", StorageUnavailable("The disk is full."))
    assert [record.getMessage() for record in caplog.records] == ["a job cannot be stored: The disk is full."] * 2
    assert "Traceback" not in caplog.text


def test_what_nobody_foresaw_is_told_with_its_trace_each_time(caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(logging.getLogger("engine"))
    for _ in range(2):
        trouble.met("a job cannot be stored", RuntimeError("boom"))
    assert caplog.text.count("RuntimeError: boom") == 2
