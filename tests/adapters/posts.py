"""What the database says of posts."""

from __future__ import annotations

import asyncio

from bot.storage.database import Database


async def caught_up(database: Database) -> None:
    """Wait until every post shows what there is to show."""
    behind = 1
    async with asyncio.timeout(30):
        while behind:
            await asyncio.sleep(0.02)
            async with database.transaction() as connection:
                [[behind]] = await connection.rows(
                    "SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision"
                )
