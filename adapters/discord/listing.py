"""The list of jobs, as one person sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord
from discord import ui

from adapters.discord.components import PAGE, SHOW, Knob
from adapters.discord.presenter import layout
from adapters.discord.wording import escaped
from bot.jobs.model import JobStatus
from bot.jobs.service import Listing
from bot.jobs.view import JobView

PAGE_SIZE = 6
_PROMPT_LIMIT = 200
_MARKS = {
    JobStatus.PENDING: "⏳",
    JobStatus.IN_PROGRESS: "🖌️",
    JobStatus.COMPLETED: "✅",
    JobStatus.FAILED: "⚠️",
    JobStatus.CANCELLED: "⛔",
}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which jobs are wanted, as it travels in a button: whose, and how they stand."""

    member: str = ""
    status: str = ""

    def page(self, before: str) -> str:
        """Give what the button of a page carries."""
        return f"{self.member}:{self.status}:{before}"

    @classmethod
    def read(cls, text: str) -> tuple[Filter, str | None]:
        """Read what ``page`` wrote, and where the page begins."""
        member, status, before = [*text.split(":"), "", "", ""][:3]
        return cls(member=member, status=status), before or None


def jobs_list(listing: Listing, where: Filter, *, links: Mapping[str, str], first: bool) -> ui.LayoutView:
    """Give a page of the list; ``links`` are the addresses of the jobs' messages, ``first`` says which page it is."""
    box: ui.Container[ui.LayoutView] = ui.Container(accent_colour=0x5865F2)
    box.add_item(ui.TextDisplay("### Jobs here"))
    for view in listing.views:
        button = Knob(SHOW, view.job_id, label="Show")
        box.add_item(ui.Section(ui.TextDisplay(_line(view, links.get(view.job_id))), accessory=button))
    if not listing.views:
        box.add_item(ui.TextDisplay("There is nothing here yet. `/imagine` makes something."))
    row: ui.ActionRow[ui.LayoutView] = ui.ActionRow()
    if not first:
        row.add_item(Knob(PAGE, where.page(""), label="Newest"))
    if listing.next is not None:
        row.add_item(Knob(PAGE, where.page(listing.next), label="Older", style=discord.ButtonStyle.primary))
    if row.children:
        box.add_item(row)
    return layout(box)


def _line(view: JobView, link: str | None) -> str:
    words = escaped(view.prompt, _PROMPT_LIMIT)
    where = f" · [post]({link})" if link else ""
    return (
        f"{_MARKS[view.status]} **{view.title}** · {escaped(view.state, 80)} · {escaped(view.requester.name, 40)}\n"
        f"{words}\n-# <t:{int(view.created_at.timestamp())}:R>{where}"
    )
