"""The commands for API keys and webhooks. They work while the program runs, and without it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.config import Settings, read_settings
from bot.errors import DataFolderBusy, InvalidCommand
from bot.logs import set_up_logs
from bot.privacy import closed_to_others

keys_cli = typer.Typer(help="API keys for programs (REST and MCP).", no_args_is_help=True)

webhooks_cli = typer.Typer(help="Webhooks to programs.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)

tables = Console(highlight=False, soft_wrap=True, width=100_000)
"""Rich cuts cells off where a table is wider than the terminal, or than 80 columns in a pipe; what stands in them is
there to be copied, so it is the terminal that folds the lines."""


class State(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The folder for database and pictures.")]

_WITHOUT_CHANNELS = frozenset({"mcp", "rest"})
"""Adapters that programs come in by; nothing can be posted there."""

_TRIES = 25
_BETWEEN_TRIES_S = 0.2


@keys_cli.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What to call the key, for example the program that is to use it.")],
    workspace: Annotated[
        str | None, typer.Option(help="The workspace whose jobs it sees: a Discord server, a Slack team, or local.")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(metavar="PLATFORM:WORKSPACE:CHANNEL", help="Also post its jobs there, say web:local:general."),
    ] = None,
    data: Data = None,
) -> None:
    """Make a key and show it, this once."""
    if channel is not None:
        _check_platform(channel)
    made = _ask(data, "create_key", name=name, workspace=workspace, channel=channel)
    out.print(f"API key:        [bold]{made['key']}[/bold]")
    out.print(f"Webhook secret: [bold]{made['webhook_secret']}[/bold]")
    posted = f", posted to {escape(made['channel'])}" if made["channel"] else ""
    out.print(
        f"[dim]For {escape(made['name'])} in the workspace {escape(made['workspace'])}{posted}. "
        "Neither is shown again.[/dim]"
    )


@keys_cli.command("list")
def list_keys(data: Data = None) -> None:
    """List the keys: name, beginning, workspace, channel, last use."""
    keys = _ask(data, "list_keys")
    table = Table("name", "begins with", "workspace", "channel", "made", "last used", "", box=None, header_style="dim")
    for key in keys:
        cells = (key["name"], key["prefix"], key["workspace"], key["channel"] or "–", _when(key["created_at"]))
        table.add_row(*map(escape, cells), _when(key["used_at"]), "revoked" if key["revoked_at"] else "")
    tables.print(table if keys else "There are no keys yet. Make one with: imaginebot keys create NAME")


@keys_cli.command("revoke")
def revoke_key(
    which: Annotated[str, typer.Argument(metavar="NAME", help="The key's name, or its beginning.")], data: Data = None
) -> None:
    """Revoke a key: the next request with it is refused."""
    revoked = _ask(data, "revoke_key", which=which)
    out.print(f"Revoked {escape(revoked['name'])} ({revoked['prefix']}…).")


@webhooks_cli.command("list")
def list_webhooks(
    state: Annotated[State | None, typer.Option(help="Only those that are waiting, delivered or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 25,
    data: Data = None,
) -> None:
    """List the newest events and what became of them."""
    rows = _ask(data, "list_webhooks", state=state.value if state else None, limit=limit)
    table = Table("event", "job", "what", "to", "state", "tries", "", box=None, header_style="dim")
    for row in rows:
        cells = (row["id"], row["job_id"], row["event"], row["endpoint"], row["state"], str(row["attempts"]))
        table.add_row(*map(escape, cells), escape(row["problem"] or ""))
    tables.print(table if rows else "There are no events.")


@webhooks_cli.command("replay")
def replay_webhooks(
    event: Annotated[str | None, typer.Argument(help="The event's id.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Every event that has failed.")] = False,  # noqa: FBT002 - an option
    data: Data = None,
) -> None:
    """Send an event again, or every one that has failed."""
    if (event is None) != failed:
        raise InvalidCommand("Name one event, or give --failed.")
    count = _ask(data, "replay_webhooks", event_id=event)
    out.print(f"{count} to be sent again.")


def _check_platform(channel: str) -> None:
    """Refuse a channel of a platform that no adapter has: nothing would ever be posted there.

    Raises:
        InvalidCommand: there is no such platform; the text names those that there are.
    """
    from bot.app import ADAPTERS
    from bot.keys import parse_channel

    platform = parse_channel(channel).platform
    known = sorted({point.name for point in entry_points(group=ADAPTERS)} - _WITHOUT_CHANNELS)
    if platform not in known:
        raise InvalidCommand(f"There is no platform named {platform}. Name the channel of one of: {', '.join(known)}.")


def _when(moment: str | None) -> str:
    return "never" if moment is None else datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def _ask(data: Path | None, act: str, **arguments: Any) -> Any:
    set_up_logs(logging.WARNING)
    with closed_to_others():
        return asyncio.run(carry_out(read_settings(data_dir=data), act, arguments))


async def carry_out(settings: Settings, act: str, arguments: dict[str, Any]) -> Any:
    """Do what a command asks for: through the program where one runs on the data folder, else here.

    Raises:
        DataFolderBusy: a program has the folder and does not answer.
    """
    from bot.app import own_folder
    from bot.control import ask_running

    if settings.postgresql is not None:
        return await _here(settings, act, arguments)
    for _ in range(_TRIES):
        try:
            with own_folder(settings.data_dir):
                return await _here(settings, act, arguments)
        except DataFolderBusy:
            answer = await ask_running(settings.data_dir, act, arguments)
        if answer is not None:
            return answer[0]
        await asyncio.sleep(_BETWEEN_TRIES_S)  # it is starting, or stopping
    raise DataFolderBusy(f"The imaginebot that runs on {settings.data_dir} does not answer. Try again in a moment.")


async def _here(settings: Settings, act: str, arguments: dict[str, Any]) -> Any:
    from bot.acts import acts_on
    from bot.jobs.notifier import Webhooks
    from bot.keys import Keys
    from bot.storage.database import Database
    from bot.storage.store import Store

    async with await Database.open(settings.database) as database:
        store = Store(database)
        await store.migrate()
        return await acts_on(Keys(store), Webhooks(store))[act](**arguments)
