"""How an adapter takes part in the conformance suite.

The suite finds every adapter by its entry point and runs the same tests over each. An adapter brings one module for
that, ``tests/adapters/<name>/conformance.py``, with a ``PLACE``: an object as ``Place`` describes it, which opens a
platform of the adapter's kind for the length of a test. Nothing has to be registered. An adapter that posts and has no
such module fails the suite.

A place opens a ``Ground``: a platform, best a small server in this process that the adapter's real client talks to,
and the program's services over a database in ``folder`` (``studio.app_in`` gives them, with the settings that point
the adapter at that server). The suite makes adapters itself, by ``create(ground.app)``, as many as it needs: a second
one over the same ground is what a new process would be. The controls of a ground change what the platform does from
then on, and ``messages`` looks at it from the outside, never through the adapter.

A platform that is a part of the program, as the chat page is, cannot be down while the program runs; its place says so
by ``inside`` and needs the controls of ``Ground`` alone. Every other one opens a ``DistantGround``.
``tests/adapters/web/conformance.py`` is the shortest example, ``tests/fakes/parlour/conformance.py`` one with a server.

What the suite asks of an adapter, in words:

- ``create`` gives ``None`` under the settings in ``absent``.
- ``start`` and ``stop`` can follow each other again and again; ``stop`` ends every task that ``start`` has begun, and
  is harmless after a ``start`` that failed. Before ``start``, and after ``stop``, a post is no crash but
  ``PlatformUnavailable`` or simply made.
- ``post`` makes one message for a ``post.id``, however often, after a lost answer, by whichever instance, also where it
  is cut off half-way, and the message then shows the view of the last call. The reference that it gives is the
  message's own.
- ``edit`` changes the message, can be repeated, and leaves one message.
- A message or a channel that is gone is ``PostGone``. A platform that is down or asks for patience is
  ``PlatformUnavailable``, the second with ``retry_after`` of at least what it asked for. When it is back, all is well.
- Every state of a job (``states``), with hostile words too, is shown with its title, its words, its state line, its
  error and all of its buttons, each with the id of the view.
- Every error of ``bot/errors.py`` can be presented; those that only the admin can mend without their details.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from bot.app import ADAPTERS, App
from bot.errors import ImaginebotError
from bot.jobs.model import Conversation

PARLOUR = EntryPoint(name="parlour", value="tests.fakes.parlour", group=ADAPTERS)
"""The suite's own platform, which is not installed, but proves that each control is of use."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as somebody on the platform sees it.

    ``text`` is everything that can be read in it, with the platform's own escapes undone; ``buttons`` are the ids of
    our buttons that its controls carry, without what the adapter puts around them.
    """

    reference: str
    text: str
    buttons: Sequence[str]


class Ground(Protocol):
    """A platform and the program's services. ``conversation`` is a place on it where jobs are shown."""

    app: App
    conversation: Conversation

    async def messages(self) -> Sequence[Message]:
        """Give every message that is there, the oldest first."""
        ...

    async def lose_answer(self) -> None:
        """Let the platform carry out the next call that makes a message, and its answer get lost on the way back."""
        ...

    async def remove_message(self, reference: str) -> None:
        """Delete a message."""
        ...

    async def remove_channel(self) -> None:
        """Delete the channel of ``conversation``, or shut us out of it."""
        ...


@runtime_checkable
class DistantGround(Ground, Protocol):
    """A ground whose platform is somewhere else."""

    async def go_down(self) -> None:
        """Let the platform be out of reach, or answer nothing but errors of its own."""
        ...

    async def limit(self, retry_after: float) -> None:
        """Let the platform refuse every call for being one too many, and ask for so many seconds of patience."""
        ...

    async def come_back(self) -> None:
        """Undo ``go_down`` and ``limit``."""
        ...


class Place(Protocol):
    """What opens grounds for one adapter.

    ``absent`` holds settings, by field, under which there is no adapter; for most platforms none have to be given.
    ``inside`` says that the platform is a part of the program; elsewhere ``open`` gives a ``DistantGround``.
    """

    absent: Mapping[str, Any]
    inside: bool

    def open(self, folder: Path) -> AbstractAsyncContextManager[Ground]:
        """Open a platform, and services with a database in ``folder``, for the length of the block."""
        ...

    def present(self, error: ImaginebotError) -> str:
        """Give everything that a person reads of an error, by the adapter's presenter."""
        ...


def installed() -> Iterator[EntryPoint]:
    """Give every adapter that is installed, and the suite's own."""
    yield from sorted(entry_points(group=ADAPTERS), key=lambda point: point.name)
    yield PARLOUR


def place_of(point: EntryPoint) -> Place | None:
    """Give the place that the tests of an adapter have made for it."""
    folder = point.value if point.value.startswith("tests.") else f"tests.{point.value}"
    if importlib.util.find_spec(folder) is None or importlib.util.find_spec(f"{folder}.conformance") is None:
        return None
    place: Place = importlib.import_module(f"{folder}.conformance").PLACE
    return place
