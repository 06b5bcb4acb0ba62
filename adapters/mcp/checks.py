"""What ``imaginebot doctor`` looks at for agents: the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.doctor import Finding, Verdict, look_at_port

if TYPE_CHECKING:
    from bot.config import Settings


async def check(settings: Settings) -> AsyncIterator[Finding]:
    """Look at the port that MCP is served on; nothing where it is switched off."""
    if not settings.mcp or find_spec("mcp") is None:
        return
    name, option = "MCP port", "--mcp-port"
    if settings.mcp_port != settings.http_port or settings.mcp_port == 0:
        yield look_at_port(name, settings.http_host, settings.mcp_port, option=option)
        return
    # As the adapter has it: what was asked for stops the start, what was not is done without.
    asked_for = "mcp_port" in settings.model_fields_set
    yield Finding(
        name=name,
        verdict=Verdict.BAD if asked_for else Verdict.NOTE,
        seen=f"{settings.mcp_port}, which is the port of everything else too",
        advice=f"Choose another with {option} or IMAGINEBOT_MCP_PORT, or set IMAGINEBOT_MCP=false.",
    )
