"""Slack: commands, buttons, modals and App Home, over Socket Mode or HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]


def create(app: App) -> Adapter | None:
    """Give the adapter of Slack, or nothing where its settings are missing.

    Raises:
        InvalidSetting: some are there, and not those that they need beside them.
    """
    from adapters.slack.setup import read_setup

    setup = read_setup(app.settings)
    if setup is None:
        return None
    from adapters.slack.adapter import SlackAdapter

    return SlackAdapter(app, setup)
