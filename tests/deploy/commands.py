"""The commands of imaginebot, as files and texts name them."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from typer.main import get_command

from bot.cli import COMMANDS, cli


def runs(words: list[str]) -> bool:
    """Say whether ``imaginebot`` has the command that ``words`` begin with, and each option among them."""
    rest = list(words)
    command: Any = get_command(cli)
    adapters = {point.name: point for point in entry_points(group=COMMANDS)}
    if rest[0] in adapters:
        command = get_command(adapters[rest.pop(0)].load())
    while rest and not rest[0].startswith("-") and hasattr(command, "commands"):
        if rest[0] not in command.commands:
            return False
        command = command.commands[rest.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    return all(word.partition("=")[0] in options for word in rest if word.startswith("--"))
