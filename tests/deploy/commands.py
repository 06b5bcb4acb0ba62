"""The commands of imaginebot, as files and texts name them."""

from __future__ import annotations

import click
from typer.main import get_command

from bot.cli import cli


def runs(words: list[str]) -> bool:
    """Say whether ``imaginebot`` has the command that ``words`` begin with, and each option among them."""
    command = get_command(cli)
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.commands.get(rest[0])
        if found is None:
            return False
        command = found
        rest.pop(0)
    options = {name for parameter in command.params for name in parameter.opts}
    return all(word.partition("=")[0] in options for word in rest if word.startswith("--"))
