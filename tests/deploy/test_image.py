"""The image: what its Dockerfile says, and its steps followed in a clean folder by a user without rights."""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.config import setting_names
from bot.engine import painters
from tests.deploy.dockerfile import Follower, Stage, read_dockerfile
from tests.deploy.files import DEPLOY, ROOT, VERSION, from_npm, give_up, read_yaml, said

DOCKERFILE = DEPLOY / "Dockerfile"
USER, OWNER = 10001, 65534

PROGRAM_LIMIT_BYTES = 185_000_000
"""What the program may take of the 250 MB of the image. The distroless base, put together from the packages of Debian 13
that it consists of, takes 53; there the program took 171 in November 2026, so 224 together."""


@pytest.fixture(scope="module")
def read() -> tuple[dict[str, str], list[Stage]]:
    """The arguments and the stages."""
    return read_dockerfile(DOCKERFILE)


@pytest.fixture(scope="module")
def last(read: tuple[dict[str, str], list[Stage]]) -> Stage:
    """The stage that is the image."""
    return read[1][-1]


def test_the_dockerfile_is_one_by_its_own_grammar() -> None:
    said(from_npm(".bin/dockerfile-utils"), "lint", DOCKERFILE)


def test_both_bases_can_be_named_by_digest(read: tuple[dict[str, str], list[Stage]]) -> None:
    arguments, stages = read
    text = DOCKERFILE.read_text("utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BUILDER}", "${BASE}"]
    assert {stage.base for stage in stages} == set(arguments.values())
    assert not any(base.endswith(":latest") or ":" not in base for base in arguments.values())


def test_the_image_runs_as_a_user_without_rights_or_build_tools(last: Stage) -> None:
    assert last.only("USER").rest == f"{USER}:{USER}"
    assert last.all("RUN") == []
    assert {step.flags.get("from") for step in last.all("COPY")} == {"build"}
    data = last.environment["IMAGINEBOT_DATA_DIR"]
    assert last.only("VOLUME").rest == data
    assert [step.flags.get("chown") for step in last.all("COPY") if data in step.words] == [f"{USER}:{USER}"]


def test_everything_is_installed_by_the_hashes_of_the_lock(read: tuple[dict[str, str], list[Stage]]) -> None:
    steps = [step.rest for step in read[1][0].all("RUN") if " pip " in step.rest or "-m pip" in step.rest]
    fetching = [step for step in steps if "--no-index" not in step]
    assert len(fetching) == 1
    assert {"--require-hashes", "--only-binary", "requirements.lock"} <= set(fetching[0].split())


def test_the_image_is_labelled_with_the_version_of_the_program(last: Stage) -> None:
    labels = dict(re.findall(r'([\w.]+)="([^"]*)"', last.only("LABEL").rest))
    assert labels["org.opencontainers.image.title"] == "imaginebot"
    assert labels["org.opencontainers.image.version"] == "${VERSION}"
    assert last.only("ARG").rest == f"VERSION={VERSION}"


def test_the_image_sets_nothing_but_settings(last: Stage) -> None:
    ours = {name for name in last.environment if name.startswith("IMAGINEBOT_")}
    assert ours <= set(setting_names())


def test_only_what_is_copied_is_sent_to_the_builder(read: tuple[dict[str, str], list[Stage]]) -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    copied = {source.rstrip("/") for step in read[1][0].all("COPY") for source in step.words[:-1]}
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch.fnmatch(secret, name) for secret in ("deploy/env", "imaginebot.toml") for name in allowed)


# The steps


@pytest.fixture(scope="module")
def clean_folder() -> Iterator[Path]:
    """A folder that nobody has been in, which another user can come to."""
    with tempfile.TemporaryDirectory(prefix="image-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def built(clean_folder: Path, read: tuple[dict[str, str], list[Stage]]) -> Follower:
    """The image as a folder, built by a user without rights."""
    python = shutil.which("python3", path="/usr/bin")
    if (
        python is None
        or subprocess.run([python, "-c", "import ensurepip"], check=False, capture_output=True).returncode
    ):
        give_up("no python3 of the system that makes environments (on Debian: apt install python3-venv)")
    root, home = clean_folder / "root", clean_folder / "home"
    for folder in (root, root / "tmp", home):
        folder.mkdir()
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    uid = OWNER if os.geteuid() == 0 else None
    if uid is not None:
        for folder in (root, root / "tmp", home):
            os.chown(folder, uid, uid)
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(root / "tmp")} | pip
    follower = Follower(context=ROOT, root=root, variables=variables, uid=uid)
    follower.follow(read[1])
    return follower


@pytest.fixture
def data(built: Follower) -> Iterator[Path]:
    """The volume, which is the user's own, while nothing of the program is."""
    folder = built.root.parent / "data"
    folder.mkdir(mode=0o700)
    if built.uid is not None:
        os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)


def size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_the_steps_leave_a_small_program_without_build_tools(built: Follower) -> None:
    assert sorted(path.name for path in built.root.iterdir()) == ["opt", "var"]
    packages = next((built.root / "opt/imaginebot/lib").glob("python3*/site-packages"))
    present = {path.name.partition("-")[0] for path in packages.glob("*.dist-info")}
    assert {"imaginebot", "discord_py", "slack_bolt", "mcp", "asyncpg", "obstore"} <= {
        name.replace(".", "_") for name in present
    }
    assert not present & {"pip", "setuptools", "hatchling", "editables", "pytest"}
    assert (packages / "bot/engine" / Path(painters.__file__).parent.name).is_dir()
    assert size_of(built.root) < PROGRAM_LIMIT_BYTES


@dataclass(frozen=True, kw_only=True)
class Container:
    """What was built, run as a container engine would: by the image's user, with nothing to write to but ``volume``."""

    built: Follower
    last: Stage
    volume: Path
    port: int

    def command(self, words: list[str]) -> list[str]:
        """Put a command of the image where nothing can be written; without rights to do so, by who has none anyway."""
        own = [self._here(word) for word in words]
        if self.built.uid is None:
            return own
        shut = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec setpriv "$@"'
        user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs", "--bounding-set=-all"]
        return ["unshare", "--mount", "sh", "-ec", shut, str(self.volume), *user, *own]

    @property
    def variables(self) -> dict[str, str]:
        """What ENV sets, and ports that are free."""
        ports = {"IMAGINEBOT_HTTP_PORT": str(self.port), "IMAGINEBOT_MCP_PORT": "0"}
        return {name: self._here(value) for name, value in self.last.environment.items()} | ports

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the image to its end."""
        command = self.command(list(words))
        return subprocess.run(
            command, cwd="/", env=self.variables, capture_output=True, text=True, timeout=60, check=False
        )

    def call(self, path: str, key: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the program that runs over REST."""
        url, headers = f"http://127.0.0.1:{self.port}{path}", {"Authorization": f"Bearer {key}"}
        answer = httpx.request("POST" if body else "GET", url, headers=headers, json=body, trust_env=False, timeout=30)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def _here(self, text: str) -> str:
        inside = self.last.only("VOLUME").rest
        return text.replace(inside, str(self.volume)) if text.startswith(inside) else self.built.under(text)


@pytest.fixture
def container(built: Follower, data: Path, last: Stage) -> Container:
    """A container that has never been started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Container(built=built, last=last, volume=data, port=free.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_what_was_built_works_with_nothing_to_write_to_but_its_volume(container: Container, tmp_path: Path) -> None:
    volume = container.last.only("VOLUME").rest
    if container.built.uid is not None:
        folders = [volume, "/opt/imaginebot", "/var/tmp"]  # noqa: S108 - which everybody may write to otherwise
        tried = [container.run("/opt/imaginebot/bin/python3", "-c", _TOUCH, folder).returncode for folder in folders]
        assert tried == [0, errno.EROFS, errno.EROFS]
    before = {path for path in container.built.root.rglob("*") if path.suffix == ".pyc"}
    program = [word for part in ("ENTRYPOINT", "CMD") for word in container.last.only(part).words]
    with (tmp_path / "said").open("w") as output:
        running = subprocess.Popen(
            container.command(program), cwd="/", env=container.variables, stdout=output, stderr=output
        )
        try:
            health = json.loads(container.last.only("HEALTHCHECK").rest.partition("CMD ")[2])
            wait_for(lambda: container.run(*health).returncode == 0, running, tmp_path / "said")
            made = container.run(program[0], "keys", "create", "robot")
            key = re.findall(r"ib_\w[\w-]+", made.stdout)[0]
            job = container.call("/v1/imagine", key, {"prompt": "a lighthouse at dusk"})["data"]["job_id"]
            wait_for(
                lambda: container.call(f"/v1/jobs/{job}", key)["status"] == "completed", running, tmp_path / "said"
            )
            assert "✓ Image service" in container.run(program[0], "doctor").stdout
            assert container.run(program[0], "db", "backup", f"{volume}/backup.tar").returncode == 0
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
        finally:
            running.kill()
            running.wait()
    assert {path for path in container.built.root.rglob("*") if path.suffix == ".pyc"} == before


_TOUCH = """
import pathlib, sys
try:
    pathlib.Path(sys.argv[1], "written").touch()
except OSError as error:
    sys.exit(error.errno)
"""


def wait_for(condition: Callable[[], bool], running: subprocess.Popen[bytes], said: Path) -> None:
    """Wait until a condition holds, as long as the program runs, and for a minute at the most."""
    deadline = time.monotonic() + 60
    while not condition():
        assert running.poll() is None, said.read_text()
        assert time.monotonic() < deadline, said.read_text()
        time.sleep(0.1)


def test_the_version_is_one_everywhere() -> None:
    images = [read_yaml(DEPLOY / name)["services"]["bot"]["image"] for name in ("compose.yaml", "compose.scale.yaml")]
    tags = {image["newTag"] for image in read_yaml(DEPLOY / "kubernetes/kustomization.yaml")["images"]}
    assert {re.findall(r":([\d.]+)\}?$", image)[0] for image in images} | tags == {VERSION}
