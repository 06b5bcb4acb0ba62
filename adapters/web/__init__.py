"""The chat page: a platform of its own, served by the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]


def create(app: App) -> Adapter | None:
    """Give the adapter of the chat page, unless it is switched off; nothing is read before its ``start``."""
    if not app.settings.web:
        return None
    from adapters.web.adapter import WebAdapter

    return WebAdapter(app)
