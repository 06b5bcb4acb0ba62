"""The embedded engine: everything runs with no account.

Names are loaded when they are first asked for, because every worker process imports this package and needs none of
them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.engine.engine import Engine
    from bot.engine.server import EngineServer, create_engine_app, run_engine
    from bot.engine.settings import EngineSettings

__all__ = ["Engine", "EngineServer", "EngineSettings", "create_engine_app", "run_engine"]

_HOMES = {
    "Engine": "engine",
    "EngineServer": "server",
    "EngineSettings": "settings",
    "create_engine_app": "server",
    "run_engine": "server",
}


def __getattr__(name: str) -> Any:
    """Load a name of this package."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
