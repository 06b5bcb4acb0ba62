"""The unit: systemd reads it, finds little to complain of, and hands over every secret."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import ACKNOWLEDGE_WITHIN, FLUSH_WITHIN
from bot.config import secret_names, setting_names
from tests.deploy.commands import runs
from tests.deploy.files import DEPLOY, said, tool

UNITS = sorted((DEPLOY / "systemd").glob("*.service")) + sorted((DEPLOY / "systemd").glob("*.timer"))
UNIT = DEPLOY / "systemd" / "imaginebot.service"
EXPOSURE = 2.0
"""The highest level of exposure that a service of ours may have."""


def values(unit: Path, name: str) -> list[str]:
    """Give every value of a setting of a unit, in order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def seconds(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|min)", text).groups()  # type: ignore[union-attr]  # fails as it should
    return int(number) * {"s": 1, "min": 60}[unit]


@pytest.fixture
def analyze() -> str:
    """The tool that reads units."""
    return tool("systemd-analyze", "systemd")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_the_unit(analyze: str, unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "imaginebot"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for each in UNITS:  # they name each other
        text = each.read_text("utf-8").replace("/opt/imaginebot/bin/imaginebot", str(program))
        (tmp_path / each.name).write_text(text)
    assert said(analyze, "verify", tmp_path / unit.name) == ""


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_the_service_is_hardly_exposed(analyze: str, unit: Path) -> None:
    report = said(analyze, "security", "--offline=yes", "--no-pager", unit)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", report)
    assert level is not None
    assert float(level[1]) <= EXPOSURE, report


def test_every_secret_is_handed_over_as_a_credential() -> None:
    handed = dict(value.split(":") for value in values(UNIT, "LoadCredential"))
    needed = set(secret_names()) - {"IMAGINEBOT_API_KEY"}  # of the bridge that people start, never of the bot
    missing = "\n".join(f"LoadCredential={name}:imaginebot.{name}" for name in sorted(needed - set(handed)))
    assert set(handed) >= needed, f"Add to deploy/systemd/imaginebot.service:\n{missing}"
    assert set(handed) == needed
    # A name and no path: systemd looks for it in its stores, and one that is not there is not set.
    assert all(store == f"imaginebot.{name}" for name, store in handed.items())


def test_the_service_is_ready_alive_and_stopped_as_the_program_is() -> None:
    assert values(UNIT, "Type") == ["notify"]
    assert values(UNIT, "NotifyAccess") == ["main"]
    assert seconds(*values(UNIT, "WatchdogSec")) >= 10
    most = ACKNOWLEDGE_WITHIN + FLUSH_WITHIN + timedelta(seconds=5)
    assert seconds(*values(UNIT, "TimeoutStopSec")) >= most.total_seconds()


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_what_the_service_sets_and_runs_exists(unit: Path) -> None:
    for line in values(unit, "Environment"):
        assert line.partition("=")[0] in setting_names()
    (command,) = values(unit, "ExecStart")
    program, *words = command.split()
    assert program == "/opt/imaginebot/bin/imaginebot"
    assert runs(words), f"there is no command imaginebot {' '.join(words)}"


def test_the_user_is_made_by_systemd(tmp_path: Path) -> None:
    file = DEPLOY / "systemd" / "imaginebot.sysusers.conf"
    kind, name, *_, home = file.read_text("utf-8").split()
    assert (kind, [name], home) == ("u", values(UNIT, "User"), "/var/lib/imaginebot")
    assert values(UNIT, "StateDirectory") == ["imaginebot"]
    (tmp_path / "etc").mkdir()
    planned = said(tool("systemd-sysusers", "systemd"), "--dry-run", f"--root={tmp_path}", file)
    assert "Would create" in planned or "Creating" in planned
