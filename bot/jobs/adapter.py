"""What a chat platform's adapter must be to take part.

Above it stands the publisher, which decides what is shown and when; below it the platform. An adapter turns commands
and presses into calls on ``JobService`` by itself; this protocol is about the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from starlette.routing import BaseRoute

from bot.jobs.model import Post
from bot.jobs.view import JobView


class Adapter(Protocol):
    """Show jobs on one platform.

    ``name`` is the platform's name in ``Conversation.platform``. ``routes`` are served by the program's HTTP server
    and are fixed once ``create(app)`` has returned. ``edit_interval`` is how long a message is left alone after a
    change; the end of a job does not wait for it.

    What an adapter does in the background goes into a ``background`` (``bot.background``), if it has any: where some of
    it ends by itself, the adapter is stopped and started again.
    """

    name: str
    routes: Sequence[BaseRoute]
    edit_interval: timedelta

    async def start(self) -> None:
        """Connect. Called once the database is open; raises what keeps the adapter from working.

        An ``OperatorError`` at the program's start stops the program with its sentence. After anything else ``stop``
        is called, and then ``start`` again after a while.
        """
        ...

    async def stop(self) -> None:
        """Stop taking commands and let go of the connection. Called once after each start, also after a failed one."""
        ...

    async def post(self, post: Post, view: JobView) -> str:
        """Make the message of ``post`` and give the platform's reference of it.

        It can be called again for the same ``post.id`` after a crash or a lost answer, and must then find the message
        that exists rather than make a second one, and bring it up to date: what is shown then counts as shown.

        Raises:
            PostGone: the channel is gone or closed to us; the post is given up, the job goes on.
            PlatformUnavailable: worth another try, after ``retry_after``.
        """
        ...

    async def edit(self, post: Post, view: JobView) -> None:
        """Make the message of ``post`` (its ``reference`` is set) show ``view``. Safe to repeat.

        Raises:
            PostGone: the message is gone; the post is given up, the job goes on.
            PlatformUnavailable: worth another try, after ``retry_after``.
            PlatformBusy: by the adapter's own pace, which the end of a job does not wait for.
        """
        ...
