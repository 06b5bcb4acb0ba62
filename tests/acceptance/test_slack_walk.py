"""The whole product through Slack alone, in Socket Mode and over HTTP, with the process killed on the way."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from adapters.slack.manifest import manifest
from tests.fakes.slack import AppConfig, Member, Message, Slack, Workspace, fake_slack
from tests.reliability.processes import Child, free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ENDS_WITHIN_S = 90.0
"""Time that a job may take on a busy machine with two processors."""

PAIRS = [f"{letter}{index}" for letter in "UV" for index in (1, 2, 3, 4)]


def _photo(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(buffer, "PNG")
    return buffer.getvalue()


def _size(message: Message) -> tuple[int, int]:
    """Give the size of the picture that a message shows."""
    [image] = message.images
    assert image.file is not None
    with Image.open(io.BytesIO(image.file.content)) as picture:
        return picture.size


class Team:
    """Somebody in a workspace, with what they see of the bot."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        """Join the workspace, and let the bot into its #general."""
        self.slack = workspace.slack
        self.workspace = workspace
        self.member: Member = workspace.member(name)
        workspace.general.invite_bot()

    @property
    def posts(self) -> list[Message]:
        """What the bot has posted, oldest first."""
        return self.workspace.general.from_bot

    async def newest(self, count: int, *words: str) -> Message:
        """Wait until there are so many posts, and these words in the newest."""

        def look() -> Message | None:
            posts = self.posts
            assert len(posts) <= count, [post.read for post in posts]
            return posts[-1] if len(posts) == count and all(word in posts[-1].read for word in words) else None

        return await self.slack.until(look, within=ENDS_WITHIN_S)

    async def imagine(self, prompt: str, count: int) -> Message:
        """Ask for a grid and wait for it."""
        answer = await self.member.command("/imagine", prompt)
        assert answer.acknowledged, answer.error
        return await self.newest(count, "Done in")

    async def press(self, message: Message, label: str) -> None:
        """Press a button."""
        answer = await self.member.press(message, label)
        assert answer.acknowledged, answer.error


class Studio:
    """The program as a child process that is killed and started again, on a Slack that stays."""

    def __init__(self, slack: Slack, child: Child, way: str) -> None:
        """Run ``child`` against ``slack``, heard by sockets or over HTTP."""
        self.slack = slack
        self.child = child
        self.way = way

    async def start(self, *arguments: str) -> None:
        """Start the program, and wait until Slack reaches it."""
        base = self.child.arguments
        self.child.arguments = (*base, *arguments)
        await self.child.start()
        self.child.arguments = base
        await self.child.answering()
        await self._connected()
        if self.way == "http":
            self.slack.deliver_to(f"{self.child.url}/slack/events")
        else:
            await self.slack.sockets.connected(within=60)

    async def _connected(self) -> None:
        """Wait until the adapter takes what Slack sends, which is a moment after the program answers."""
        async with httpx.AsyncClient(base_url=self.child.url, trust_env=False) as http, asyncio.timeout(60):
            while (await http.get("/slack/install")).status_code >= 500:  # noqa: ASYNC110 - it sends no events
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """End it at once, as a crash would, and wait until Slack knows."""
        await self.child.kill()
        if self.way == "sockets":
            await self.slack.until(lambda: not self.slack.sockets.links, within=20)


@asynccontextmanager
async def _studio(folder: Path, way: str) -> AsyncIterator[Studio]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    config = AppConfig.from_manifest(manifest(http=way == "http", many=True, url=url))
    async with fake_slack(app=config) as slack:
        environment = {
            "IMAGINEBOT_SLACK_API_URL": slack.api_url,
            "PUBLIC_URL": url,
            "SLACK_CLIENT_ID": config.client_id,
            "SLACK_CLIENT_SECRET": config.client_secret,
        }
        if way == "http":
            environment["SLACK_SIGNING_SECRET"] = config.signing_secret
        else:
            environment["SLACK_APP_TOKEN"] = slack.app_token()
        data = folder / "data"
        arguments = ("demo", "--no-open", "--port", str(port), "--mcp-port", "0", "--data", str(data))
        child = Child(arguments=arguments, port=port, log=folder / "log", environment=environment)
        try:
            yield Studio(slack, child, way)
        finally:
            await child.kill()


def _behaved(studio: Studio) -> None:
    """See that Slack never had to refuse anything, that every message can be read out, and that no secret is logged."""
    slack = studio.slack
    logged = studio.child.log.read_text(errors="replace")
    secrets = [*slack.tokens.given, *slack.tokens.refreshes, slack.app.client_secret, slack.app.signing_secret]
    assert not [secret for secret in secrets if secret in logged]
    refused = {(call.method, call.error) for call in slack.calls if call.error}
    assert refused <= {("chat.postMessage", "ratelimited"), ("chat.update", "ratelimited")}, refused
    said = [call for call in slack.calls if call.method in {"chat.postMessage", "chat.update", "chat.postEphemeral"}]
    assert said
    assert all(call.arguments.get("text", "").strip() for call in said)


@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_everything_asked_for_in_slack_is_there_after_a_kill_and_old_buttons_work(
    tmp_path: Path, way: str
) -> None:
    async with _studio(tmp_path, way) as studio:
        await studio.start()
        slack = studio.slack
        acme, globex = Team(slack.workspace("Acme"), "Ann"), Team(slack.workspace("Globex"), "Eve")
        ann = acme.member
        for team in (acme, globex):
            status, page = await team.member.installs(studio.child.url)
            assert status == 200, page

        grid = await acme.imagine("a lighthouse at dusk --ar 3:2", 1)
        width, height = _size(grid)
        assert abs(width / height - 3 / 2) < 0.02
        assert [label for label in grid.labels if label in PAIRS] == PAIRS
        assert "Reroll" in grid.labels

        await acme.press(grid, "U2")
        upscale = await acme.newest(2, "Upscale of picture 2", "Done in")
        assert _size(upscale) >= _size(grid)

        await acme.press(grid, "V3")
        modal = await ann.modal("Remix")
        assert "a lighthouse at dusk --ar 3:2" in str(modal.blocks)
        assert (await ann.submit(modal, prompt="a red lighthouse in a storm --ar 3:2")).acknowledged
        await acme.newest(3, "Variation of picture 3, prompt edited", "a red lighthouse in a storm", "Done in")

        await acme.press(grid, "Reroll")
        await acme.newest(4, "Reroll", "Done in")

        red, blue = ann.uploads("red.png", _photo((200, 40, 30))), ann.uploads("blue.png", _photo((30, 60, 200)))
        await ann.command("/describe")
        assert (await ann.submit(await ann.modal("Describe"), files=[red])).acknowledged
        description = await acme.newest(5, "Describe", "Done in")
        assert [label for label in description.labels if label.startswith("Imagine ")] == [
            f"Imagine {number}" for number in (1, 2, 3, 4)
        ]
        await acme.press(description, "Imagine 1")
        imagined = await acme.newest(6, "Done in")
        assert imagined.images

        await ann.command("/blend")
        assert (await ann.submit(await ann.modal("Blend"), files=[red, blue])).acknowledged
        blend = await acme.newest(7, "Blend of 2 pictures", "Done in")
        assert blend.images

        secret = await globex.imagine("a secret garden --q .25", 1)
        assert (await ann.command("/jobs")).acknowledged
        listed = await ann.told("a lighthouse at dusk", "Blend of 2 pictures")
        home = await ann.opens_home()
        assert "a red lighthouse in a storm" in home.read
        assert home.images
        assert (await globex.member.command("/jobs")).acknowledged
        theirs = await globex.member.told("a secret garden")
        assert "lighthouse" not in theirs.read + (await globex.member.opens_home()).read
        assert "secret" not in listed.read + home.read
        secret.blocks, own = grid.blocks, secret.blocks
        await globex.press(secret, "U1")
        await globex.member.told("/jobs")
        secret.blocks = own
        shown = [post.read for post in acme.posts]
        await studio.kill()

        await studio.start("--latency", "30")
        await acme.press(acme.posts[0], "U4")
        running = await acme.newest(8, "Upscale of picture 4", "Upscaling, ")
        assert [post.read for post in acme.posts[1:7]] == shown[1:]
        await acme.press(running, "Cancel")
        await acme.newest(8, "Cancelled by ann")
        await studio.kill()

        await studio.start()
        await acme.press(acme.posts[0], "U4")
        await acme.newest(9, "Upscale of picture 4", "Done in")
        await acme.press(acme.posts[0], "U2")
        await ann.told("That is there already", "Upscale of picture 2")
        assert (len(acme.posts), len(globex.posts)) == (9, 1)
        _behaved(studio)
        assert await studio.child.stop() == 0, studio.child.said()


@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_a_job_cut_off_by_a_kill_ends_after_the_restart(tmp_path: Path, way: str) -> None:
    async with _studio(tmp_path, way) as studio:
        await studio.start("--latency", "30")
        team = Team(studio.slack.workspace("Acme"), "Ben")
        await team.member.installs(studio.child.url)
        subjects = ("a harbour in the rain", "dunes at noon", "a castle at night", "a cat on a sofa")
        for subject in subjects:
            assert (await team.member.command("/imagine", f"{subject} --q .25")).acknowledged
        await team.newest(4, "Next in the queue")
        await studio.kill()
        missed = await team.member.command("/imagine", "nobody hears this")
        assert missed.error == "dispatch_failed", "and Slack says so to the person"
        await studio.start()

        def ended() -> bool:
            return len(team.posts) == 4 and all("Done in" in post.read and post.images for post in team.posts)

        await studio.slack.until(ended, within=ENDS_WITHIN_S)
        assert sorted(subject for subject in subjects for post in team.posts if subject in post.read) == sorted(
            subjects
        )


async def test_two_programs_after_each_other_share_what_people_see_of_a_thread(tmp_path: Path) -> None:
    """What was asked for in a thread, by mention, is answered there, also by the next process."""
    async with _studio(tmp_path, "sockets") as studio:
        await studio.start("--latency", "30")
        team = Team(studio.slack.workspace("Acme"), "Cleo")
        await team.member.installs(studio.child.url)
        first = (await team.member.says("what shall we paint?")).message
        assert first is not None
        assert (await team.member.mentions("imagine an owl at night --q .25", thread=first)).acknowledged
        await studio.slack.until(lambda: first.replies and first.replies[-1].bot)
        await studio.kill()
        await studio.start()
        await studio.slack.until(lambda: "Done in" in first.replies[-1].read, within=ENDS_WITHIN_S)
        assert len([reply for reply in first.replies if reply.bot]) == 1
