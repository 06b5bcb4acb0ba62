"""What people type, on a Discord of our own, with the whole program behind it."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord import desk
from adapters.discord.completing import CHOICE_LIMIT
from bot.jobs.model import JobFilter
from tests.adapters.discord.scene import Scene, done, until
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_imagine_is_answered_with_the_post_itself(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a lighthouse", aspect="3:2", seed=7)
    assert answer.kind == "message"
    assert not answer.message.private
    grid = await done(answer.message)
    assert "**a lighthouse** `--ar 3:2 --seed 7`" in grid.text
    assert f"<@{scene.ann.id}>" in grid.text
    assert list(grid.buttons) == ["U1", "U2", "U3", "U4", "Reroll", "V1", "V2", "V3", "V4"]
    (picture,) = grid.pictures
    assert (picture.width, picture.height) == (96, 64)
    assert picture.description == "Grid of four pictures: a lighthouse"
    assert scene.channel.posts == [grid]


async def test_an_option_that_contradicts_the_prompt_is_told_and_nothing_is_made(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a ship --ar 3:2", aspect="16:9")
    assert answer.message.private
    assert "The prompt says --ar 3:2 and the option says --ar 16:9." in answer.message.text.replace("\\", "")
    assert scene.channel.posts == []


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"mode": "turbo"}, "--turbo"),
        ({"stylize": 250, "chaos": 5}, "--s 250 --c 5"),
        ({"no": "boats, people"}, "--no boats, people"),
        ({"aspect": "3:2", "prompt": "a ship --ar 3:2"}, "--ar 3:2"),
    ],
)
async def test_options_stand_in_the_prompt_as_parameters(scene: Scene, options: dict[str, Any], shown: str) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", **{"prompt": "a ship", **options})
    assert f"**a ship** `{shown}`" in answer.message.text


async def test_a_prompt_that_cannot_be_sent_is_told_in_private(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="--ar 3:2")
    assert answer.message.private
    assert answer.message.text.startswith("**The prompt needs a change.**")
    assert scene.channel.posts == []


async def test_permutations_are_the_answer_and_messages_after_it_each_once(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a {red, green, blue} bird")
    await until(lambda: len(scene.channel.posts) == 3)
    posts = [await done(post) for post in scene.channel.posts]
    assert posts[0] is answer.message
    assert sorted(post.text.splitlines()[1] for post in posts) == [
        "**a blue bird**",
        "**a green bird**",
        "**a red bird**",
    ]


async def test_a_prompt_is_completed_from_the_grammar_and_from_ones_own_past(scene: Scene) -> None:
    await scene.ann.types(scene.channel, "imagine", prompt="a lighthouse at dusk")
    long = "a ship " + "on a very long voyage " * 6
    await scene.ann.types(scene.channel, "imagine", prompt=long)
    offered = (await scene.ann.completes(scene.channel, "imagine", "prompt", "light")).choices
    assert offered == ("a lighthouse at dusk",)
    assert (await scene.ben.completes(scene.channel, "imagine", "prompt", "light")).choices == ()
    offered = (await scene.ann.completes(scene.channel, "imagine", "prompt", "a ship --sty")).choices
    assert "a ship --stylize" in offered
    (marked,) = (await scene.ann.completes(scene.channel, "imagine", "prompt", "voyage")).choices
    assert len(marked) < CHOICE_LIMIT
    answer = await scene.ann.types(scene.channel, "imagine", prompt=marked)
    assert long.strip() in answer.message.text


async def test_a_reference_picture_goes_along(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a harbour", reference=png())
    await done(answer.message)
    (job,) = (await scene.app.service.list(JobFilter(workspace=str(scene.guild.id)))).views
    assert len(job.inputs) == 1


async def test_describe_a_file_and_imagine_what_it_says(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "describe", image=png())
    description = await done(answer.message)
    assert [label for label in description.buttons if label.startswith("Imagine")] == [
        "Imagine 1",
        "Imagine 2",
        "Imagine 3",
        "Imagine 4",
    ]
    assert len(description.pictures) == 1
    made = await scene.ben.press(description, "Imagine 2")
    assert "way 2" in (await done(made.message)).text
    assert "See the description" in made.message.text


@pytest.mark.parametrize("given", [{}, {"image": png(), "url": "https://example.org/a.png"}])
async def test_describe_wants_one_picture(scene: Scene, given: dict[str, Any]) -> None:
    answer = await scene.ann.types(scene.channel, "describe", **given)
    assert answer.message.private
    assert "Give one picture" in answer.message.text


async def test_an_address_inside_our_own_network_is_not_fetched(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "describe", url=f"{scene.world.origin}/attachments/1/2/a.png")
    assert answer.message.private
    assert "That picture cannot be used" in answer.message.text


async def test_blend_mixes_in_the_shape_and_words_that_are_chosen(scene: Scene) -> None:
    answer = await scene.ann.types(
        scene.channel, "blend", image1=png(), image2=png((9, 9, 90)), dimensions="Portrait", prompt="in winter"
    )
    blend = await done(answer.message)
    assert "Blend of 2 pictures" in blend.text
    assert "**in winter** `--ar 2:3`" in blend.text
    assert "U1" in blend.buttons


async def test_what_is_no_picture_is_named(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "blend", image1=png(), image2=b"words")
    assert answer.message.private
    assert "upload\\" not in answer.message.text
    assert "upload-2.png" in answer.message.text


async def test_pictures_that_take_a_while_are_waited_for_in_sight(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "PATIENCE_S", 0.0)
    answer = await scene.ann.types(scene.channel, "describe", image=png())
    assert answer.kind == "thinking"
    description = await done(answer.message)
    assert "Imagine 1" in description.buttons
    assert scene.channel.posts == [description]


async def test_what_goes_wrong_after_that_is_still_told_in_private(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "PATIENCE_S", 0.0)
    answer = await scene.ann.types(scene.channel, "describe", image=b"words")
    await until(lambda: answer.followups)
    assert answer.followups[0].private
    assert "That picture cannot be used" in answer.followups[0].text
    assert scene.channel.posts == []


async def test_jobs_lists_what_everybody_makes_by_pages_and_shows_one(scene: Scene) -> None:
    for number in range(8):
        await scene.ann.types(scene.channel, "imagine", prompt=f"ship {number}")
    await scene.ben.types(scene.channel, "imagine", prompt="a house")
    for post in scene.channel.posts:
        await done(post)
    answer = await scene.ben.types(scene.channel, "jobs")
    assert answer.message.private
    assert "a house" in answer.message.text
    assert "ship 7" in answer.message.text
    assert "ship 2" not in answer.message.text
    await scene.ben.press(answer.message, "Older")
    assert "ship 2" in answer.message.text
    assert "a house" not in answer.message.text
    await scene.ben.press(answer.message, "Newest")
    assert "a house" in answer.message.text
    assert f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}/" in answer.message.text
    shown = await scene.ben.press(answer.message, "Show")
    await until(lambda: "U1" in shown.message.buttons)
    assert shown.message.private
    assert len(shown.message.pictures) == 1


async def test_jobs_of_one_person_and_of_one_standing(scene: Scene) -> None:
    await done((await scene.ann.types(scene.channel, "imagine", prompt="a ship")).message)
    await scene.ben.types(scene.channel, "imagine", prompt="a gated house")
    of_ben = await scene.ann.types(scene.channel, "jobs", member=scene.ben)
    assert "house" in of_ben.message.text
    assert "a ship" not in of_ben.message.text
    finished = await scene.ann.types(scene.channel, "jobs", status="done")
    assert "a ship" in finished.message.text
    assert "house" not in finished.message.text
    failed = await scene.ann.types(scene.channel, "jobs", status="failed")
    assert "There is nothing here yet" in failed.message.text


async def test_job_shows_one_with_buttons_that_work_and_none_of_another_server(scene: Scene) -> None:
    post = await done((await scene.ann.types(scene.channel, "imagine", prompt="a ship")).message)
    (job_id,) = (await scene.ann.completes(scene.channel, "job", "id", "ship")).choices
    answer = await scene.ben.types(scene.channel, "job", id=job_id)
    await until(lambda: "U1" in answer.message.buttons)
    assert answer.message.private
    made = await scene.ben.press(answer.message, "U1")
    assert not made.message.private
    assert "Upscale of picture 1" in (await done(made.message)).text
    await until(lambda: "U1 ✓" in post.buttons)
    elsewhere = scene.world.guild("Elsewhere")
    stranger = elsewhere.member("Eve")
    refused = await stranger.types(elsewhere.channel("general"), "job", id=job_id)
    assert refused.message.private
    assert "That job is gone" in refused.message.text


async def test_cancel_stops_the_latest_of_ones_own_or_all(scene: Scene) -> None:
    first = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    second = (await scene.ann.types(scene.channel, "imagine", prompt="a gated house")).message
    others = (await scene.ben.types(scene.channel, "imagine", prompt="a gated tree")).message
    offered = (await scene.ann.completes(scene.channel, "cancel", "job", "")).choices
    assert len(offered) == 3
    assert offered[0] == "all"
    answer = await scene.ann.types(scene.channel, "cancel")
    assert answer.message.private
    assert "Cancelled by Ann" in (await done(second)).text
    answer = await scene.ann.types(scene.channel, "cancel", job="all")
    assert "Cancelled by Ann" in (await done(first)).text
    answer = await scene.ann.types(scene.channel, "cancel")
    assert "Nothing of yours is under way" in answer.message.text
    scene.open_gate()
    assert "Done" in (await done(others)).text


async def test_cancel_is_for_those_who_asked_and_for_those_who_manage_messages(scene: Scene) -> None:
    post = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    refused = await scene.ben.press(post, "Cancel")
    assert refused.message.private
    assert "Only Ann, who asked for this, can cancel it" in refused.message.text
    moderator = scene.guild.member("Mo", moderator=True)
    allowed = await moderator.press(post, "Cancel")
    assert allowed.kind == "silent"
    assert "Cancelled by Mo" in (await done(post)).text


async def test_help_tells_what_can_be_done(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "help")
    assert answer.message.private
    for command in ("/imagine", "/describe", "/blend", "/jobs", "/job", "/cancel", "/remix", "✉️"):
        assert command in answer.message.text
