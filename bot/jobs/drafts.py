"""What a job is to be, before it is one: commands and presses turned into requests for the image service. Pure."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.errors import InvalidPicture, InvalidPrompt, NotReady
from bot.jobs.model import (
    GRID_TYPES,
    INHERITED,
    Action,
    Job,
    JobStatus,
    JobType,
    Picture,
    PictureRole,
    Source,
    Submission,
)
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN, SEED_LIMIT, wire
from bot.prompts import Prompt, blocked_words, expand, parse, to_request


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """A picture that we hold: its blob's digest, size in pixels and content type."""

    digest: str
    width: int
    height: int
    content_type: str


@dataclass(frozen=True, kw_only=True)
class NamedPicture:
    """A picture that has still to be fetched from the address that a program named; the job waits for it."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A job that has still to be written. The fields are those of ``Job``; ``inputs`` are pictures it starts from."""

    type: JobType
    action: Action
    prompt: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    parent_id: str | None = None
    image_index: int | None = None
    origin_id: str | None = None
    seed: int | None = None
    inputs: tuple[KeptPicture | NamedPicture, ...] = ()

    def job(self, job_id: str, source: Source, now: datetime) -> Job:
        """Give the job that this draft becomes, waiting to be sent."""
        return Job(
            id=job_id,
            type=self.type,
            action=self.action,
            status=JobStatus.PENDING,
            submission=Submission.WAITING,
            progress=0,
            revision=0,
            prompt=self.prompt,
            request=self.request,
            requester=source.requester,
            conversation=source.conversation,
            created_at=now,
            updated_at=now,
            parent_id=self.parent_id,
            image_index=self.image_index,
            origin_id=self.origin_id,
            seed=self.seed,
        )

    def input_pictures(self, job_id: str) -> tuple[Picture, ...]:
        """Give the inputs as pictures of the job."""
        return tuple(
            Picture(job_id=job_id, role=PictureRole.INPUT, position=position, **_known(each))
            for position, each in enumerate(self.inputs, start=1)
        )


def _known(picture: KeptPicture | NamedPicture) -> dict[str, Any]:
    if isinstance(picture, NamedPicture):
        return {"source_url": picture.url}
    return asdict(picture)


def clean(text: str) -> str:
    """Leave out what no table and no service can take: control characters and halves of surrogate pairs."""
    if text.isprintable():
        return text.strip()
    kept = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
    return kept.strip()


def imagine(text: str, *, blocked: Sequence[str] = (), reference: KeptPicture | None = None, cap: int) -> list[Draft]:
    """Draft what ``/imagine`` asks for: several jobs for permutations and ``--repeat``, ``cap`` at the most.

    Raises:
        InvalidPrompt: there is nothing to imagine, or it cannot be sent as it stands.
    """
    text = clean(text)
    if not text:
        raise InvalidPrompt("Say what to imagine, for example: /imagine a lighthouse at dusk --ar 3:2")
    return [_imagine_one(one, Action.IMAGINE, blocked, reference) for one in expand(text, cap=cap)]


def imagine_this(description: Job, index: int, *, blocked: Sequence[str] = ()) -> Draft:
    """Draft an imagine of one of a description's prompts."""
    draft = _imagine_one(description.prompts[index - 1], Action.IMAGINE_THIS, blocked, None)
    return replace(draft, origin_id=description.id)


def _imagine_one(text: str, action: Action, blocked: Sequence[str], reference: KeptPicture | None) -> Draft:
    varying = action is Action.VARY
    request = _imagine_request(parse(text), blocked, has_picture=reference is not None, varying=varying)
    if varying and (address := request.pop("image_url", None)):
        # The picture that is varied comes first, so the one that the prompt began with stays in the text.
        request["prompt"] = f"{address} {request['prompt']}"
    seed = request["seed"] = _seed_of(request)
    return Draft(
        type=JobType.IMAGINE,
        action=action,
        prompt=text,
        request=request,
        seed=seed,
        inputs=(reference,) if reference else (),
    )


def _imagine_request(
    prompt: Prompt, blocked: Sequence[str], *, has_picture: bool, varying: bool = False
) -> dict[str, Any]:
    if found := blocked_words(prompt.source, blocked):
        raise InvalidPrompt(f"The admin here does not allow “{found[0]}” in a prompt. Please put it another way.")
    request = wire(to_request(prompt))
    if has_picture and "image_url" in request and not varying:
        raise InvalidPrompt("Give one reference picture: either attach it or put its address first, not both.")
    return request


def _seed_of(request: dict[str, Any]) -> int:
    seed = request.get("seed")
    return new_seed() if seed is None else int(seed)


def new_seed() -> int:
    """Draw a seed for a job whose author has chosen none."""
    # The limit is all ones, so that no draw goes past it.
    return random.getrandbits(SEED_LIMIT.bit_length())


def describe(picture: KeptPicture, *, origin_id: str | None = None) -> Draft:
    """Draft a description of a picture."""
    return Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(picture,), origin_id=origin_id)


def blend(pictures: Sequence[KeptPicture], text: str, *, blocked: Sequence[str] = ()) -> Draft:
    """Draft a blend of two to five pictures, guided by ``text``, which may hold ``--ar``.

    Raises:
        InvalidPicture: too few or too many pictures.
        InvalidPrompt: the text cannot be sent as it stands.
    """
    if not BLEND_MIN <= len(pictures) <= BLEND_MAX:
        raise InvalidPicture(f"A blend takes {BLEND_MIN} to {BLEND_MAX} pictures; you gave {len(pictures)}.")
    text = clean(text)
    request = blend_request(text, blocked=blocked) if text else {}
    return Draft(type=JobType.BLEND, action=Action.BLEND, prompt=text, request=request, inputs=tuple(pictures))


def blend_request(text: str, *, blocked: Sequence[str] = ()) -> dict[str, Any]:
    """Give the fields of a blend that its text stands for: prompt and aspect ratio, where it has them.

    Raises:
        InvalidPrompt: the text cannot be sent as it stands.
    """
    # "a" stands in for the words that an imagine must have and a blend need not.
    prompt = parse(text)
    if others := [f"--{each.name}" for each in prompt.parameters if each.name != "ar"]:
        raise InvalidPrompt(f"A blend takes words and --ar, and nothing else. Please leave out {', '.join(others)}.")
    full = _imagine_request(prompt if prompt.text else parse(f"a {text}"), blocked, has_picture=False)
    if "image_url" in full:
        raise InvalidPrompt("Attach the pictures of a blend or name their addresses; they do not go into the prompt.")
    request = {"prompt": full["prompt"]} if prompt.text else {}
    if prompt.parameter("ar"):
        request["aspect_ratio"] = full["aspect_ratio"]
    return request


def upscale(parent: Job, index: int) -> Draft:
    """Draft the upscale of a picture of a grid.

    Raises:
        NotReady: the parent has no grid, or not yet, or no such picture.
    """
    _need_grid(parent)
    _need_index(index)
    return Draft(
        type=JobType.UPSCALE,
        action=Action.UPSCALE,
        prompt=parent.prompt,
        request={"index": index, INHERITED: parent.parameters},
        parent_id=parent.id,
        image_index=index,
        seed=parent.seed,
    )


def vary(
    parent: Job, index: int, *, prompt: str | None, picture: KeptPicture | None, blocked: Sequence[str] = ()
) -> Draft:
    """Draft a variation of a picture of a grid, or, with an edited prompt, an imagine that starts from it.

    The contract's variation takes no prompt, so an edited one becomes an imagine with the chosen ``picture`` as its
    reference; it stays a variation of its parent in what is shown.

    Raises:
        NotReady: the parent has no grid, or not yet, or no such picture.
        InvalidPrompt: the edited prompt cannot be sent as it stands.
    """
    _need_grid(parent)
    _need_index(index)
    edited = None if prompt is None else clean(prompt)
    if edited is None or edited == parent.prompt:
        return Draft(
            type=JobType.VARIATION,
            action=Action.VARY,
            prompt=parent.prompt,
            request={"index": index, INHERITED: _without(parent.parameters, "seed")},
            parent_id=parent.id,
            image_index=index,
        )
    draft = remix(edited, picture=picture, blocked=blocked)
    if picture is None:
        raise NotReady("This picture is not kept here, so its prompt cannot be edited. A plain variation works.")
    return replace(draft, parent_id=parent.id, image_index=index)


def remix(text: str, *, picture: KeptPicture | None = None, blocked: Sequence[str] = ()) -> Draft:
    """Draft the one grid that an edited prompt makes of a picture.

    Raises:
        InvalidPrompt: the prompt is empty, stands for several, or cannot be sent as it stands.
    """
    text = clean(text)
    if not text:
        raise InvalidPrompt("The prompt is empty. Write what to change, or send it unedited for a plain variation.")
    if parse(text).parameter("r"):
        raise InvalidPrompt("A remix makes one grid at a time; leave --repeat out, and remix again for another one.")
    return _imagine_one(text, Action.VARY, blocked, picture)


def _without(parameters: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in parameters.items() if each != name}


def _need_grid(parent: Job) -> None:
    if parent.type not in GRID_TYPES:
        raise NotReady("Only a picture of a grid can be upscaled or varied, and this job has no grid.")
    if parent.status is not JobStatus.COMPLETED:
        raise NotReady("This grid is not finished, so there is nothing to upscale or vary yet.")


def _need_index(index: int) -> None:
    if index not in {1, 2, 3, 4}:
        raise NotReady("A grid has the pictures 1 to 4, from top left to bottom right. Please name one of them.")


def reroll(job: Job, inputs: tuple[KeptPicture | NamedPicture, ...]) -> Draft:
    """Draft the same request again with a new seed."""
    _need_grid(job)
    draft = _again(job, Action.REROLL, inputs)
    if job.type is not JobType.IMAGINE:
        return draft
    seed = new_seed()
    return replace(draft, prompt=_without_seed(job.prompt), request=job.request | {"seed": seed}, seed=seed)


def _without_seed(text: str) -> str:
    prompt = parse(text)
    if prompt.parameter("seed") is None:
        return text
    kept = tuple(parameter for parameter in prompt.parameters if parameter.name != "seed")
    return str(replace(prompt, parameters=kept))


def retry(job: Job, inputs: tuple[KeptPicture | NamedPicture, ...]) -> Draft:
    """Draft the very same request again.

    Raises:
        NotReady: the job has not failed and was not cancelled.
    """
    if job.status not in {JobStatus.FAILED, JobStatus.CANCELLED}:
        raise NotReady("This job has not failed, so there is nothing to try again.")
    return _again(job, Action.RETRY, inputs)


def _again(job: Job, action: Action, inputs: tuple[KeptPicture | NamedPicture, ...]) -> Draft:
    return Draft(
        type=job.type,
        action=action,
        prompt=job.prompt,
        request=job.request,
        parent_id=job.parent_id,
        image_index=job.image_index,
        origin_id=job.id,
        seed=job.seed,
        inputs=inputs,
    )
