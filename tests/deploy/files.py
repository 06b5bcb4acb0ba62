"""The files of deploy/, and the tools that read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def give_up(reason: str) -> NoReturn:
    """Skip and say why, except where continuous integration has to have what is missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def tool(name: str, package: str) -> str:
    """Give the path of a tool, which is in the Debian package ``package``."""
    path = shutil.which(name)
    if path is None:
        give_up(f"no {name} on this machine (on Debian: apt install {package})")
    return path


def from_npm(name: str) -> Path:
    """Give the path of a tool under ``node_modules``, fetched by the lock file the first time."""
    folder = Path(__file__).parent
    path = folder / "node_modules" / name
    npm = shutil.which("npm")
    with FileLock(ROOT / ".venv" / "deploy-npm.lock"):
        if not path.exists():
            if npm is None:
                give_up("no npm on this machine to fetch tools with (on Debian: apt install npm)")
            command = [npm, "ci", "--no-audit", "--no-fund"]
            if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
                give_up("npm cannot fetch the tools that read these files")
    return path


def said(*command: str | Path, cwd: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
    """Run a tool that has to be content, and give what it says."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"}
        | dict(variables or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} is not content:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def read_yaml(path: Path) -> Any:
    """Read the one document of a file."""
    return yaml.safe_load(path.read_text("utf-8"))


def read_environment(path: Path) -> dict[str, str]:
    """Read lines of NAME=value; comments do not count."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}
