"""Ask whether what is locked has known weaknesses: ``python -m tests.deploy.audit``.

``make check`` asks too, at most once a day, and says so where the service that knows cannot be reached, as on a machine
without internet: nothing is taken as good that was not looked at. ``make audit`` fails there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
STAMP: Final = ROOT / ".venv" / "audited.json"
FRESH_S: Final = 24 * 3600

ACCEPTED: Final[dict[str, str]] = {}
"""Weaknesses that do not touch us, by their id, each with the reason."""

Ask = Callable[[Sequence[Path]], dict[str, Any] | None]
"""Ask about the packages of lock files: an answer in the JSON of pip-audit, or nothing where none could be had."""


def main(arguments: Sequence[str], *, ask: Ask | None = None, root: Path = ROOT, stamp: Path = STAMP) -> int:
    """Audit the locks, and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.audit")
    parser.add_argument("--if-reachable", action="store_true", help="pass, and say so, where nobody can be asked")
    options = parser.parse_args(arguments)
    locks = [root / name for name in LOCKS]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    if options.if_reachable and _is_fresh(stamp, digest):
        return 0
    answer = (ask or pip_audit)(locks)
    missed = None if answer is None else [each for each in answer["dependencies"] if "skip_reason" in each]
    if answer is None or (missed and len(missed) == len(answer["dependencies"])):
        _say("The locks were not audited, as the service that knows of weaknesses cannot be reached. Later: make audit")
        return 0 if options.if_reachable else 2
    weak = _weak(answer)
    for line in [*weak, *(f"{each['name']}: could not be looked up" for each in missed or ())]:
        _say(line)
    if weak:
        return 1
    stamp.write_text(json.dumps({"digest": digest, "at": time.time()}))
    return 0


def pip_audit(locks: Sequence[Path]) -> dict[str, Any] | None:
    """Ask PyPI by pip-audit; first about one package, as a service that is not there is then soon known."""
    first = subprocess.run(_command(locks[:1], timeout_s=5, only_first=True), **_QUIET)
    found = _read(first)
    if found is None or all("skip_reason" in each for each in found["dependencies"]):
        return None
    return _read(subprocess.run(_command(locks, timeout_s=15), **_QUIET))


_QUIET: Final[dict[str, Any]] = {"capture_output": True, "text": True, "check": False, "timeout": 300}


def _command(locks: Sequence[Path], *, timeout_s: int, only_first: bool = False) -> list[str]:
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off", "--disable-pip"]
    command += ["--require-hashes", f"--timeout={timeout_s}"]
    if not only_first:
        return [*command, *(f"--requirement={lock}" for lock in locks)]
    short = STAMP.with_name("audited-first.lock")
    entries = re.split(r"^(?=\w)", locks[0].read_text("utf-8"), flags=re.MULTILINE)
    short.write_text(next(entry for entry in entries if "==" in entry))
    return [*command, f"--requirement={short}"]


def _read(done: subprocess.CompletedProcess[str]) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return found


def _weak(answer: dict[str, Any]) -> list[str]:
    found = []
    for package in answer["dependencies"]:
        for each in package.get("vulns", ()):
            if not {each["id"], *each.get("aliases", ())} & set(ACCEPTED):
                mended = ", ".join(each["fix_versions"]) or "no version yet"
                found.append(f"{package['name']} {package['version']}: {each['id']}, mended in {mended}")
    return found


def _is_fresh(stamp: Path, digest: str) -> bool:
    try:
        last = json.loads(stamp.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(last["digest"] == digest and 0 <= time.time() - last["at"] < FRESH_S)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
