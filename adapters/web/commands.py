"""What people type into the composer, read as commands. Pure: nothing is looked up and nothing is done here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from bot import prompts
from bot.errors import InvalidCommand, InvalidPicture, InvalidPrompt
from bot.jobs import drafts
from bot.midjourney.schema import BLEND_MAX, BLEND_MIN

PICTURES_LIMIT = BLEND_MAX

_PICTURE_WEIGHT = "iw"

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_ANY_PICTURE = drafts.KeptPicture(digest="", width=1, height=1, content_type="image/png")
_LEADING_ADDRESSES = re.compile(r"(?:\s*https?://\S+(?=\s|$))*\s*", re.IGNORECASE)
_COMMAND = re.compile(r"/(\S*)\s*")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """A command as help and completion show it."""

    name: str
    arguments: str
    hint: str
    example: str


USAGES = (
    Usage(
        name="imagine",
        arguments="prompt",
        hint="Paint a grid of four pictures",
        example="/imagine a lighthouse at dusk --ar 3:2",
    ),
    Usage(
        name="describe",
        arguments="picture",
        hint="Get four prompts for a picture that you attach or link to",
        example="/describe https://example.org/picture.jpg",
    ),
    Usage(
        name="blend",
        arguments="pictures",
        hint=f"Mix {BLEND_MIN} to {BLEND_MAX} pictures into one",
        example="/blend --ar 1:1",
    ),
    Usage(name="jobs", arguments="", hint="See what the team is making", example="/jobs"),
    Usage(name="cancel", arguments="[all]", hint="Stop your latest job, or all of yours", example="/cancel"),
    Usage(name="help", arguments="", hint="Show what you can type", example="/help"),
)


@dataclass(frozen=True, kw_only=True)
class Say:
    """Plain words for the channel."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Imagine:
    """``/imagine``: paint ``prompt``, starting from an attached picture where ``attached`` is 1."""

    prompt: str
    attached: int = 0


@dataclass(frozen=True, kw_only=True)
class Describe:
    """``/describe``: the picture at ``address``, or the attached one where it is absent."""

    address: str | None = None


@dataclass(frozen=True, kw_only=True)
class Blend:
    """``/blend``: the attached pictures, then those at ``addresses``, with a prompt that may be empty."""

    addresses: tuple[str, ...] = ()
    prompt: str = ""


@dataclass(frozen=True, kw_only=True)
class ShowJobs:
    """``/jobs``."""


@dataclass(frozen=True, kw_only=True)
class Cancel:
    """``/cancel``: the job ``job_id``, everything of one's own where ``everything``, else one's latest job."""

    job_id: str | None = None
    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class Help:
    """``/help``."""


Command = Say | Imagine | Describe | Blend | ShowJobs | Cancel | Help


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the composer shows while somebody types: ways to go on, and what is wrong so far.

    Positions count characters of the whole text.
    """

    completions: tuple[prompts.Completion, ...]
    issues: tuple[prompts.Issue, ...]


def read(text: str, *, attached: int = 0) -> Command:
    """Read ``text``, typed with ``attached`` pictures beside it, as a command.

    Raises:
        InvalidCommand: there is no such command, or it misses something; the sentence says what it wants.
        InvalidPicture: there are too many pictures.
    """
    text = text.strip()
    if attached > PICTURES_LIMIT:
        raise InvalidPicture(f"You attached {attached} pictures. Please send at most {PICTURES_LIMIT} at a time.")
    if not text.startswith("/"):
        return _say(text, attached)
    name, rest = _split(text)
    match name:
        case "imagine":
            return _imagine(rest, attached)
        case "describe":
            return _describe(rest, attached)
        case "blend":
            return _blend(rest, attached)
        case "cancel":
            return _cancel(rest, attached)
        case "jobs" | "help":
            _no_pictures(name, attached)
            return ShowJobs() if name == "jobs" else Help()
        case _:
            raise InvalidCommand(_unknown(name))


def advise(text: str, cursor: int, *, attached: int = 0) -> Advice:
    """Say how ``text`` could go on at ``cursor``, and what is wrong with it, with ``attached`` pictures beside it."""
    head = _COMMAND.match(text)
    if head is None:
        return Advice(completions=(), issues=())
    if cursor <= head.end(1):
        return Advice(completions=_names(text[:cursor], head.end(1)), issues=())
    if head[1].lower() not in {"imagine", "blend"}:
        return Advice(completions=(), issues=())
    start, rest = head.end(), text[head.end() :]
    completions = prompts.complete(rest, max(0, cursor - start))
    issues = _blend_issues(rest) if head[1].lower() == "blend" else _imagine_issues(rest, attached)
    return Advice(
        completions=tuple(_moved_completion(completion, start) for completion in completions),
        issues=tuple(_moved_issue(issue, start) for issue in issues if not _being_typed(issue, rest, cursor - start)),
    )


def _imagine_issues(rest: str, attached: int) -> Sequence[prompts.Issue]:
    if not rest.strip():
        return ()
    prompt = prompts.parse(rest)
    # The grammar warns of a parameter that weighs a picture as it cannot see the one that is attached.
    weighing = {(each.start, each.end) for each in prompt.parameters if attached and each.name == _PICTURE_WEIGHT}
    return [
        issue
        for issue in prompt.issues
        if issue.level is prompts.Level.ERROR or issue.lost or (issue.start, issue.end) not in weighing
    ]


def _blend_issues(rest: str) -> Sequence[prompts.Issue]:
    """Give what the service would refuse of a blend's words, in its own sentence, and what the grammar finds in them."""
    addresses = _LEADING_ADDRESSES.match(rest)
    start = addresses.end() if addresses else 0
    words = rest[start:]
    if not words.strip().strip("-"):
        return ()
    prompt = prompts.parse(words)
    # "a" stands in for the words that a blend need not have, as it does when the blend is made.
    stand_in = "" if prompt.text else "a "
    issues = [_moved_issue(issue, -len(stand_in)) for issue in prompts.parse(f"{stand_in}{words}").issues]
    refusal = _refusal_of_blend(words)
    if refusal and all(issue.message != refusal for issue in issues):
        misplaced = [(each.start, each.end) for each in prompt.parameters if each.name != "ar"]
        issues = [issue for issue in issues if (issue.start, issue.end) not in misplaced]
        mend = "" if misplaced else None
        for begin, end in misplaced or [(0, len(words))]:
            issues.append(
                prompts.Issue(level=prompts.Level.ERROR, start=begin, end=end, message=refusal, replacement=mend)
            )
    return [_moved_issue(issue, start) for issue in issues]


def _refusal_of_blend(words: str) -> str | None:
    try:
        drafts.blend([_ANY_PICTURE] * BLEND_MIN, words)
    except InvalidPrompt as error:
        return str(error)
    return None


def _being_typed(issue: prompts.Issue, rest: str, cursor: int) -> bool:
    """Say whether an issue is only that its parameter has no value yet, with the cursor where the value goes."""
    return cursor >= len(rest) and issue.end == len(rest.rstrip()) and rest.endswith(" ") and cursor > issue.end


def _split(text: str) -> tuple[str, str]:
    head = _COMMAND.match(text)
    return ("", "") if head is None else (head[1].lower(), text[head.end() :])


def _say(text: str, attached: int) -> Say:
    if attached:
        raise InvalidCommand(
            "Pictures go with a command: /describe for one, /blend for two to five, or /imagine and a prompt to start "
            "from one."
        )
    if not text:
        raise InvalidCommand(
            "There is nothing to send yet. Type a message, or /imagine and what you would like to see."
        )
    return Say(text=text)


def _imagine(rest: str, attached: int) -> Imagine:
    if attached > 1:
        raise InvalidCommand(
            f"/imagine starts from one picture and you attached {attached}. Remove some, or mix them with /blend."
        )
    if not rest:
        raise InvalidCommand("/imagine wants a prompt, for example: /imagine a lighthouse at dusk --ar 3:2")
    return Imagine(prompt=rest, attached=attached)


def _describe(rest: str, attached: int) -> Describe:
    addresses = _ADDRESS.findall(rest)
    others = _ADDRESS.sub("", rest).strip()
    if attached + len(addresses) == 1 and not others:
        return Describe(address=addresses[0] if addresses else None)
    if attached + len(addresses) > 1:
        raise InvalidCommand("/describe looks at one picture at a time. Please leave just one.")
    if others and attached:
        raise InvalidCommand("/describe takes a picture and no words. Remove the words, or use /imagine for a prompt.")
    raise InvalidCommand("/describe wants a picture: attach one, drop or paste it here, or give its https:// address.")


def _blend(rest: str, attached: int) -> Blend:
    # An address that belongs to a parameter (--sref https://…) is part of the prompt, so only leading ones count.
    words = rest.split()
    count = next((place for place, word in enumerate(words) if not _ADDRESS.fullmatch(word)), len(words))
    found = attached + count
    if not BLEND_MIN <= found <= BLEND_MAX:
        have = "none yet" if found == 0 else f"{found}"
        raise InvalidCommand(
            f"/blend wants {BLEND_MIN} to {BLEND_MAX} pictures and has {have}. Attach, drop or paste them, or put their "
            "https:// addresses right after /blend."
        )
    prompt = rest
    for word in words[:count]:
        prompt = prompt.lstrip().removeprefix(word)
    return Blend(addresses=tuple(words[:count]), prompt=prompt.strip())


def _cancel(rest: str, attached: int) -> Cancel:
    _no_pictures("cancel", attached)
    match rest.split():
        case []:
            return Cancel()
        case [word] if word.lower() == "all":
            return Cancel(everything=True)
        case [word] if re.fullmatch(r"[0-9A-Za-z-]{8,64}", word):
            return Cancel(job_id=word)
        case _:
            raise InvalidCommand("/cancel stops your latest job; /cancel all stops all of yours.")


def _no_pictures(name: str, attached: int) -> None:
    if attached:
        raise InvalidCommand(f"/{name} takes no pictures. Please remove them.")


def _unknown(name: str) -> str:
    names = [usage.name for usage in USAGES]
    known = ", ".join(f"/{each}" for each in names)
    if not name:
        return f"The slash wants a command after it: {known}."
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"There is no /{name[:32]}. Did you mean /{near[0]}?"
    return f"There is no /{name[:32]}. You can type {known}."


def _names(typed: str, end: int) -> tuple[prompts.Completion, ...]:
    wanted = typed.removeprefix("/").lower()
    return tuple(
        prompts.Completion(
            start=0,
            end=end,
            insert=f"/{usage.name}{' ' if usage.arguments else ''}",
            label=f"/{usage.name}",
            hint=usage.hint,
        )
        for usage in USAGES
        if usage.name.startswith(wanted)
    )


def _moved_completion(completion: prompts.Completion, start: int) -> prompts.Completion:
    return prompts.Completion(
        start=completion.start + start,
        end=completion.end + start,
        insert=completion.insert,
        label=completion.label,
        hint=completion.hint,
    )


def _moved_issue(issue: prompts.Issue, by: int) -> prompts.Issue:
    return replace(issue, start=max(0, issue.start + by), end=max(0, issue.end + by))
