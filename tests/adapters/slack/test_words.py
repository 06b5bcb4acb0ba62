"""What people type, in every way that Slack writes it down, as it is read and as it is shown again."""

from __future__ import annotations

import json

import pytest

from tests.adapters.slack.place import Place
from tests.fakes.slack import Slack


def _mentions(text: str) -> bool:
    return any(sign in text for sign in ("<!channel>", "<!here>", "<@U0EVE>"))


@pytest.mark.parametrize("by", ["command", "mention"])
async def test_nobody_is_called_by_what_stands_in_a_prompt(place: Place, slack: Slack, by: str) -> None:
    typed = "&lt;!channel&gt; &amp; &lt;!here&gt; a *bold* `cat` _here_ ~no~"
    if by == "command":
        await place.ann.command("/imagine", typed)
    else:
        await place.ann.mentions(f"imagine {typed}")
    await place.post("cat", "Done in")
    for call in slack.calls_of("chat.postMessage") + slack.calls_of("chat.update"):
        assert not _mentions(call.arguments["text"])
        blocks = call.arguments["blocks"]
        for block in blocks if isinstance(blocks, list) else json.loads(blocks):
            text = block.get("text", {})
            assert text.get("type") != "mrkdwn" or not _mentions(text["text"])


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a cat —ar 3:2", "a cat --ar 3:2"),
        ("a “cat” &amp; a ‘dog’", "a \"cat\" & a 'dog'"),
        ("&lt;3 cats", "<3 cats"),
        ("a cat\n--ar 3:2", "a cat --ar 3:2"),
        ("  a   cat  ", "a cat"),
    ],
)
async def test_a_prompt_is_read_as_it_was_meant(place: Place, slack: Slack, typed: str, sent: str) -> None:
    await place.ann.command("/imagine", typed)
    post = await place.post("Done in")
    await place.ann.press(post, "Copy prompt")
    copy = await place.ann.modal("Prompt")
    read = " ".join(copy.read.replace("\n", " ").split())
    assert read in {sent, " ".join(typed.replace("&amp;", "&").replace("&lt;", "<").split())}
    assert ("ar 3:2" in post.read) == ("ar" in sent)


async def test_a_very_long_prompt_is_shown_as_far_as_slack_shows_it_and_kept_whole(place: Place) -> None:
    prompt = "a lighthouse, " + ", ".join(f"wave no. {number}" for number in range(260))
    answer = await place.ann.command("/imagine", prompt)
    assert not answer.text
    assert len(prompt) > 3000
    grid = await place.post("a lighthouse", "Done in")
    assert grid.images
    await place.ann.press(grid, "V2")
    await place.ann.modal("Remix")


async def test_a_direct_conversation_is_as_good_as_a_channel(place: Place) -> None:
    direct = place.ann.dm()
    await place.ann.command("/imagine", "a lighthouse", direct)
    grid = await place.slack.until(lambda: direct.find("a lighthouse", "Done in"))
    await place.ann.press(grid, "U1")
    await place.slack.until(lambda: direct.find("Upscale of picture 1", "Done in"))


async def test_where_nobody_can_be_invited_a_person_is_told_what_else_to_do(place: Place, slack: Slack) -> None:
    """In a conversation of two people the bot is not there, and cannot be let in."""
    ben = place.acme.member("Ben")
    between = place.acme.channel("between", private=True)
    between.kind, between.id = "im", f"D{between.id[1:]}"
    between.members = {place.ann.id, ben.id}
    await place.ann.command("/imagine", "a lighthouse", between)
    told = await slack.until(lambda: place.ann.ephemerals or place.ann.dm().from_bot)
    assert "/invite" not in told[-1].read
    assert "channel" in told[-1].read
