"""Somebody in a workspace, with everything that a person can do in Slack's own app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.fakes.slack import browser, forms, payloads
from tests.fakes.slack.deliveries import Answer
from tests.fakes.slack.methods.views import change, checked, push_on
from tests.fakes.slack.model import Channel, File, Workspace
from tests.fakes.slack.refusal import Refused
from tests.fakes.slack.responses import said_in
from tests.fakes.slack.shown import Json, Message, View


@dataclass(eq=False, kw_only=True)
class Member:
    """A person. Everything here goes the way that it goes in Slack: what the app does not offer cannot be done."""

    id: str
    workspace: Workspace
    name: str

    @property
    def handle(self) -> str:
        """The name that commands and interactions bring along."""
        return self.name.lower()

    def to_json(self) -> Json:
        """Say who it is as the Web API does."""
        return {
            "id": self.id,
            "team_id": self.workspace.id,
            "name": self.handle,
            "real_name": self.name,
            "is_bot": False,
            "profile": {"real_name": self.name, "display_name": self.handle},
        }

    # What is seen

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person sees, oldest first."""
        found = [m for channel in self.workspace.channels for m in channel.ephemerals if m.ephemeral_to == self.id]
        return sorted(found, key=lambda message: float(message.ts))

    def dm(self) -> Channel:
        """Give the conversation with the bot."""
        name = f"dm-{self.id}"
        found = next((each for each in self.workspace.channels if each.name == name), None)
        if found is None:
            found = Channel(
                id=self.workspace.slack.new_id("D"),
                workspace=self.workspace,
                name=name,
                kind="im",
                members={self.id, self.workspace.bot_user_id},
            )
            self.workspace.channels.append(found)
        return found

    @property
    def views(self) -> list[View]:
        """The modals that are open, the one on top last."""
        return self.workspace.slack.open_views.setdefault(self.id, [])

    @property
    def home(self) -> View | None:
        """What is on the Home tab."""
        return self.workspace.slack.homes.get(self.id)

    async def modal(self, title: str = "", *, within: float = 10.0) -> View:
        """Wait for a modal, whose title holds some words, and give the one on top."""
        return await self.workspace.slack.until(
            lambda: next((view for view in self.views[-1:] if title in view.title), None), within=within
        )

    async def told(self, *words: str, within: float = 10.0) -> Message:
        """Wait for something that only this person sees, in which these words stand."""
        return await self.workspace.slack.until(
            lambda: next((m for m in reversed(self.ephemerals) if all(word in m.read for word in words)), None),
            within=within,
        )

    # What is done

    async def command(self, name: str, text: str = "", where: Channel | None = None) -> Answer:
        """Type a slash command; not in a thread, where there are none."""
        slack = self.workspace.slack
        channel = where or self.workspace.general
        if slack.app.commands is not None and name not in slack.app.commands:
            raise AssertionError(f"the app has no command {name}")
        assert self.id in channel.members, f"{self.name} is not in {channel.name}"
        answer = await slack.delivery.send("command", payloads.command(self, name, text, channel))
        self._show(answer, channel)
        return answer

    def _show(self, answer: Answer, channel: Channel) -> None:
        """Show what stood in the acknowledgement of a command."""
        if not answer.acknowledged or not answer.body:
            return
        body = answer.body if isinstance(answer.body, dict) else {"text": answer.body}
        answer.message, answer.error = said_in(channel, self, body)
        self.workspace.slack.note()

    async def press(self, shown: Message | View, name: str) -> Answer:
        """Press a button, or choose from an overflow menu, by its label."""
        block, element, option = shown.find_element(name)
        action = forms.pressed(block, element, option)
        return await self._act(shown, action)

    async def choose(self, shown: Message | View, name: str, *labels: str) -> Answer:
        """Choose from a menu that stands in a message, a Home tab or a modal, by action_id or block_id."""
        block, element, _ = shown.find_element(name)
        value = forms.value_of(element, labels[0] if len(labels) == 1 else list(labels))
        if isinstance(shown, View):
            forms.fill(shown, block, element, value)
        return await self._act(shown, forms.action(block, element) | value)

    async def types(self, view: View, **values: Any) -> Answer:
        """Type into inputs that tell the app of every change."""
        assert values
        answer = None
        for name, value in values.items():
            block, element, _ = view.find_element(name)
            assert block.get("dispatch_action"), f"{name} does not tell of changes"
            filled = forms.value_of(element, value)
            forms.fill(view, block, element, filled)
            answer = await self._act(view, forms.action(block, element) | filled)
        assert answer is not None
        return answer

    async def _act(self, shown: Message | View, action: Json) -> Answer:
        slack = self.workspace.slack
        assert slack.app.interactive, "the app has no interactivity"
        assert not isinstance(shown, Message) or not shown.deleted, "the message is gone"
        return await slack.delivery.send("interactive", payloads.block_action(self, shown, action))

    async def suggestions(self, view: View, name: str, value: str) -> list[Json]:
        """Type into a menu whose options come from the app, and give them."""
        block, element, _ = view.find_element(name)
        payload = payloads.suggestion(self, view, block, element, value)
        answer = await self.workspace.slack.delivery.send("options", payload)
        return list((answer.body or {}).get("options", []))

    async def submit(self, view: View, values: Json | None = None, /, **more: Any) -> Answer:
        """Fill in a modal and press its button. Names are action_ids or block_ids; what is left out stays as it is.

        Raises:
            AssertionError: Slack would not let it be pressed: something needed is missing, or does not fit.
        """
        assert view in self.views, "this modal is not open"
        for name, value in ((values or {}) | more).items():
            block, element, _ = view.find_element(name)
            forms.fill(view, block, element, forms.value_of(element, value))
        forms.complete(view)
        self.workspace.slack.handed_over += forms.files_in(view, self.workspace.slack)
        payload = payloads.view_event(self, "view_submission", view)
        answer = await self.workspace.slack.delivery.send("interactive", payload)
        if answer.acknowledged:
            self._after_submission(view, answer)
        return answer

    def _after_submission(self, view: View, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, dict) else {}
        try:
            match body.get("response_action"):
                case None:
                    self.views.remove(view)
                case "clear":
                    self.views.clear()
                case "errors":
                    answer.errors = dict(body["errors"])
                    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
                    if not answer.errors or not set(answer.errors) <= inputs:
                        answer.error = "We had some trouble connecting. Try again?"
                case "update":
                    change(view, checked(body["view"], self.workspace, "modal"))
                case "push":
                    push_on(self.views, checked(body["view"], self.workspace, "modal"))
                case _:
                    answer.error = "We had some trouble connecting. Try again?"
        except Refused as refused:
            answer.error = f"{refused.error}: {refused.body}"
        self.workspace.slack.note()

    async def closes(self, view: View) -> Answer | None:
        """Close a modal; the app hears of it where it wants to."""
        self.views.remove(view)
        if not view.content.get("notify_on_close"):
            return None
        payload = payloads.view_event(self, "view_closed", view)
        return await self.workspace.slack.delivery.send("interactive", payload)

    async def shortcut(self, callback_id: str, message: Message | None = None) -> Answer:
        """Use a shortcut: a global one, or one on a message."""
        slack = self.workspace.slack
        kind = "global" if message is None else "message"
        if slack.app.shortcuts is not None and slack.app.shortcuts.get(callback_id) != kind:
            raise AssertionError(f"the app has no {kind} shortcut {callback_id}")
        return await slack.delivery.send("interactive", payloads.shortcut(self, callback_id, message))

    def uploads(self, name: str, content: bytes) -> File:
        """Make a file, as if it was chosen from the disk."""
        file = self.workspace.slack.files.new(self.workspace, owner=self.id, name=name, length=len(content))
        file.content, file.uploaded, file.completed = content, True, True
        file.process()
        return file

    async def mentions(
        self, text: str, where: Channel | None = None, *, thread: Message | None = None, files: Sequence[File] = ()
    ) -> Answer:
        """Write a message that begins with the bot's name; the app hears of it where it is in the channel."""
        text = f"<@{self.workspace.bot_user_id}> {text}"
        message = self._write(text, where, thread, files)
        if not message.channel.has_bot:
            return Answer(kind="event", payload={}, error="not_in_channel", attempts=0, message=message)
        answer = await self._event("app_mention", "app_mention", message)
        answer.message = message
        return answer

    async def says(
        self, text: str, where: Channel | None = None, *, thread: Message | None = None, files: Sequence[File] = ()
    ) -> Answer:
        """Write a message; the app hears of it where it has subscribed to messages of this kind of channel."""
        message = self._write(text, where, thread, files)
        kinds = {"public": "message.channels", "private": "message.groups", "mpim": "message.mpim", "im": "message.im"}
        if not message.channel.has_bot:
            return Answer(kind="event", payload={}, error="not_in_channel", attempts=0, message=message)
        answer = await self._event(kinds[message.channel.kind], "message", message)
        answer.message = message
        return answer

    def _write(self, text: str, where: Channel | None, thread: Message | None, files: Sequence[File]) -> Message:
        channel = thread.channel if thread is not None else where or self.workspace.general
        message = Message(
            channel=channel,
            ts=self.workspace.slack.clock.stamp(),
            user=self.id,
            text=text,
            thread_ts=None if thread is None else thread.thread_ts or thread.ts,
            files=list(files),
        )
        channel.messages.append(message)
        for file in files:
            file.shares.append(message)
        return message

    async def _event(self, kind: str, name: str, message: Message) -> Answer:
        content = message.to_json() | {"type": name, "channel": message.channel.id, "event_ts": message.ts}
        if name == "message":
            types = {"public": "channel", "private": "group", "mpim": "mpim", "im": "im"}
            content["channel_type"] = types[message.channel.kind]
            if message.files:
                content["subtype"] = "file_share"
        return await self.workspace.slack.event(self.workspace, kind, content)

    async def opens_home(self, *, within: float = 10.0) -> View:
        """Open the app's Home tab, and give what was published after that."""
        slack = self.workspace.slack
        before = self.home.hash if self.home is not None else None
        content: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": self.dm().id,
            "tab": "home",
            "event_ts": slack.clock.stamp(),
        }
        if self.home is not None:
            content["view"] = self.home.to_json()
        answer = await slack.event(self.workspace, "app_home_opened", content)
        assert answer.acknowledged, answer.error
        return await slack.until(
            lambda: self.home if self.home is not None and self.home.hash != before else None, within=within
        )

    async def installs(self, app_url: str, *, org_wide: bool = False, path: str = "/slack/install") -> tuple[int, str]:
        """Go through the installation like a browser, and give status and text of the page at its end."""
        return await browser.install(self, app_url, org_wide=org_wide, path=path)
