"""Pictures: fetch them safely, verify them, compose a grid, crop, make thumbnails, put them into words.

Whatever comes from outside is hostile until ``verify`` (keep the bytes) or ``normalise`` (keep only the pixels) has
passed it. Everything but ``PictureFetcher.fetch`` is synchronous, takes and gives bytes, shares no state, and may take a
second on a large picture: call it with ``asyncio.to_thread``.
"""

from __future__ import annotations

from bot.images.alt import ALT_TEXT_LIMIT, alt_text
from bot.images.fetcher import AddressRule, PictureFetcher, is_public
from bot.images.formats import MAX_BYTES, MAX_PIXELS, MAX_SIDE
from bot.images.grid import GRID_CONTENT_TYPE, compose_grid, crop, thumbnail
from bot.images.reading import Verified, normalise, verify

__all__ = [
    "ALT_TEXT_LIMIT",
    "GRID_CONTENT_TYPE",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "AddressRule",
    "PictureFetcher",
    "Verified",
    "alt_text",
    "compose_grid",
    "crop",
    "is_public",
    "normalise",
    "thumbnail",
    "verify",
]
