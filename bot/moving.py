"""The command that moves a studio from one database to another: addresses, locks, versions, pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.app import own_folder, upgrade_database
from bot.copying import copy, copy_pictures
from bot.errors import DataFolderBusy, InvalidCommand
from bot.storage.blobs import BlobStore
from bot.storage.database import Database, is_postgresql

_SQLITE = "sqlite:///"


@dataclass(frozen=True, kw_only=True)
class Move:
    """From where to where; ``pictures`` are two places of pictures, where those are to go over as well."""

    source: str
    target: str
    pictures: tuple[str, str] | None = None
    replace: bool = False


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Rows by table, pictures that are in the target, and pictures that were in neither."""

    rows: dict[str, int]
    pictures: int = 0
    missing: int = 0


async def move(what: Move) -> Moved:
    """Bring both databases up to date and copy everything.

    Raises:
        InvalidCommand: an address is malformed, there is nothing to copy, or the target holds work of its own.
        DataFolderBusy: a program runs on one of the two.
    """
    source, target = place_of(what.source), place_of(what.target)
    if isinstance(source, Path) and not source.exists():
        raise InvalidCommand(f"There is no database {source}. Check --from.")
    async with _alone(source) as here, _alone(target) as there:
        rows = (await copy(here, there, replace=what.replace)).rows
        if what.pictures is None:
            return Moved(rows=rows)
        stores = [BlobStore.open(place) for place in what.pictures]
        kept, missing = await copy_pictures(stores[0], stores[1], here)
    return Moved(rows=rows, pictures=kept, missing=missing)


def place_of(address: str) -> Path | str:
    """Read the address of a database.

    Raises:
        InvalidCommand: it is none.
    """
    if is_postgresql(address):
        return address
    if not address.startswith(_SQLITE) or address == _SQLITE:
        raise InvalidCommand("Name a database as sqlite:///path/imaginebot.db or postgresql://user:password@host/name.")
    return Path(address.removeprefix(_SQLITE)).expanduser()


@asynccontextmanager
async def _alone(place: Path | str) -> AsyncIterator[Database]:
    """Open a database with the newest schema, on which no program runs."""
    if isinstance(place, Path):
        with own_folder(place.parent):
            await upgrade_database(place)
            async with await Database.open(place) as database:
                yield database
        return
    await upgrade_database(place)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(place))
        try:
            await stack.enter_async_context(database.shared(exclusive=True))
        except DataFolderBusy as error:
            raise DataFolderBusy(f"imaginebot is running on the database {database.name}. Stop it first.") from error
        yield database
