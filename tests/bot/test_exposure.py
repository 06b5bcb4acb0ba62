"""What the program does not start with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings, read_settings, setting_names
from bot.errors import InvalidSetting
from bot.exposure import need_closed_doors
from tests.bot.test_cli import folder, refused

__all__ = ["folder"]

REMOTE = {"MIDJOURNEY_TOKEN": "t"}
PUBLIC = {"PUBLIC_URL": "https://studio.example"}
SECRET = {"MIDJOURNEY_WEBHOOK_SECRET": "s"}
ABROAD = {"IMAGINEBOT_HTTP_HOST": "0.0.0.0"}
NO_PAGE = {"IMAGINEBOT_WEB": "false"}


def settings_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str]) -> Settings:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_settings()


@pytest.mark.parametrize("given", [{}, REMOTE, PUBLIC, REMOTE | PUBLIC | SECRET, ABROAD | NO_PAGE])
def test_closed_doors_let_it_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str]) -> None:
    need_closed_doors(settings_of(monkeypatch, tmp_path, given))


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (ABROAD, "set IMAGINEBOT_WEB=false"),
        (ABROAD | {"IMAGINEBOT_HTTP_HOST": "::"}, "set IMAGINEBOT_WEB=false"),
        (REMOTE | PUBLIC, "Set MIDJOURNEY_WEBHOOK_SECRET"),
    ],
)
def test_an_open_door_stops_the_start_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], remedy: str
) -> None:
    with pytest.raises(InvalidSetting, match=remedy):
        need_closed_doors(settings_of(monkeypatch, tmp_path, given))


@pytest.mark.parametrize("given", [ABROAD, REMOTE | PUBLIC])
def test_the_command_does_not_run_with_an_open_door(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, Any]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert "Set" in refused(capsys, "run", "--data", folder, "--port", 0).replace("set", "Set")
    assert not folder.exists()
