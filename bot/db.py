"""The commands for the database: brought up to date, copied, backed up, restored."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bot.admin import Data, out
from bot.config import Settings, read_settings
from bot.errors import InvalidCommand
from bot.logs import set_up_logs
from bot.privacy import closed_to_others

if TYPE_CHECKING:
    from bot.backup import Places

db_cli = typer.Typer(help="The database.", no_args_is_help=True)

err = Console(stderr=True, highlight=False, soft_wrap=True)


@db_cli.command()
def upgrade(data: Data = None) -> None:
    """Bring the database up to date. Every start does so by itself."""
    set_up_logs(logging.WARNING)
    with closed_to_others():
        done = asyncio.run(_upgrade(read_settings(data_dir=data)))
    out.print("\n".join(f"Applied {name}." for name in done) if done else "The database is up to date.")


@db_cli.command("copy")
def copy_database(
    source: Annotated[str, typer.Option("--from", metavar="URL", help="sqlite:///path or postgresql://…")],
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="Where everything goes; what is there is replaced.")
    ],
    pictures_from: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Also copy the pictures, from this folder or s3:// address …")
    ] = None,
    pictures_to: Annotated[str | None, typer.Option(metavar="PLACE", help="… to this one.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let go of work that the target has and the source has not.")
    ] = False,
) -> None:
    """Move everything from SQLite to PostgreSQL, or back. No bot may run on either; it can be run again."""
    from bot.moving import Move, move

    if (pictures_from is None) != (pictures_to is None):
        raise InvalidCommand("Give --pictures-from and --pictures-to together, or neither.")
    set_up_logs(logging.WARNING)
    places = None if pictures_from is None or pictures_to is None else (pictures_from, pictures_to)
    with closed_to_others():
        moved = asyncio.run(move(Move(source=source, target=target, pictures=places, replace=replace)))
    for name, rows in sorted(moved.rows.items()):
        out.print(f"{rows:>12,}  {name}")
    out.print(f"{sum(moved.rows.values()):>12,}  rows in all, counted and digested on both sides.")
    if places is not None:
        out.print(f"{moved.pictures:>12,}  pictures" + (f", {moved.missing} are missing" if moved.missing else ""))


@db_cli.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write; it must not be there yet.")],
    data: Data = None,
) -> None:
    """Copy database and pictures into one file; works while the bot runs."""
    from bot.backup import back_up

    set_up_logs(logging.WARNING)
    contents = back_up(_places(read_settings(data_dir=data)), file)
    size = f"{contents.size_bytes / 1e6:.1f} MB"
    out.print(f"{escape(str(file))} holds {contents.jobs} jobs and {contents.pictures} pictures ({size}).")


@db_cli.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive that `imaginebot db backup` wrote.")],
    data: Data = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in place of a database that is there, which is kept beside it.")
    ] = False,
) -> None:
    """Put a backup back. The bot must not be running."""
    from bot import backup as backups
    from bot.app import own_folder

    set_up_logs(logging.WARNING)
    settings = read_settings(data_dir=data)
    with closed_to_others(), own_folder(settings.data_dir, to_restore=True):
        contents = backups.restore(_places(settings), file, replace=replace)
    out.print(f"{contents.jobs} jobs and {contents.pictures} pictures are back in {escape(str(settings.data_dir))}.")


def _places(settings: Settings) -> Places:
    from bot.backup import ENGINE, PICTURES, Places

    if settings.postgresql is not None:
        raise InvalidCommand("The database is PostgreSQL's: back it up and restore it with pg_dump and pg_restore.")
    pictures = settings.data_dir / PICTURES
    if settings.blobs is not None:
        local = "://" not in settings.blobs
        if not local:
            err.print("[yellow]Pictures are kept in an object store; back that up by its own means.[/yellow]")
        return Places(
            database=settings.database_path,
            pictures=Path(settings.blobs).expanduser() if local else None,
            engine=settings.data_dir / ENGINE,
        )
    return Places(database=settings.database_path, pictures=pictures, engine=settings.data_dir / ENGINE)


async def _upgrade(settings: Settings) -> list[str]:
    from bot.app import own_folder, upgrade_database

    if settings.postgresql is not None:
        return await upgrade_database(settings.postgresql)
    with own_folder(settings.data_dir):
        return await upgrade_database(settings.database_path)
