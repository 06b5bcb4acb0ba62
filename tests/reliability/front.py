"""The ways in that the proofs of reliability go by: the chat page, REST, and every platform that brings its own.

A way in is a module ``tests/reliability/fronts/<name>.py`` with two names, and nothing has to be registered:

- ``open_front(data: Path)``, an async context manager that gives a ``Front``. What it needs besides the program lives
  inside the block: a platform's small server, say, which stays while the program is killed and started again.
- ``POINTS``, which says at which crash points the program is ended with this way in, and what people do to come there:
  names of ``bot.crash.POINTS`` with a ``Scenario`` each. Every point has to stand in one of the fronts at least.

The program is a child process. ``Front.environment`` points it at the platform; ``Front.module`` is what is run, for
the rare case that the program needs something that only tests have. People are ``Visitor`` objects: whatever they do
is repeated, by the same event, until it is acknowledged, as a platform, a browser or a program would; only then may it
be written into the ``Ledger``. Where a platform never hands an event out again, a visitor repeats it by a new event
and leaves out of the ledger what was not acknowledged.

In the end the auditor asks ``shown`` for everything that the platform, or whoever looks on, sees of jobs.
``tests/reliability/fronts/web.py`` is an example whose platform is in the program's database, ``parlour.py`` one with
a server, ``rest.py`` one that posts nothing and is told by webhook.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

PATIENCE_S = 70.0
"""Seconds within which everything that somebody does is answered, or they go away. A lost request is sent again
after 22 s at the soonest, and twice that where the program is ended once more in the meantime."""

PAUSE_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A post as a person sees it: ``buttons`` by label, each with its id."""

    job_id: str
    status: str
    prompt: str
    buttons: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown of one job in the end.

    ``reference`` is the platform's name of the message. ``job_id`` can be left out where the message does not tell;
    the auditor then finds the job by the reference or by the buttons. ``status`` is that of the contract, and ``None``
    where the message shows none that is final; ``state_of`` reads it off a text. ``buttons`` are ids, ``pictures`` how
    many there are; each is ``None`` where it cannot be seen.
    """

    reference: str
    status: str | None
    job_id: str | None = None
    state: str = ""
    revision: int | None = None
    buttons: Sequence[str] | None = None
    pictures: int | None = None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A webhook that a program has taken, in the order in which they arrived."""

    event_id: str
    job_id: str
    status: str
    signed: bool


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people were told.

    ``jobs`` says for each key of an acknowledged command or press to how many jobs it leads, ``answers`` to which job
    where the answer named it. ``denied`` are the keys of what somebody was told to try again. ``words`` are the keys of
    acknowledged messages, ``dead`` the buttons that led nowhere when they were pressed.
    """

    jobs: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    denied: Collection[str] = ()
    words: Sequence[str] = ()
    dead: Sequence[str] = ()


@dataclass
class Ledger:
    """What people were told, as it is written down while they are told."""

    jobs: dict[str, int] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    refused: int = 0
    repeated: int = 0

    def told(self) -> Told:
        """Give it to the auditor."""
        return Told(
            jobs=dict(self.jobs),
            answers=dict(self.answers),
            denied=frozenset(self.denied),
            words=tuple(self.words),
            dead=tuple(self.dead),
        )

    def deny(self, key: str) -> None:
        """Note that somebody was told to try again, so that nothing may come of what they did."""
        self.jobs.pop(key, None)
        self.denied.add(key)
        self.refused += 1


class Visitor(Protocol):
    """Somebody who uses the program by one way in, and does not give up."""

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Give a command ("/imagine …", "/describe" or "/blend" with pictures); give whether it was taken.

        ``jobs`` is how many jobs it leads to. Text without a slash is something said, where that is possible.
        """
        ...

    async def press(self, button_id: str) -> bool:
        """Press a button by its id; give whether it was taken."""
        ...

    async def look(self) -> list[Seen]:
        """Give the newest posts, the oldest first."""
        ...

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Look until the newest post of a prompt has a status, and a button if one is named."""
        ...

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Have the admin's command do something on the program that runs; see ``bot/acts.py``.

        Raises:
            InvalidCommand: the program refuses.
        """
        ...


class Watched(Protocol):
    """What the auditor wants to know of a way in."""

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        """Give what is shown, by platform; ``database`` is the program's, which has stopped. See ``posts.platform``.

        Platform "api" stands for what programs are answered. A platform that is left out is not looked at, but for
        what the program's own tables say of its posts.
        """
        ...

    def said(self, database: Path) -> Iterable[str]:
        """Give the keys of everything that was said besides commands."""
        ...

    def heard(self) -> Sequence[Heard] | None:
        """Give the webhooks that programs have taken, or nothing where nobody listens."""
        ...


class Front(Watched, Protocol):
    """A way in.

    ``acts`` are the weights of what people do in a chaos run: imagine, press, describe, blend, say. ``unfinished`` are
    tables of the platform with a condition: rows of what has been acknowledged and is still to be done.
    """

    environment: Mapping[str, str]
    module: str
    acts: Mapping[str, int]
    unfinished: Sequence[str]

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        """Let somebody in; ``url`` is where the program answers HTTP."""
        ...

    async def look_at_the_end(self, url: str) -> None:
        """Look once more at everything, while the program still runs and nothing is left to do."""
        ...


Scenario = Callable[[Visitor], Awaitable[Any]]
OpenFront = Callable[[Path], AbstractAsyncContextManager[Front]]


def front_names() -> list[str]:
    """Give every way in."""
    return sorted(path.stem for path in (Path(__file__).parent / "fronts").glob("[a-z]*.py"))


def open_front(name: str, data: Path) -> AbstractAsyncContextManager[Front]:
    """Open a way in for a program with this data folder."""
    opening: OpenFront = importlib.import_module(f"tests.reliability.fronts.{name}").open_front
    return opening(data)


def points_of(name: str) -> Mapping[str, Scenario]:
    """Give the crash points that are tried with a way in, and what is done to come there."""
    points: Mapping[str, Scenario] = importlib.import_module(f"tests.reliability.fronts.{name}").POINTS
    return points


def status_in(text: str) -> str | None:
    """Read a final status off the words of a post, as ``bot.jobs.facts`` writes them on every platform."""
    if "Fetching the pictures" in text:
        return None
    words = {"Done in": "completed", "Failed": "failed", "Cancelled": "cancelled"}
    return next((status for word, status in words.items() if word in text), None)
