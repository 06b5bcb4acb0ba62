"""See what SQLite is asked to do."""

from __future__ import annotations

from bot.storage.sqlite import SqliteDatabase


async def traced(database: SqliteDatabase) -> list[str]:
    """Give a list that fills with every statement that is run from now on."""
    statements: list[str] = []
    async with database.transaction() as connection:
        await connection.run(lambda there: there.set_trace_callback(statements.append))
    statements.clear()
    return statements
