"""The studio for agents: MCP over HTTP on a port of its own, and over stdio for desktop clients.

The library takes most of a second to import, so nothing here touches it before the adapter is known to be wanted.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app import App
    from bot.jobs.adapter import Adapter

__all__ = ["create"]


def create(app: App) -> Adapter | None:
    """Give the adapter, unless it is switched off or its library is not installed."""
    if not app.settings.mcp or find_spec("mcp") is None:
        return None
    from adapters.mcp.adapter import McpAdapter

    return McpAdapter(app)
