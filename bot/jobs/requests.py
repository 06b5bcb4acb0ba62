"""Requests of programs, in the form of the contract, as drafts of jobs. Pure.

Parameters that stand in a prompt become fields, as in the chats; a field that was given on its own wins.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from bot.errors import NotReady, UpstreamRejected
from bot.jobs.drafts import Draft, KeptPicture, NamedPicture, blend_request, new_seed
from bot.jobs.model import GRID_TYPES, Action, Hook, Job, JobStatus, JobType
from bot.midjourney.schema import BlendRequest, ImagineRequest, wire
from bot.midjourney.sending import is_plainly_private
from bot.prompts import blocked_words

LONGEST_RATIO = 14
"""A side may be this many times the other, as the image service has it."""

_HOOK_FIELDS = {"webhook_url", "webhook_type"}
_REPLACEMENT = "\ufffd"


def imagine(request: ImagineRequest, *, typed: str, reference: KeptPicture | None, blocked: Sequence[str]) -> Draft:
    """Draft an imagine of a request as understood; ``typed`` is the prompt as it came.

    ``reference`` stands for an ``image_url`` that led to a picture of ours.

    Raises:
        UpstreamRejected: it holds a blocked word, or the aspect ratio cannot be painted.
    """
    prompt = printable(typed)
    _check_words(prompt, blocked)
    check_ratio(request.aspect_ratio)
    seed = new_seed() if request.seed is None else request.seed
    sent = _sent(request) | {"prompt": printable(request.prompt), "seed": seed}
    if reference is not None:
        del sent["image_url"]
    return Draft(
        type=JobType.IMAGINE,
        action=Action.IMAGINE,
        prompt=prompt,
        request=sent,
        seed=seed,
        inputs=(reference,) if reference else (),
    )


def describe(picture: KeptPicture | NamedPicture) -> Draft:
    """Draft a description."""
    return Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(picture,))


def blend(request: BlendRequest, pictures: Sequence[KeptPicture | NamedPicture], *, blocked: Sequence[str]) -> Draft:
    """Draft a blend of ``pictures``, which stand for those of the request.

    Raises:
        InvalidPrompt: the prompt has a mistake, stands for several, or holds what a blend has no field for.
        UpstreamRejected: the prompt holds a blocked word, or the aspect ratio cannot be painted.
    """
    prompt = printable(request.prompt or "")
    _check_words(prompt, blocked)
    meant = blend_request(prompt) if prompt.strip() else {}
    sent = meant | _sent(request, "images", "prompt")
    check_ratio(sent.get("aspect_ratio", "1:1"))
    return Draft(type=JobType.BLEND, action=Action.BLEND, prompt=prompt, request=sent, inputs=tuple(pictures))


def check_parent(parent: Job, *, settled: bool) -> None:
    """Refuse a job that has no picture to upscale or vary; ``settled`` says whether its pictures are there.

    Raises:
        UpstreamRejected: it never had a grid, or will not have one.
        NotReady: it has none yet.
    """
    if parent.type not in GRID_TYPES:
        raise UpstreamRejected(
            "invalid_parent",
            f"A job of the type {parent.type} has no grid to choose from; choose an imagine, variation or blend.",
        )
    if parent.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        ended = "failed" if parent.status is JobStatus.FAILED else "been cancelled"
        raise UpstreamRejected("invalid_parent", f"That job has {ended}, so it has no pictures.")
    if parent.status is not JobStatus.COMPLETED or not settled:
        raise NotReady("That job's pictures are not ready yet. Please wait until it is done.")


def check_hook(hook: Hook, origins: Sequence[str]) -> None:
    """Refuse an address that nothing would ever be sent to; ``origins`` may be private.

    Raises:
        UpstreamRejected: it is plainly a private one.
    """
    if is_plainly_private(hook.url, trusted_origins=origins):
        raise UpstreamRejected(
            "invalid_webhook_url",
            "webhook_url is not on the public internet, so nothing is sent there. Give a public address, or ask the admin "
            "to name this one in IMAGINEBOT_WEBHOOK_ORIGINS.",
        )


def check_ratio(text: str) -> None:
    """Refuse an aspect ratio that nobody can paint.

    Raises:
        UpstreamRejected: a side is 0, or one is more than ``LONGEST_RATIO`` times the other.
    """
    width, height = (int(side) for side in text.split(":"))
    if 0 in {width, height} or max(width, height) > LONGEST_RATIO * min(width, height):
        raise UpstreamRejected(
            "invalid_aspect_ratio",
            f"The aspect ratio {text} cannot be painted; choose one between {LONGEST_RATIO}:1 and 1:{LONGEST_RATIO}.",
        )


def printable(text: str) -> str:
    """Put a mark in the place of what no table and no page can take: control characters, save tabs and line ends."""
    if text.isprintable():
        return text
    return "".join(
        _REPLACEMENT if unicodedata.category(sign) == "Cc" and sign not in "\n\r\t" else sign for sign in text
    )


def _check_words(prompt: str, blocked: Sequence[str]) -> None:
    if found := blocked_words(prompt, blocked):
        raise UpstreamRejected(
            "blocked_prompt", f"The admin here does not allow “{found[0]}” in a prompt. Please put it another way."
        )


def _sent(request: ImagineRequest | BlendRequest, *without: str) -> dict[str, Any]:
    return {name: value for name, value in wire(request).items() if name not in _HOOK_FIELDS | {*without}}
