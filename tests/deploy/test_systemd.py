"""The unit: systemd reads it, finds little to complain of, and hands over every secret."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import ACKNOWLEDGE_WITHIN, FLUSH_WITHIN
from bot.config import secret_names, setting_names
from tests.deploy.commands import runs
from tests.deploy.files import DEPLOY, said, tool

UNITS = sorted((DEPLOY / "systemd").glob("*.service")) + sorted((DEPLOY / "systemd").glob("*.timer"))
UNIT = DEPLOY / "systemd" / "imaginebot.service"
LIMIT_S = 120
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


# What the unit forbids, against what the program does

HARMLESS = {
    "mbind": "OpenBLAS asks for memory that is near",
    "setpriority": "painters step back where they may",
    "fchown": "SQLite keeps the owner of files, as root alone",
}
"""Calls that the unit refuses and the program can do without, each with who asks for it."""


def allowed_calls(analyze: str) -> set[str]:
    """Give every system call that the filters of the unit let through."""
    first, second = values(UNIT, "SystemCallFilter")
    assert second.startswith("~")
    taken = [calls_of(analyze, group) for group in second[1:].split()]
    return calls_of(analyze, first).difference(*taken)


def calls_of(analyze: str, group: str) -> set[str]:
    lines = [line.strip() for line in said(analyze, "--no-pager", "syscall-filter", group).splitlines()[1:]]
    names = [line for line in lines if line and not line.startswith("#")]
    nested = [calls_of(analyze, name) for name in names if name.startswith("@")]
    return {name for name in names if not name.startswith("@")}.union(*nested)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Every system call of the program: a look at itself with the engine, a painting, a start and a stop."""
    strace = tool("strace", "strace")
    tmp_path = tmp_path_factory.mktemp("traced")
    output = tmp_path / "trace"
    follow = [strace, "-f", "-qq", "-A", "-o", str(output), "-e", "signal=none", sys.executable, "-m", "bot"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NOTIFY_SOCKET": str(tmp_path / "notify")}
    commands = [
        ["doctor", "--data", str(tmp_path / "data"), "--port", "0"],
        ["engine", "paint", "a lighthouse at dusk", "--out", str(tmp_path / "picture.png")],
    ]
    for command in commands:
        subprocess.run([*follow, *command], env=environment, capture_output=True, check=True, timeout=LIMIT_S)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(environment["NOTIFY_SOCKET"])
        manager.settimeout(LIMIT_S)
        run = ["run", "--data", str(tmp_path / "data"), "--port", "0", "--mcp-port", "0"]
        with subprocess.Popen([*follow, *run], env=environment, stdout=subprocess.DEVNULL) as traced:
            assert manager.recv(4096).startswith(b"READY=1")
            (program,) = Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text().split()
            os.kill(int(program), signal.SIGTERM)
            assert traced.wait(LIMIT_S) == 0
    return output.read_text("utf-8", errors="replace")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_unit_lets_the_program_do_what_it_does(analyze: str, trace: str) -> None:
    used = set(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))
    assert {"execve", "openat", "bind", "mmap"} <= used
    refused = used - allowed_calls(analyze) - set(HARMLESS)
    assert not refused, f"the unit refuses {sorted(refused)}"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_program_makes_no_memory_that_is_both_written_and_run(trace: str) -> None:
    assert values(UNIT, "MemoryDenyWriteExecute") == ["yes"]
    assert not re.findall(r"^.*(?:mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC.*$", trace, re.MULTILINE)
    assert not re.findall(r"^.*mprotect\(.*PROT_EXEC.*$", trace, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_program_talks_in_the_families_that_the_unit_allows(trace: str) -> None:
    families = set(re.findall(r"\bsocket(?:pair)?\((AF_\w+)", trace))
    assert families
    assert families <= set(values(UNIT, "RestrictAddressFamilies")[0].split())
