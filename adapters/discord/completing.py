"""What is offered while somebody types: own recent prompts, parameters, and jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from discord.app_commands import Choice

from adapters.discord.places import PLATFORM
from adapters.discord.wording import shortened
from bot import prompts
from bot.jobs.model import JobFilter, JobStatus, Requester
from bot.jobs.view import JobView

if TYPE_CHECKING:
    from bot.jobs.service import JobService

CHOICES_LIMIT = 25
CHOICE_LIMIT = 100
"""Choices, and characters of each, by Discord's documentation."""

RECENT_LIMIT = 50
ALL = "all"
"""Stands for every job of one's own that has not ended."""

_LIVE = (JobStatus.PENDING, JobStatus.IN_PROGRESS)
_RECENT_MARK = "↺ "
_DIGEST_LENGTH = 16


async def prompts_for(service: JobService, requester: Requester, typed: str) -> list[Choice[str]]:
    """Offer ways to go on with a prompt: parameters after two dashes, else own recent prompts that hold the words."""
    found = [_completed(typed, each) for each in prompts.complete(typed, len(typed)) if each.insert]
    choices = [Choice(name=text, value=text) for text in found if len(text) <= CHOICE_LIMIT]
    wanted = typed.strip().lower()
    for prompt in await service.recent_prompts(requester, RECENT_LIMIT):
        if wanted in prompt.lower() and prompt != typed:
            short = len(prompt) <= CHOICE_LIMIT
            value = prompt if short else f"{_RECENT_MARK}{_digest(prompt)}"
            choices.append(Choice(name=shortened(" ".join(prompt.split()), CHOICE_LIMIT) or "…", value=value))
    return choices[:CHOICES_LIMIT]


async def prompt_of(service: JobService, requester: Requester, typed: str) -> str:
    """Give the prompt that was chosen: a long recent one travels as a mark."""
    if not typed.startswith(_RECENT_MARK):
        return typed
    wanted = typed.removeprefix(_RECENT_MARK)
    recent = await service.recent_prompts(requester, RECENT_LIMIT)
    return next((prompt for prompt in recent if _digest(prompt) == wanted), typed)


async def jobs_for(service: JobService, requester: Requester, typed: str, *, live: bool = False) -> list[Choice[str]]:
    """Offer one's own jobs, the newest first; with ``live`` only those that can be cancelled."""
    where = JobFilter(
        platform=PLATFORM,
        workspace=requester.workspace,
        user_id=requester.user_id,
        statuses=_LIVE if live else (),
    )
    listing = await service.list(where, limit=CHOICES_LIMIT * 2)
    wanted = typed.strip().lower()
    found = [view for view in listing.views if wanted in _label(view).lower() or wanted in view.job_id]
    choices = [Choice(name=_label(view), value=view.job_id) for view in found[: CHOICES_LIMIT - 1]]
    if live and len(found) > 1:
        choices.insert(0, Choice(name="All of mine", value=ALL))
    return choices


def values_for(typed: str, values: Iterable[str]) -> list[Choice[str]]:
    """Offer fixed values, and what was typed itself."""
    typed = typed.strip()
    found = [value for value in values if value.startswith(typed)]
    return [Choice(name=value, value=value) for value in ([typed] if typed and typed not in found else []) + found]


def _completed(typed: str, completion: prompts.Completion) -> str:
    return f"{typed[: completion.start]}{completion.insert}{typed[completion.end :]}".strip()


def _label(view: JobView) -> str:
    words = " ".join(view.prompt.split())
    return shortened(f"{view.state}: {view.title}{' – ' if words else ''}{words}", CHOICE_LIMIT)


def _digest(prompt: str) -> str:
    return hashlib.sha256(prompt.encode()).hexdigest()[:_DIGEST_LENGTH]
