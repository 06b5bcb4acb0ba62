"""What a request asks of the painter: order, parameters and place in the queue; and what is refused at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from bot.engine.orders import GENERATIONS_LIMIT, Sheet, StoredOrder
from bot.engine.records import JobRecord
from bot.engine.store import NewJob
from bot.errors import UpstreamRejected
from bot.midjourney.schema import (
    BlendRequest,
    DescribeRequest,
    ImagineRequest,
    JobStatus,
    JobType,
    Parameters,
    ProcessMode,
    UpscaleRequest,
    VariationRequest,
)
from bot.prompts import blocked_words, understood

LONGEST_RATIO = 14
"""A side may be this many times the other, as on the service."""

_RANKS = {ProcessMode.TURBO: 0, ProcessMode.FAST: 1, ProcessMode.RELAX: 2}
_WITH_GRID = {JobType.IMAGINE, JobType.VARIATION, JobType.BLEND}


def check_words(prompt: str | None, words: Iterable[str]) -> None:
    """Refuse a prompt that holds one of ``words``.

    Raises:
        UpstreamRejected: with the code ``blocked_prompt`` and the word.
    """
    if found := blocked_words(prompt or "", words):
        raise UpstreamRejected(
            "blocked_prompt", f'The word "{found[0]}" is not allowed here. Please change the prompt.'
        )


def imagine(request: ImagineRequest) -> NewJob:
    """Give the job of an imagine; it keeps its prompt as typed, and the painter gets it as understood.

    Raises:
        UpstreamRejected: the aspect ratio cannot be painted.
    """
    typed, request = request.prompt, understood(request)
    ratio = parse_ratio(request.aspect_ratio)

    def draft(drawn: int) -> tuple[StoredOrder, Parameters]:
        seed = drawn if request.seed is None else request.seed
        version = None if request.model_version is None else request.model_version.value
        sheet = Sheet(
            prompt=request.prompt,
            aspect_ratio=ratio,
            model_version=version,
            quality=request.quality.value,
            stylize=request.stylize,
            chaos=request.chaos,
            seed=seed,
            no=request.no,
            pictures=() if request.image_url is None else (str(request.image_url),),
        )
        parameters = Parameters(
            aspect_ratio=request.aspect_ratio,
            model_version=version,
            process_mode=request.process_mode,
            quality=request.quality.value,
            stylize=request.stylize,
            chaos=request.chaos,
            seed=seed,
            no=request.no,
        )
        return StoredOrder.of(sheet), parameters

    return NewJob(
        type=JobType.IMAGINE,
        mode_rank=_RANKS[request.process_mode],
        prompt=typed,
        draft=draft,
        **_common(request),
    )


def blend(request: BlendRequest, pictures: tuple[str, ...]) -> NewJob:
    """Give the job of a blend of ``pictures``, names of kept files or addresses.

    Raises:
        UpstreamRejected: the aspect ratio cannot be painted.
    """
    ratio = parse_ratio(request.aspect_ratio or "1:1")

    def draft(drawn: int) -> tuple[StoredOrder, Parameters]:
        sheet = Sheet(prompt=request.prompt or "", aspect_ratio=ratio, seed=drawn, pictures=pictures, blend=True)
        return StoredOrder.of(sheet), Parameters(aspect_ratio=request.aspect_ratio or "1:1", seed=drawn)

    return NewJob(
        type=JobType.BLEND,
        mode_rank=_RANKS[ProcessMode.FAST],
        prompt=request.prompt,
        draft=draft,
        **_common(request),
    )


def describe(request: DescribeRequest, picture: str) -> NewJob:
    """Give the job of a describe of ``picture``, the name of a kept file or an address."""

    def draft(_: int) -> tuple[StoredOrder, None]:
        return StoredOrder.of(Sheet(prompt="", pictures=(picture,))), None

    return NewJob(
        type=JobType.DESCRIBE, mode_rank=_RANKS[ProcessMode.FAST], prompt=None, draft=draft, **_common(request)
    )


def upscale(request: UpscaleRequest, parent: JobRecord) -> NewJob:
    """Give the job of an upscale: the parent's own order, at another size.

    Raises:
        UpstreamRejected: the parent has no grid, or none yet.
    """
    _check_parent(parent)
    return _child(JobType.UPSCALE, request, parent, lambda _: (parent.order, parent.parameters))


def variation(request: VariationRequest, parent: JobRecord) -> NewJob:
    """Give the job of a variation: a new order that knows the parent's.

    Raises:
        UpstreamRejected: the parent has no grid, or none yet, or too many ancestors.
    """
    _check_parent(parent)
    if len(parent.order.sheets) > GENERATIONS_LIMIT:
        raise UpstreamRejected(
            "invalid_parent",
            f"This picture is a variation of a variation {GENERATIONS_LIMIT} times over. Please imagine a new one.",
        )

    def draft(drawn: int) -> tuple[StoredOrder, Parameters]:
        parameters = (parent.parameters or Parameters()).model_copy(update={"seed": drawn})
        return parent.order.varied(index=request.index, seed=drawn), parameters

    return _child(JobType.VARIATION, request, parent, draft)


def parse_ratio(text: str) -> tuple[int, int]:
    """Read "3:2".

    Raises:
        UpstreamRejected: a side is 0, or one is more than ``LONGEST_RATIO`` times the other.
    """
    width, height = (int(side) for side in text.split(":"))
    if 0 in {width, height} or max(width, height) > LONGEST_RATIO * min(width, height):
        raise UpstreamRejected(
            "invalid_aspect_ratio",
            f"The aspect ratio {text} cannot be painted; choose one between {LONGEST_RATIO}:1 and 1:{LONGEST_RATIO}.",
        )
    return width, height


def _check_parent(parent: JobRecord) -> None:
    if parent.type not in _WITH_GRID:
        raise UpstreamRejected(
            "invalid_parent",
            f"A job of the type {parent.type} has no grid to choose from; choose an imagine, variation or blend.",
        )
    if parent.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        raise UpstreamRejected("invalid_parent", f"That job has {_ENDS[parent.status]}, so it has no pictures.")
    if parent.status is not JobStatus.COMPLETED:
        raise UpstreamRejected("job_not_ready", "That job's pictures are not ready yet. Please wait until it is done.")


_ENDS = {JobStatus.FAILED: "failed", JobStatus.CANCELLED: "been cancelled"}


def _child(kind: JobType, request: UpscaleRequest | VariationRequest, parent: JobRecord, draft: Any) -> NewJob:
    return NewJob(
        type=kind,
        mode_rank=parent.mode_rank,
        prompt=parent.prompt,
        draft=draft,
        parent_id=parent.id,
        image_index=request.index,
        **_common(request),
    )


def _common(request: Any) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "webhook_url": None if request.webhook_url is None else str(request.webhook_url),
        "webhook_type": request.webhook_type,
    }
