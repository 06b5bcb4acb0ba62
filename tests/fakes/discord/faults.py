"""Trouble that is waiting for the next requests of a route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from tests.fakes.discord.rules import KNOWN

Scope = Literal["user", "shared", "global"]


@dataclass
class Fault:
    """What happens to requests whose method and path fit: ``times`` of them, after ``skip`` that go through.

    ``before`` is whether the request has no effect; with a ``status`` it is answered so, with ``lost`` its connection
    is closed without an answer, else its answer comes ``delay`` seconds late. ``with_file`` narrows it to requests with
    an upload of such a name.
    """

    method: str
    path: str
    times: int = 1
    skip: int = 0
    status: int | None = None
    code: int | None = None
    scope: Scope | None = None
    retry_after: float = 0.0
    delay: float = 0.0
    lost: bool = False
    before: bool = True
    with_file: str = "*"
    hit: int = 0

    def takes(self, method: str, path: str, names: Sequence[str]) -> bool:
        """Say whether a request is met by it, and count."""
        if self.method not in ("*", method) or not fnmatchcase(path, self.path) or self.hit >= self.times:
            return False
        if self.with_file != "*" and not any(fnmatchcase(name, self.with_file) for name in names):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.hit += 1
        return True


@dataclass
class Faults:
    """The faults that are set. Paths are patterns such as ``/channels/*/messages``; the method may be ``*``."""

    waiting: list[Fault] = field(default_factory=list)

    def _add(self, fault: Fault) -> Fault:
        self.waiting.append(fault)
        return fault

    def refuse(
        self, method: str, path: str, code: int, *, times: int = 1, skip: int = 0, with_file: str = "*"
    ) -> Fault:
        """Answer with one of Discord's codes; it comes with its own HTTP status."""
        retry_after = 1.0 if KNOWN[code][0] == 429 else 0.0
        return self._add(
            Fault(
                method,
                path,
                times=times,
                skip=skip,
                status=KNOWN[code][0],
                code=code,
                retry_after=retry_after,
                with_file=with_file,
            )
        )

    def fail(self, method: str, path: str, status: int = 503, *, times: int = 1, before: bool = True) -> Fault:
        """Answer with a plain HTTP error, as a proxy in front of Discord does; not ``before`` but after the effect."""
        return self._add(Fault(method, path, times=times, status=status, before=before))

    def limit(
        self, method: str, path: str, *, scope: Scope = "user", retry_after: float = 0.3, times: int = 1
    ) -> Fault:
        """Answer that there are too many requests: of this bot on this route, of all bots, or of this bot at all."""
        return self._add(Fault(method, path, times=times, status=429, scope=scope, retry_after=retry_after))

    def delay(self, method: str, path: str, seconds: float, *, times: int = 1, before: bool = False) -> Fault:
        """Let the answer come late; with ``before`` the effect comes late too."""
        return self._add(Fault(method, path, times=times, delay=seconds, before=before))

    def lose(self, method: str, path: str, *, times: int = 1, skip: int = 0, before: bool = False) -> Fault:
        """Close the connection in place of an answer, after the effect; with ``before`` there is none."""
        return self._add(Fault(method, path, times=times, skip=skip, lost=True, before=before))

    def meeting(self, method: str, path: str, names: Sequence[str]) -> Fault | None:
        """Give the fault that a request runs into."""
        return next((fault for fault in self.waiting if fault.takes(method, path, names)), None)

    def clear(self) -> None:
        """Let everything go well again."""
        self.waiting.clear()
