"""The REST interface: the contract's operations over the job service, for programs with an API key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]


def create(app: App) -> Adapter | None:
    """Give the adapter of the REST interface, unless it is switched off; nothing is read before its ``start``."""
    if not app.settings.rest:
        return None
    from adapters.rest.adapter import RestAdapter

    return RestAdapter(app)
