"""``imaginebot discord …``. The library is imported only once a command runs."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

cli = typer.Typer(help="The bot on Discord.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)


@cli.callback()
def discord() -> None:
    """Do things about the bot on Discord."""


@cli.command()
def invite(
    application: Annotated[
        int | None, typer.Option(min=1, help="The application's id; without it Discord is asked, by DISCORD_TOKEN.")
    ] = None,
) -> None:
    """Print the address that puts the bot on a server, with the scopes and permissions that it needs."""
    from adapters.discord.doctor import application_id
    from adapters.discord.permissions import invite_url
    from bot.config import read_settings

    out.print(invite_url(application or asyncio.run(application_id(read_settings()))), soft_wrap=True)
