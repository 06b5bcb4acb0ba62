"""What people do to bring the program to a crash point; each goes by any way in."""

from __future__ import annotations

from tests.fakes.engines import png
from tests.reliability.front import Visitor


async def imagine(visitor: Visitor) -> None:
    """Ask for a grid, and see it."""
    await visitor.command("/imagine a lighthouse")
    await visitor.seen("a lighthouse", "completed", label="U1")


async def press(visitor: Visitor) -> None:
    """Upscale a picture of a grid."""
    await visitor.command("/imagine a lighthouse")
    grid = await visitor.seen("a lighthouse", "completed", label="U1")
    await visitor.press(grid.buttons["U1"])


async def describe(visitor: Visitor) -> None:
    """Have a picture described."""
    await visitor.command("/describe", png())


async def cancel(visitor: Visitor) -> None:
    """Cancel what is under way."""
    await visitor.command("/imagine a gated garden")
    post = await visitor.seen("a gated garden", "in_progress", label="Cancel")
    await visitor.press(post.buttons["Cancel"])
    await visitor.seen("a gated garden", "cancelled")


async def refused(visitor: Visitor) -> None:
    """Ask for what the image service refuses."""
    await visitor.command("/imagine a field of gore")
    await visitor.seen("a field of gore", "failed")
