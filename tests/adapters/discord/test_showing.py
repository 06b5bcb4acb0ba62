"""How posts look by their place, their size and the time that they took."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.discord import outbox, uploads
from bot.jobs.model import API_PLATFORM, Conversation, Requester, Source
from tests.adapters.discord.scene import Scene, done, job_of, until
from tests.fakes.discord import Channel, Message
from tests.fakes.discord.messages import walk
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _hidden(message: Message) -> bool:
    galleries = [each for each in walk(message.components) if each["type"] == 12]
    (spoiler,) = {item["spoiler"] for gallery in galleries for item in gallery["items"]}
    return bool(spoiler)


async def _made(scene: Scene, prompt: str, channel: Channel | None = None) -> Message:
    return await done((await scene.ann.types(channel or scene.channel, "imagine", prompt=prompt)).message)


async def test_pictures_are_open_to_all_unless_somebody_hid_something(scene: Scene) -> None:
    assert not _hidden(await _made(scene, "a ship"))
    hidden = await _made(scene, "||the end of the film|| as a poster")
    assert _hidden(hidden)
    assert "||**" in hidden.text


async def test_what_comes_of_a_hidden_picture_is_hidden(scene: Scene) -> None:
    hidden = await _made(scene, "||the end of the film||")
    upscale = await done((await scene.ben.press(hidden, "U1")).message)
    assert _hidden(upscale)


async def test_what_a_program_has_made_of_a_hidden_picture_is_hidden_where_it_is_shown(scene: Scene) -> None:
    hidden = await _made(scene, "||the end of the film||")
    here = str(scene.guild.id)
    program = Source(
        requester=Requester(platform=API_PLATFORM, workspace=here, user_id="ci", name="ci"),
        conversation=Conversation(platform=API_PLATFORM, workspace=here, channel="ci"),
        key="upscale what is hidden",
    )
    upscale = (await scene.app.service.upscale(program, (await job_of(scene, hidden)).id, 1)).job
    with scene.app.service.watch(upscale.id) as bell:
        while (view := await scene.app.service.view(upscale.id)).fetching or not view.status.ended:
            await bell.wait(1)
    await until(lambda: "U1 ✓" in hidden.buttons)
    shown = (await scene.ben.press(hidden, "U1 ✓")).message
    await until(lambda: shown.pictures)
    assert _hidden(shown)


async def test_what_was_made_in_a_channel_for_adults_is_hidden_elsewhere(scene: Scene) -> None:
    adults = scene.guild.channel("adults", nsfw=True)
    await scene.guild.changed(adults)
    post = await _made(scene, "a painting", adults)
    assert not _hidden(post)
    (job_id,) = (await scene.ann.completes(scene.channel, "job", "id", "painting")).choices
    elsewhere = await scene.ann.types(scene.channel, "job", id=job_id)
    await until(lambda: elsewhere.message.pictures)
    assert _hidden(elsewhere.message)
    there = await scene.ann.types(adults, "job", id=job_id)
    await until(lambda: there.message.pictures)
    assert not _hidden(there.message)
    await scene.ben.reacts(post, "✉️")
    await until(lambda: scene.ben.direct.posts)
    assert _hidden(scene.ben.direct.posts[0])


@pytest.fixture
def _all_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "CALLED_AFTER", timedelta())


@pytest.mark.usefixtures("_all_is_slow")
async def test_the_requester_is_called_once_when_it_took_a_while(scene: Scene) -> None:
    post = await _made(scene, "a ship")
    await until(lambda: len(scene.channel.posts) == 2)
    called = scene.channel.posts[1]
    assert [user.id for user in called.mentions] == [scene.ann.id]
    assert "It is ready" in called.text
    await scene.ben.press(post, "U1")
    await until(lambda: "U1 ✓" in post.buttons)
    await until(lambda: len(scene.channel.posts) == 4)  # the upscale and its call
    assert [each.text for each in scene.channel.posts].count(called.text) == 1


@pytest.mark.usefixtures("_all_is_slow")
async def test_a_cancel_calls_nobody(scene: Scene) -> None:
    post = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    await scene.ann.press(post, "Cancel")
    await done(post)
    scene.open_gate()
    await _made(scene, "a house")
    await until(lambda: len(scene.channel.posts) == 3)
    assert [bool(each.mentions) for each in scene.channel.posts] == [False, False, True]


async def test_the_prompt_can_neither_mention_nor_mark_up(scene: Scene) -> None:
    answer = await scene.ann.types(
        scene.channel, "imagine", prompt=f"@everyone <@{scene.ben.id}> **big** [here](https://evil.example) `code`"
    )
    assert answer.message.mentions == []
    assert r"\*\*big\*\*" in answer.message.text
    assert r"\[here\]" in answer.message.text


async def test_a_described_picture_is_shown_from_the_first_moment(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "describe", image=png())
    assert len(answer.message.pictures) == 1


async def test_a_file_that_the_place_does_not_take_is_shown_as_a_smaller_copy_and_never_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await _made(scene, "a ship")
    monkeypatch.setattr(uploads, "REQUEST_LIMIT", 10)
    before = len(scene.world.requests)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    assert "This is a smaller copy, as the file is too large for this place" in upscale.text
    (picture,) = upscale.pictures
    assert picture.filename.endswith("-small.webp")
    sent = [name for request in scene.world.requests[before:] for name, _ in request.files.values()]
    assert not any("image" in name and name.endswith(".png") for name in sent)
