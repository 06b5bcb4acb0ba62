"""Read a Dockerfile, and follow its steps in a folder, as no container engine is needed to see whether they work.

The steps of every stage are followed under one root, in place of ``/``; what the last stage copies from an earlier one
therefore lies there already, and what it does not copy is removed. Steps that change the system (``apt-get``) are those
of the machine that the tests run on, and are left out.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT_S = 400.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """One instruction: its word, its flags (``--from``) and the rest."""

    word: str
    rest: str
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """The rest in words, from either form."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What is built on one base."""

    base: str
    name: str
    steps: list[Step]

    def all(self, word: str) -> list[Step]:
        """Give the steps of one kind."""
        return [step for step in self.steps if step.word == word]

    def only(self, word: str) -> Step:
        """Give the step of a kind that there is one of."""
        (step,) = self.all(word)
        return step

    @property
    def environment(self) -> dict[str, str]:
        """What ENV sets."""
        return dict(pair.split("=", 1) for step in self.all("ENV") for pair in step.words)


def read_dockerfile(path: Path) -> tuple[dict[str, str], list[Stage]]:
    """Give the arguments with their defaults, and the stages with the names of their bases filled in."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(path.read_text("utf-8")):
        if step.word == "FROM":
            base, *name = step.rest.split(" AS ")
            stages.append(Stage(base=_filled(base.strip(), arguments), name="".join(name).strip(), steps=[]))
        elif not stages:
            assert step.word == "ARG", f"{step.word} stands before the first FROM"
            argument, _, default = step.rest.partition("=")
            arguments[argument] = default
        else:
            stages[-1].steps.append(step)
    return arguments, stages


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    for line in joined.splitlines():
        word, _, rest = line.partition(" ")
        flags = {}
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        yield Step(word=word, rest=rest.strip(), flags=flags)


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], text)


@dataclass(frozen=True, kw_only=True)
class Follower:
    """Follows steps under ``root`` as the user ``uid`` (as whoever runs the tests, if nobody else can be had)."""

    context: Path
    root: Path
    variables: Mapping[str, str]
    uid: int | None

    def follow(self, stages: list[Stage]) -> None:
        """Follow every stage, then remove what the last one does not hold."""
        *building, last = stages
        for stage in building:
            self._follow(stage)
        kept = [self._copied_between_stages(step) for step in last.all("COPY")]
        for path in self.root.iterdir():
            if not any(each.is_relative_to(path) for each in kept):
                shutil.rmtree(path)

    def under(self, text: str) -> str:
        """Put every absolute path of ``text`` that is the image's own under the root."""
        own = r"(?<![\w./-])/(?=(?:build|wheels|src|tmp|opt/imaginebot|var/lib/imaginebot|etc/imaginebot)\b)"
        return re.sub(own, f"{self.root}/", text)

    def run(self, command: list[str], *, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        user: dict[str, Any] = {} if self.uid is None else {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.run(
            command,
            cwd=cwd,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            **user,
        )

    def _follow(self, stage: Stage) -> None:
        here = self.root
        for step in stage.steps:
            if step.word == "WORKDIR":
                here = Path(self.under(step.rest))
                self._make(here)
            elif step.word == "COPY":
                self._copy(step, here)
            elif step.word == "RUN" and not step.rest.startswith("apt-get "):
                done = self.run(["sh", "-ec", self.under(step.rest)], cwd=here)
                assert done.returncode == 0, f"RUN {step.rest}\n{done.stdout}\n{done.stderr}"

    def _copy(self, step: Step, here: Path) -> None:
        *sources, target = step.words
        goal = here / self.under(target)
        for source in sources:
            origin = self.context / source
            if origin.is_dir():
                shutil.copytree(origin, goal, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(origin, goal if target.endswith("/") else goal.parent)
        for path in (goal, *goal.rglob("*")):
            self._own(path)

    def _copied_between_stages(self, step: Step) -> Path:
        source, target = step.words
        assert source == target, "what is copied between stages keeps its place here"
        assert "from" in step.flags
        assert Path(self.under(source)).exists(), f"no step before has made {source}"
        return Path(self.under(source))

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._own(folder)

    def _own(self, path: Path) -> None:
        if self.uid is not None:
            shutil.chown(path, self.uid, self.uid)
