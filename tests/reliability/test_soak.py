"""The short form of the soak; ``make soak`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from bot.config import setting_names
from tests.reliability.soak import soak


@pytest.mark.slow
async def test_a_wave_of_grids_and_upscales_goes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    soaked = await soak(tmp_path / "studio", jobs=200, warm_jobs=200, seconds=60.0, console=Console(quiet=True))
    assert soaked.jobs == 200
    assert soaked.growth > 0
