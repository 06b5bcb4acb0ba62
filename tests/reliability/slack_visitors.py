"""People in Slack for the proofs of reliability: what they do, what they see, and what they repeat.

Slack hands an event (a mention) out again by itself, and a command, a press or a modal never; a person who is told
that it did not work does it once more, which is another event. What is acknowledged is promised, unless the person was
told before that to try again: then nothing may come of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from adapters.slack.manifest import manifest
from adapters.slack.messages import EVENT_TYPE
from adapters.slack.presenter import BUTTON
from tests.fakes.slack import Answer, AppConfig, Member, Message, Rates, Slack, View, Workspace
from tests.reliability.front import PATIENCE_S, PAUSE_S, Heard, Ledger, Seen, Shown, Visitor, status_in
from tests.reliability.processes import ask_as_admin

MODAL_WITHIN_S = 4.0
"""How long somebody waits for a modal before pressing again."""

WORKSPACES = 2
TRY_AGAIN = "try again"
"""Stands in a refusal of what may be done once more."""

ONCE_MORE = "once more"
"""Stands in what is said of a message that may have been taken: the person is to look first."""

NOT_TAKEN = "whoever runs the studio"
"""Stands in what is said of a press that was not acknowledged, perhaps a while after that."""

REPEATS_S = (0.2, 0.5) + (1.0,) * 40
"""Pauses between the repetitions of an event; Slack's own are longer, but so are its people's lives."""


def many_workspaces() -> tuple[AppConfig, Rates]:
    """Give an app for many workspaces as its manifest makes it, with tokens that live on, and no limits of Slack's."""
    config = AppConfig.from_manifest(manifest(many=True))
    config.redirect_urls = config.rotation_s = None
    return config, Rates.none()


class SlackFront:
    """A Slack that stays while the program comes and goes, with two workspaces that know nothing of each other.

    The first has the app by its token, the second installs it over OAuth.
    """

    module = "bot"
    acts: Mapping[str, int] = {"imagine": 35, "press": 45, "describe": 8, "blend": 4}
    unfinished: Sequence[str] = ("slack_wishes WHERE state = 'open'",)

    def __init__(self, data: Path, slack: Slack, *, sockets: bool) -> None:
        """The program's data folder is ``data``."""
        self.slack = slack
        self._data = data
        self._sockets = sockets
        self._turn = 0
        self.workspaces = [slack.workspace(f"Team{number}") for number in range(WORKSPACES)]
        self.environment = {
            "IMAGINEBOT_SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.install(self.workspaces[0]),
            "SLACK_CLIENT_ID": slack.app.client_id,
            "SLACK_CLIENT_SECRET": slack.app.client_secret,
            **(
                {"SLACK_APP_TOKEN": slack.app_token()}
                if sockets
                else {"SLACK_SIGNING_SECRET": slack.app.signing_secret}
            ),
        }
        slack.event_retries_s = REPEATS_S

    def visitor(self, url: str, ledger: Ledger, *, name: str = "Anna") -> AbstractAsyncContextManager[Visitor]:
        """Let somebody join one of the workspaces, in turns, with a channel of their own."""
        if not self._sockets:
            self.slack.deliver_to(f"{url}/slack/events")
        self._turn += 1
        return Person(self.workspaces[(self._turn - 1) % WORKSPACES], url, ledger, name, self._data)

    async def look_at_the_end(self, url: str) -> None:
        """Do nothing: what is shown stays."""

    def shown(self, database: Path) -> Mapping[str, Sequence[Shown]]:
        """Give every message that stands for a job."""
        return {"slack": [_shown(message) for workspace in self.workspaces for message in _posts(workspace)]}

    def said(self, database: Path) -> Iterable[str]:
        """Give nothing: what people say to each other is Slack's."""
        return ()

    def heard(self) -> Sequence[Heard] | None:
        """Give nothing: no programs listen."""
        return None


class Person:
    """Somebody in Slack. Use it as a context manager."""

    def __init__(self, workspace: Workspace, url: str, ledger: Ledger, name: str, data: Path) -> None:
        """Write into ``ledger`` what is acknowledged."""
        self.slack = workspace.slack
        self.member: Member = workspace.member(name)
        self._channel = workspace.channel(f"of-{name.lower()}")
        self._channel.invite_bot()
        self._url = url
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
        """Type a command; one with pictures is a mention beside which they are attached."""
        await self._have_it_installed()
        if pictures:
            return await self._mention(text.removeprefix("/"), pictures, jobs)
        name, _, rest = text.partition(" ")
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = await self.member.command(name, rest, self._channel)
                if answer.acknowledged:
                    break
                await self._pause()
        return self._note(answer.payload["trigger_id"], jobs, [answer.text] if answer.text else [])

    async def press(self, button_id: str) -> bool:
        """Press a button; one for variations asks for the prompt, which is left as it is."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                told = len(self.member.ephemerals)
                answer = await self._press_once(button_id)
                if answer is not None and answer.acknowledged:
                    break
                await self._pause()
        if answer.payload["type"] == "view_submission":
            return self._note(answer.payload["view"]["id"], 1, [])
        if answer.payload["actions"][0]["text"]["text"] == "Cancel":  # nobody can be sure to be in time with that
            return True
        return self._note(answer.payload["trigger_id"], 1, self._told_since(told))

    async def _press_once(self, button_id: str) -> Answer | None:
        message = next((each for each in self._channel.from_bot if button_id in _buttons(each).values()), None)
        if message is None:
            return None
        label = next(label for label, each in _buttons(message).items() if each == button_id)
        self.member.views.clear()
        pressed = await self.member.press(message, button_id)
        if not pressed.acknowledged or not (label == "Vary" or label[0] == "V"):
            return pressed
        view = await self._modal()
        return None if view is None else await self._submit(view)

    async def _modal(self) -> View | None:
        try:
            return await self.member.modal(within=MODAL_WITHIN_S)
        except TimeoutError:
            return None

    async def _submit(self, view: View) -> Answer:
        """Send a modal off as often as it takes: it stays open, and is the same one each time."""
        while True:
            answer = await self.member.submit(view)
            if answer.acknowledged and not answer.errors:
                return answer
            assert all("try again" in error for error in answer.errors.values()), answer.errors
            await self._pause()

    async def look(self) -> list[Seen]:
        """Give the posts in the channel."""
        return [_seen(message) for message in self._channel.from_bot if _is_post(message)]

    async def seen(self, prompt: str, status: str, *, label: str | None = None) -> Seen:
        """Look until the newest post of a prompt has a status, and a button if one is named."""

        def look() -> Seen | None:
            for message in reversed(self._channel.from_bot):
                post = _seen(message)
                if post.prompt == prompt and post.status == status and (label is None or label in post.buttons):
                    return post
            return None

        return await self.slack.until(look, within=PATIENCE_S)

    async def admin(self, act: str, **arguments: Any) -> Any:
        """Do something as the admin."""
        return await ask_as_admin(self._data, act, arguments)

    async def shows_no_picture(self) -> None:
        """Have something described that is no picture, and wait to be told so."""
        file = self.member.uploads("odd.png", b"\x89PNG nothing")
        assert (await self.member.mentions("describe", self._channel, files=[file])).acknowledged
        await self.member.told("picture", within=PATIENCE_S)

    def moves_to(self, workspace: Workspace) -> None:
        """Be somebody of another workspace from now on."""
        self.member = workspace.member(self.member.name)
        self._channel = workspace.channel(f"of-{self.member.handle}")
        self._channel.invite_bot()

    async def _mention(self, verb: str, pictures: Sequence[bytes], jobs: int) -> bool:
        told = len(self.member.ephemerals)
        files = [self.member.uploads(f"{number}.png", content) for number, content in enumerate(pictures)]
        answer = await self.member.mentions(verb, self._channel, files=files)
        self._ledger.repeated += answer.attempts - 1
        if not answer.acknowledged or answer.message is None:
            return False
        return self._note(answer.message.ts, jobs, self._told_since(told))

    def _told_since(self, before: int) -> list[str]:
        """Give the refusals that have been told since; what was done before is told of at last by other words."""
        told = [message.read for message in self.member.ephemerals[before:]]
        return [text for text in told if ONCE_MORE in text or (TRY_AGAIN in text and NOT_TAKEN not in text)]

    def _note(self, key: str, jobs: int, refusals: Sequence[str]) -> bool:
        """Write down what an acknowledgement means, which one was told ``refusals`` before, and give whether it is a yes."""
        if not refusals:
            self._ledger.jobs[key] = jobs
        elif any(ONCE_MORE in text for text in refusals):
            self._ledger.refused += 1
        else:
            self._ledger.deny(key)
        return not refusals

    async def _have_it_installed(self) -> None:
        """See to it that the app is in the workspace."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.slack.tokens.of(self.member.workspace):
                try:
                    status, _ = await self.member.installs(self._url)
                except aiohttp.ClientError:
                    status = 0
                if status != 200:
                    # A token that was given and not kept counts for nobody.
                    for token in self.slack.tokens.of(self.member.workspace):
                        self.slack.tokens.given.pop(token.value)
                    await self._pause()

    async def _pause(self) -> None:
        self._ledger.repeated += 1
        await asyncio.sleep(PAUSE_S)


def _posts(workspace: Workspace) -> Iterator[Message]:
    for channel in workspace.channels:
        yield from (message for message in channel.from_bot if _is_post(message))


def _is_post(message: Message) -> bool:
    """Say whether a message shows a job, and not only says that one is done."""
    metadata = message.metadata or {}
    return metadata.get("event_type") == EVENT_TYPE and not str(metadata["event_payload"]["id"]).endswith(":told")


def _buttons(message: Message) -> dict[str, str]:
    """Give our buttons by label, each with its id."""
    return {
        element["text"]["text"]: element["value"]
        for _, element in message.elements
        if element["type"] == "button" and element["action_id"].startswith(BUTTON)
    }


def _seen(message: Message) -> Seen:
    status = status_in(message.read) or ("in_progress" if "Painting" in message.read else "pending")
    typed = [block["text"]["text"] for block in message.blocks if block.get("text", {}).get("type") == "plain_text"]
    return Seen(job_id="", status=status, prompt=typed[0] if typed else "", buttons=_buttons(message))


def _shown(message: Message) -> Shown:
    reference = ":".join(part for part in (message.channel.id, message.ts, message.thread_ts) if part)
    # The one picture is the grid of the four, and it counts only where Slack has its content.
    there = [image for image in message.images if image.file is not None and image.file.content]
    return Shown(
        reference=reference,
        status=status_in(message.read),
        state=message.read,
        buttons=list(_buttons(message).values()),
        pictures=5 if there else 0,
    )
