"""The commands of a message's menu."""

from __future__ import annotations

import pytest

from bot.jobs.model import JobFilter
from bot.jobs.view import JobView
from tests.adapters.discord.scene import Scene, done
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _newest(scene: Scene) -> JobView:
    return (await scene.app.service.list(JobFilter(workspace=str(scene.guild.id)), limit=1)).views[0]


async def test_describe_the_picture_of_somebodys_message(scene: Scene) -> None:
    message = await scene.ben.says(scene.channel, "look", png())
    answer = await scene.ann.uses("Describe picture", message)
    assert "Imagine 1" in (await done(answer.message)).buttons


async def test_describe_a_post_of_the_bot_by_the_picture_that_is_kept(scene: Scene) -> None:
    grid = await done((await scene.ann.types(scene.channel, "imagine", prompt="a ship")).message)
    shown = (await _newest(scene)).main
    answer = await scene.ben.uses("Describe picture", grid)
    await done(answer.message)
    described = await _newest(scene)
    assert shown is not None
    assert described.inputs[0].digest == shown.digest


async def test_a_message_without_a_picture_is_told(scene: Scene) -> None:
    message = await scene.ben.says(scene.channel, "only words")
    for name in ("Describe picture", "Blend pictures", "Use as reference"):
        answer = await scene.ann.uses(name, message)
        assert answer.message.private
        assert "There is no picture in that message" in answer.message.text


async def test_blend_the_pictures_of_a_message(scene: Scene) -> None:
    message = await scene.ben.says(scene.channel, "", png(), png((9, 9, 90)), png((90, 9, 9)))
    answer = await scene.ann.uses("Blend pictures", message)
    assert "Blend of 3 pictures" in (await done(answer.message)).text


async def test_one_picture_is_no_blend(scene: Scene) -> None:
    message = await scene.ben.says(scene.channel, "", png())
    answer = await scene.ann.uses("Blend pictures", message)
    assert answer.message.private
    assert "and this message has 1" in answer.message.text


async def test_a_grid_is_blended_by_its_four_pictures(scene: Scene) -> None:
    grid = await done((await scene.ann.types(scene.channel, "imagine", prompt="a ship")).message)
    answer = await scene.ben.uses("Blend pictures", grid)
    assert "Blend of 4 pictures" in (await done(answer.message)).text


async def test_a_picture_becomes_the_start_of_a_prompt_that_is_asked_for(scene: Scene) -> None:
    message = await scene.ben.says(scene.channel, "", png())
    form = (await scene.ann.uses("Use as reference", message)).modal
    answer = await scene.ann.submits(form, prompt="the same at night --ar 3:2")
    made = await done(answer.message)
    assert "**the same at night** `--ar 3:2`" in made.text
    assert len((await _newest(scene)).inputs) == 1
