"""The one kind of button that the bot sends: what it does stands in its custom id, and nowhere else.

A single pattern is registered once, so a button works on a message of any age and after any restart. Views are sent as
finished: the library then keeps nothing of them, and none can take the pattern with it when it times out.
"""

from __future__ import annotations

import re
from typing import Any, Protocol, Self

import discord
from discord import ui

PRESS = "press"
"""Do what the button with this id says; the id is that of a row."""
OPEN = "open"
"""Give the address of a job's picture."""
SHOW = "show"
"""Show a job to the one who asks."""
PAGE = "page"
"""Turn to a page of the list of jobs: ``member:status:before``."""

CUSTOM_ID_LIMIT = 100
"""Characters, by Discord's documentation; the library does not check it."""

TEMPLATE = re.compile(r"ib:(?P<verb>[a-z]+):(?P<rest>[\w:-]*)")


class Taker(Protocol):
    """Who takes presses: the client's ``presses``."""

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, rest: str) -> None:
        """Do what a button says."""
        ...


class Knob(ui.DynamicItem[ui.Button[Any]], template=TEMPLATE):
    """A button that carries its meaning in its custom id."""

    def __init__(
        self,
        verb: str,
        rest: str,
        *,
        label: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        emoji: str | None = None,
    ) -> None:
        """Make the button.

        Raises:
            ValueError: what it carries is longer than Discord takes.
        """
        custom_id = f"ib:{verb}:{rest}"
        if len(custom_id) > CUSTOM_ID_LIMIT:
            raise ValueError(f"a custom id has at most {CUSTOM_ID_LIMIT} characters: {custom_id}")
        super().__init__(ui.Button(label=label, style=style, emoji=emoji, custom_id=custom_id))
        self.verb = verb
        self.rest = rest

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Read the button off a message."""
        return cls(match["verb"], match["rest"], label="-")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press over."""
        taker: Taker = interaction.client.presses
        await taker.pressed(interaction, self.verb, self.rest)
