"""The team's jobs as a list: on the Home tab, and as the private answer to /jobs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, DividerBlock, HeaderBlock
from slack_sdk.models.views import View

from adapters.slack.blocks import (
    BUTTON_TEXT_LIMIT,
    aside,
    bar,
    cut,
    dicts,
    escaped,
    person,
    plain,
    said,
    thumbnail,
    typed,
)
from adapters.slack.presenter import picture_of, words_of
from bot.jobs.model import JobStatus, Requester
from bot.jobs.view import JobView

BOARD: Final = "board:"
"""How the action ids of a board begin."""

PAGE: Final = 8
"""Jobs on a page; with their buttons they stay well under the 50 blocks of a message."""

RUNNING: Final = 5
"""Jobs under way that are shown above the others."""

PROMPT_LIMIT: Final = 200
_STEPS_BACK = 25
"""Pages that can be gone back; the value of a button may have 2,000 characters."""


class Scope(StrEnum):
    """Whose jobs a board shows."""

    TEAM = "team"
    MINE = "mine"


@dataclass(frozen=True, kw_only=True)
class State:
    """What a board shows: whose jobs, and from where on; ``behind`` are the beginnings of the pages before."""

    scope: Scope = Scope.TEAM
    before: str | None = None
    behind: tuple[str | None, ...] = ()

    def to_text(self, job_id: str | None = None) -> str:
        """Write it for a button to carry along, with the job that the button is about."""
        return json.dumps([self.scope, self.before, list(self.behind[-_STEPS_BACK:]), job_id])

    @classmethod
    def of(cls, text: str) -> tuple[State, str | None]:
        """Read what a button carries along: the state, and the job."""
        try:
            scope, before, behind, job_id = json.loads(text)
            return cls(scope=Scope(scope), before=before, behind=tuple(behind)), job_id
        except (TypeError, ValueError):
            return cls(), None

    def older(self, before: str) -> State:
        """Give the page after this one."""
        return replace(self, before=before, behind=(*self.behind, self.before))

    def newer(self) -> State:
        """Give the page before this one."""
        return replace(self, before=self.behind[-1] if self.behind else None, behind=self.behind[:-1])


@dataclass(frozen=True, kw_only=True)
class Row:
    """A job on a board, with its picture at Slack and the address of its post, as far as there are any."""

    view: JobView
    file_id: str | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class Board:
    """A page of jobs for one person; ``next`` is where the next page begins."""

    state: State
    viewer: Requester
    running: Sequence[Row] = ()
    recent: Sequence[Row] = ()
    next: str | None = None


def home(board: Board) -> dict[str, Any]:
    """Give the Home tab."""
    return View(type="home", blocks=_blocks(board)).to_dict()


def message(board: Board) -> dict[str, Any]:
    """Give the private answer to /jobs."""
    return {"response_type": "ephemeral", "text": _summary(board), "blocks": dicts(_blocks(board))}


def _summary(board: Board) -> str:
    rows = [*board.running, *board.recent]
    if not rows:
        return "There are no jobs yet. Type /imagine and what you would like to see."
    lines = [f"{row.view.title}: {cut(words_of(row.view), 60)} ({row.view.state})" for row in rows]
    return escaped(cut("\n".join(lines), 3000))


def _blocks(board: Board) -> list[Block]:
    state = board.state
    they_have = "You have" if state.scope is Scope.MINE else "The team has"
    blocks: list[Block] = [
        HeaderBlock(text=plain("Your jobs" if state.scope is Scope.MINE else "What the team is making")),
        ActionsBlock(
            elements=[
                _button("imagine", "Imagine", state, style="primary", label="Ask for new pictures"),
                _button("team", "Team", State(), label="Show what the team is making"),
                _button("mine", "Mine", State(scope=Scope.MINE), label="Show what you have asked for"),
                _button("refresh", "Refresh", state, label="Look again"),
            ]
        ),
    ]
    if board.running:
        blocks += [said("*Under way*"), *_rows(board, board.running), DividerBlock()]
    blocks += _rows(board, board.recent)
    if not board.running and not board.recent:
        blocks += aside([f"{they_have} no jobs yet. Type /imagine and what you would like to see."])
    return [*blocks, *_paging(board)]


def _rows(board: Board, rows: Sequence[Row]) -> list[Block]:
    return [block for row in rows for block in _row(board, row)]


def _row(board: Board, row: Row) -> list[Block]:
    view = row.view
    picture = picture_of(view)
    shown = thumbnail(row.file_id, picture.alt) if row.file_id and picture is not None else None
    progress = f"{bar(view.progress or 0)} " if view.status is JobStatus.IN_PROGRESS else ""
    about = [
        f"*{escaped(view.title)}* by {person(view.requester)}",
        f"{progress}{escaped(view.error or view.state)}",
        f"<{row.link}|Show>" if row.link else "",
    ]
    words = cut(words_of(view), PROMPT_LIMIT)
    blocks: list[Block] = [typed(words if words.strip() else view.title, shown), *aside(about)]
    if buttons := _row_buttons(board, view):
        blocks.append(ActionsBlock(elements=buttons))
    return blocks


def _row_buttons(board: Board, view: JobView) -> list[ButtonElement]:
    """Give the buttons of a job: one to see what has no post to be led to, and one to stop what is one's own."""
    buttons = []
    if view.post_id is None:
        label = "Show this job to you alone"
        buttons.append(_button(f"show:{view.job_id}", "Show", board.state, job_id=view.job_id, label=label))
    if _own(view, board.viewer) and not view.status.ended:
        label = "Stop this job"
        name = f"cancel:{view.job_id}"
        buttons.append(_button(name, "Cancel", board.state, job_id=view.job_id, style="danger", label=label))
    return buttons


def _own(view: JobView, viewer: Requester) -> bool:
    return (view.requester.platform, view.requester.user_id) == (viewer.platform, viewer.user_id)


def _paging(board: Board) -> list[Block]:
    state = board.state
    buttons = []
    if state.before is not None:
        buttons.append(_button("newer", "Newer", state.newer(), label="Show newer jobs"))
    if board.next is not None:
        buttons.append(_button("older", "Older", state.older(board.next), label="Show older jobs"))
    return [DividerBlock(), ActionsBlock(elements=buttons)] if buttons else []


def _button(
    name: str, text: str, state: State, *, label: str, job_id: str | None = None, style: str | None = None
) -> ButtonElement:
    return ButtonElement(
        text=plain(text, BUTTON_TEXT_LIMIT),
        action_id=f"{BOARD}{name}",
        value=state.to_text(job_id),
        style=style,
        accessibility_label=cut(label, BUTTON_TEXT_LIMIT),
    )
