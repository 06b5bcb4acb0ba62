"""What a team does with the bot, one thing after the other, on real discord.py."""

from __future__ import annotations

import pytest

from tests.adapters.discord.scene import Scene, done, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_from_a_prompt_to_an_upscale_to_a_variation_to_a_reroll(scene: Scene) -> None:
    grid = await done((await scene.ann.types(scene.channel, "imagine", prompt="a lighthouse", seed=7)).message)
    upscale = await done((await scene.ben.press(grid, "U2")).message)
    assert list(upscale.buttons) == ["Vary", "Describe", "Open"]
    assert "See the grid it came from" in upscale.text
    form = (await scene.ben.press(grid, "V3")).modal
    assert form is not None
    assert form.fields == {"prompt": "a lighthouse --seed 7"}
    varied = await done((await scene.ben.submits(form, prompt="a red lighthouse")).message)
    assert "Variation of picture 3, prompt edited" in varied.text
    assert f"<@{scene.ben.id}>" in varied.text
    reroll = await done((await scene.ann.press(grid, "Reroll")).message)
    assert "Reroll" in reroll.text
    await until(lambda: "Reroll]" in grid.text)
    assert [label for label in grid.buttons if label.endswith("✓")] == ["U2 ✓", "V3 ✓"]
    links = [f"channels/{scene.guild.id}/{scene.channel.id}/{post.id}" for post in (upscale, varied, reroll)]
    assert all(link in grid.text for link in links)
    assert scene.channel.posts == [grid, upscale, varied, reroll]
