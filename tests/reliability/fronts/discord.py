"""Discord as the way in: a small Discord of our own stays, while the program on it is killed and started again.

Discord hands no event out a second time. Who gets no answer within three seconds does it anew, by another event; what
came of the first nobody counts on, but it must end well all the same. A "thinking" is an answer to a wish that is kept.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from adapters.discord import notices
from bot.errors import ButtonNotFound
from bot.headlines import HEADLINES
from tests.adapters.discord.conformance import PRESS, as_read, pressable
from tests.fakes.discord import Answer, Channel, Discord, Member, Message, NoAnswer
from tests.fakes.engines import png
from tests.reliability import scenarios
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Scenario, Seen, Shown, Visitor, status_in
from tests.reliability.processes import ask_as_admin

WISHES_WITHIN_S = 120.0
"""Seconds after the last start within which every "thinking" has come to its end."""

SLOW_FILE_S = 1.8
"""Longer than the program waits for a picture before it shows that it is thinking."""

_GRIDS = ("Imagine", "Reroll", "Variation", "Blend")
_DONE = (notices.there_already(None), notices.there_already("h")[:20], notices.stopping(1))
"""How a private answer begins that is no refusal: the job exists, or is being stopped."""

_JOB = re.compile(r"job ([0-9a-f-]{36})")
_PROMPT = re.compile(r"^\*\*(.*)\*\*", re.MULTILINE)


class DiscordFront:
    """A server with one channel."""

    module = "bot"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4}
    unfinished: Sequence[str] = ("discord_events WHERE wish IS NOT NULL",)

    def __init__(self, data: Path, discord: Discord, channel: Channel) -> None:
        """The program's data folder is ``data``."""
        self.discord = discord
        self.channel = channel
        self._data = data
        self.wishes: dict[str, Answer] = {}
        self.environment: Mapping[str, str] = {
            "DISCORD_TOKEN": discord.token,
            "IMAGINEBOT_DISCORD_API_URL": discord.api_url,
            "IMAGINEBOT_DISCORD_GATEWAY_URL": discord.gateway_url,
        }

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        self._ledger = ledger
        return Guest(self, ledger, name, self._data)

    async def look_at_the_end(self, url: str) -> None:
        """Wait for every wish, also of whoever has gone meanwhile, and take a refusal that was told for one."""
        with suppress(TimeoutError):  # what still waits then counts as lost
            async with asyncio.timeout(WISHES_WITHIN_S):
                while any(_waits(answer) for answer in self.wishes.values()):  # noqa: ASYNC110 - messages send no events
                    await asyncio.sleep(PAUSE_S)
        for key, answer in self.wishes.items():
            if _is_refused(answer) and key in self._ledger.jobs:
                self._ledger.deny(key)

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        # What still says that it is thinking is shown of no job; a call by name is no post.
        messages = self.channel.messages.values()
        return {"discord": [_shown(message) for message in messages if message.layout or message.loading]}

    def said(self, database: Path) -> Iterable[str]:
        return ()

    def heard(self) -> Sequence[Heard] | None:
        return None


@asynccontextmanager
async def open_front(data: Path) -> AsyncIterator[DiscordFront]:
    """Open a server."""
    async with Discord() as discord:
        discord.several_writers = True
        yield DiscordFront(data, discord, discord.guild("Studio").channel("general"))


class Guest:
    """Somebody on the server. Use it as a context manager."""

    def __init__(self, front: DiscordFront, ledger: Ledger, name: str, data: Path) -> None:
        """Write into ``ledger`` what is acknowledged."""
        self.discord = front.discord
        self._wishes = front.wishes
        self._channel = front.channel
        self._member = _member(front, name)
        self._ledger = ledger
        self._data = data

    async def __aenter__(self) -> Self:
        """Come in."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go."""

    async def command(self, text: str, *pictures: bytes, jobs: int = 1) -> bool:
        """Type a command, with pictures chosen for its options."""
        name, _, prompt = text.removeprefix("/").partition(" ")
        options: dict[str, Any] = {"prompt": prompt} if prompt else {}
        if name == "describe":
            options["image"] = pictures[0]
        if name == "blend":
            options |= {f"image{number}": content for number, content in enumerate(pictures, start=1)}
        answer = await self._again(lambda: self._member.types(self._channel, name, **options))
        return await self._note(answer, jobs)

    async def press(self, button_id: str) -> bool:
        """Press a button, as one's client still shows it; a form that opens is sent as it is."""
        custom_id = PRESS + button_id
        message = self._under(button_id)
        answer = await self._again(lambda: self._member.presses(message, custom_id))
        if answer.kind == "modal":
            answer = await self._again(lambda: self._member.submits(answer.modal))
        return await self._note(answer, 1, pressed=button_id)

    async def look(self) -> list[Seen]:
        """Give the posts of the channel."""
        return [_seen(message) for message in self._channel.posts if message.layout]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Look until the newest post of a prompt has a status, and a button if one is named."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for post in reversed(await self.look()):
                    if post.prompt == prompt and post.status == status and (label is None or label in post.buttons):
                        return post
                await asyncio.sleep(PAUSE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self._data, act, arguments)

    def _under(self, button_id: str) -> Message:
        for message in self._channel.posts:
            if any(button.custom_id == PRESS + button_id for button in message.buttons.values()):
                return message
        return self._channel.posts[-1]

    async def _again(self, act: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do something until it is answered; before the first start there is no command yet."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await act()
                except (NoAnswer, LookupError):
                    self._ledger.repeated += 1
                    await asyncio.sleep(PAUSE_S)

    async def _note(self, answer: Answer, jobs: int, *, pressed: str = "") -> bool:
        """Write down what an answer means, once it says what it means."""
        key = str(answer.interaction.id)
        if answer.kind == "thinking":
            # A wish that is kept, whatever becomes of it: a refusal counts as one only where the person was told.
            self._ledger.jobs[key] = jobs
            self._wishes[key] = answer
            async with asyncio.timeout(PATIENCE_S):
                while _waits(answer):  # noqa: ASYNC110 - messages send no events
                    await asyncio.sleep(PAUSE_S)
            return not _is_refused(answer)
        said = "" if answer.kind == "silent" else answer.message.text
        if answer.kind == "silent" or not answer.message.private or said.startswith(_DONE):
            self._ledger.jobs[key] = jobs
            return True
        if HEADLINES[ButtonNotFound] in said:
            self._ledger.dead.append(pressed)
        else:
            self._ledger.refused += 1
        return False


def _waits(answer: Answer) -> bool:
    """Say whether a "thinking" has come to nothing yet: neither a post nor a word in its place or after it."""
    if answer.message.deleted:
        return not answer.followups
    return answer.message.loading


def _is_refused(answer: Answer) -> bool:
    """Say whether a "thinking" has ended in a word, and the person has been told it."""
    if answer.message.deleted:
        return bool(answer.followups)
    return not answer.message.loading and not answer.message.layout


def _member(front: DiscordFront, name: str) -> Member:
    guild = front.channel.guild
    assert guild is not None
    member = front.discord.member(name)
    guild.members[member.user.id] = member.user
    return member


def _buttons(message: Message) -> dict[str, str]:
    return {
        label.removesuffix(" ✓"): button.custom_id.removeprefix(PRESS)
        for label, button in message.buttons.items()
        if button.custom_id is not None and pressable(button.custom_id)
    }


def _seen(message: Message) -> Seen:
    job, prompt = _JOB.search(message.text), _PROMPT.search(message.text)
    status = status_in(message.text) or ("in_progress" if "%" in message.text else "pending")
    return Seen(
        job_id=job[1] if job else "",
        status=status,
        prompt=as_read(prompt[1]) if prompt else "",
        buttons=_buttons(message),
    )


def _shown(message: Message) -> Shown:
    guild = message.channel.guild
    assert guild is not None
    job = _JOB.search(message.text)
    pictures = [each for each in message.pictures if each.width]
    # A grid is one picture of four here.
    grid = message.text.startswith(tuple(f"-# {word}" for word in _GRIDS))
    return Shown(
        reference=f"{guild.id}/{message.channel.id}/{message.id}",
        job_id=job[1] if job else None,
        status=status_in(message.text),
        state=message.text,
        buttons=list(_buttons(message).values()),
        pictures=5 * len(pictures) if grid else len(pictures),
    )


async def make_several(visitor: Visitor) -> None:
    """Ask for several grids at once: the first is the answer, the others are messages of their own."""
    await visitor.command("/imagine a {red, green} lighthouse", jobs=2)
    await visitor.seen("a red lighthouse", "completed", label="U1")
    await visitor.seen("a green lighthouse", "completed", label="U1")


async def lose_a_reply(visitor: Visitor) -> None:
    """Let the answer to an event be lost on its way back, so that the program cannot know of its message."""
    assert isinstance(visitor, Guest)
    visitor.discord.faults.lose("POST", "/interactions/*/callback")
    await scenarios.imagine(visitor)


async def wait_for_a_picture(visitor: Visitor) -> None:
    """Have a picture described that Discord is slow to give out."""
    assert isinstance(visitor, Guest)
    visitor.discord.slow_files = SLOW_FILE_S
    await visitor.command("/describe", png())


async def wait_for_no_picture(visitor: Visitor) -> None:
    """Have something described that Discord is slow to give out, and that is no picture."""
    assert isinstance(visitor, Guest)
    visitor.discord.slow_files = SLOW_FILE_S
    await visitor.command("/describe", b"words")
    await scenarios.imagine(visitor)


POINTS: Mapping[str, Scenario] = {
    **dict.fromkeys(
        (
            *("discord.event_kept", "discord.before_answer", "discord.answered"),
            *("service.command_kept", "service.replied", "service.reply_recorded"),
            *("publisher.edited", "publisher.recorded", "submitter.after_call"),
        ),
        scenarios.imagine,
    ),
    **dict.fromkeys(
        (
            *("discord.before_message", "discord.message_made"),
            *("publisher.before_post", "publisher.posted", "publisher.referenced"),
        ),
        make_several,
    ),
    "discord.wish_kept": wait_for_a_picture,
    "discord.deferred": wait_for_a_picture,
    "discord.refusal_kept": wait_for_no_picture,
    "service.press_kept": scenarios.press,
    "service.not_replied": lose_a_reply,
    "service.handed_over": lose_a_reply,
}
