"""A chat platform of our own making, as a package from elsewhere would bring it: a small server, and its adapter.

It does what real ones do: it hands an event out again until it is answered, takes a post as the answer to the event
itself, knows a message again by its nonce, and is down, slow to forgive or without the channel when it is told to be.
The server lives in the test, the adapter in the program, which finds the server by ``PARLOUR_URL``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]

URL_VARIABLE = "PARLOUR_URL"


def create(app: App) -> Adapter | None:
    """Give the adapter, unless nobody has said where the parlour is."""
    url = os.environ.get(URL_VARIABLE)
    if not url:
        return None
    from tests.fakes.parlour.adapter import ParlourAdapter

    return ParlourAdapter(app, url)
