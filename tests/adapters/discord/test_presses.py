"""Buttons and forms: once, by anybody, at any age."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from adapters.discord import finding, forms
from bot.jobs.model import API_PLATFORM, Conversation, JobFilter, Requester, Source
from tests.adapters.discord.scene import TIME_LIMIT_S, Scene, done, job_of, until
from tests.adapters.posts import caught_up
from tests.fakes.discord import Message, NoAnswer
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _grid(scene: Scene, prompt: str = "a lighthouse") -> Message:
    return await done((await scene.ann.types(scene.channel, "imagine", prompt=prompt)).message)


async def _given_up(scene: Scene) -> None:
    """Wait until the post of the newest job has been given up."""
    (view,) = (await scene.app.service.list(JobFilter(workspace=str(scene.guild.id)), limit=1)).views
    state = ""
    async with asyncio.timeout(TIME_LIMIT_S):
        while state != "gone":
            await asyncio.sleep(0.01)
            async with scene.app.database.transaction() as connection:
                [[state]] = await connection.rows("SELECT state FROM posts WHERE job_id = :id", {"id": view.job_id})


async def test_a_second_press_leads_to_the_upscale_that_exists(scene: Scene) -> None:
    grid = await _grid(scene)
    first = (await scene.ann.press(grid, "U2")).message
    await until(lambda: "U2 ✓" in grid.buttons)
    again = await scene.ben.press(grid, "U2 ✓")
    assert again.message.private
    assert f"/{scene.channel.id}/{first.id}" in again.message.text
    assert len(scene.channel.posts) == 2


async def test_an_upscale_whose_post_was_removed_is_shown_to_whoever_asks_for_it_again(scene: Scene) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    await scene.ann.reacts(upscale, "❌")
    await until(lambda: upscale.deleted and "U1 ✓" in grid.buttons)
    again = (await scene.ben.press(grid, "U1 ✓")).message
    await until(lambda: again.pictures)
    assert again.private
    assert "Upscale of picture 1" in again.text
    varied = await scene.ben.press(again, "Vary")
    assert varied.kind == "modal"
    assert "Variation of picture 1" in (await done((await scene.ben.submits(varied.modal)).message)).text


async def test_a_retry_whose_post_was_removed_is_shown_to_whoever_asks_for_it_again(scene: Scene) -> None:
    post = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    await scene.ann.press(post, "Cancel")
    await done(post)
    scene.open_gate()
    retried = await done((await scene.ann.press(post, "Retry")).message)
    await scene.world.world.remove(retried)
    again = (await scene.ben.press(post, "Retry")).message
    await until(lambda: again.pictures)
    assert again.private
    assert "U1" in again.buttons


async def test_an_upscale_that_a_program_has_made_without_a_post_is_shown_to_whoever_asks_for_it(scene: Scene) -> None:
    grid = await _grid(scene)
    here = str(scene.guild.id)
    program = Source(
        requester=Requester(platform=API_PLATFORM, workspace=here, user_id="ci", name="ci"),
        conversation=Conversation(platform=API_PLATFORM, workspace=here, channel="ci"),
        key="upscale it",
    )
    await scene.app.service.upscale(program, (await job_of(scene, grid)).id, 1)
    await until(lambda: "U1 ✓" in grid.buttons)
    shown = (await scene.ben.press(grid, "U1 ✓")).message
    await until(lambda: "Upscale of picture 1" in shown.text)
    assert shown.private


async def test_a_job_whose_post_was_given_up_is_shown_to_whoever_asks_for_it_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await _grid(scene)
    monkeypatch.setattr(finding, "ANSWERED_WITHIN", timedelta())
    scene.ann.user.closed = True
    scene.world.faults.refuse("POST", "/interactions/*/*/callback", 10062)
    scene.world.faults.refuse("POST", f"/channels/{scene.channel.id}/messages", 50001)
    with pytest.raises(NoAnswer):
        await scene.ann.press(grid, "U1")
    await until(lambda: "U1 ✓" in grid.buttons)
    await _given_up(scene)
    again = (await scene.ben.press(grid, "U1 ✓")).message
    await until(lambda: again.pictures)
    assert again.private
    assert "Upscale of picture 1" in again.text
    assert "There is no post of this here, so I show it to you alone." in again.text


async def test_nothing_links_to_a_post_that_was_removed(scene: Scene) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    described = await done((await scene.ann.press(upscale, "Describe")).message)
    varied = (await scene.ann.submits((await scene.ann.press(upscale, "Vary")).modal)).message
    await done(varied)
    address = f"/{scene.channel.id}/{upscale.id}"
    await until(lambda: address in grid.text and address in described.text)
    assert address in (await scene.ben.types(scene.channel, "jobs")).message.text
    await scene.ann.reacts(upscale, "❌")
    await until(lambda: address not in grid.text and address not in described.text)
    assert address not in (await scene.ben.types(scene.channel, "jobs")).message.text
    await scene.ann.reacts(grid, "❌")
    await until(lambda: f"/{scene.channel.id}/{grid.id}" not in varied.text)


async def test_an_upscale_links_no_more_to_what_came_of_it_once_that_was_removed(scene: Scene) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    varied = await done((await scene.ann.submits((await scene.ann.press(upscale, "Vary")).modal)).message)
    await until(lambda: f"/{scene.channel.id}/{varied.id}" in upscale.text)
    await scene.ann.reacts(varied, "❌")
    await until(lambda: f"/{scene.channel.id}/{varied.id}" not in upscale.text)


async def test_a_post_that_was_found_removed_is_linked_to_no_more(scene: Scene) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    address = f"/{scene.channel.id}/{upscale.id}"
    await until(lambda: address in grid.text)
    await scene.world.world.remove(upscale)
    again = (await scene.ben.press(grid, "U1 ✓")).message
    await until(lambda: again.pictures and address not in grid.text)


async def test_a_post_that_was_removed_before_its_job_ended_is_linked_to_no_more(scene: Scene) -> None:
    first = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    await scene.ann.press(first, "Cancel")
    await done(first)
    retried = (await scene.ann.press(first, "Retry")).message
    address = f"/{scene.channel.id}/{retried.id}"
    await until(lambda: address in first.text)
    await scene.world.world.remove(retried)
    scene.open_gate()
    await until(lambda: address not in first.text)


@pytest.mark.parametrize("code", [50001, 0])
async def test_a_post_of_which_discord_does_not_say_whether_it_is_there_counts_as_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    await until(lambda: "U1 ✓" in grid.buttons)
    monkeypatch.setattr(finding, "LOOKED_FOR_S", 0.2)
    if code:
        scene.world.faults.refuse("GET", f"/channels/*/messages/{upscale.id}", code)
    else:
        scene.world.faults.fail("GET", f"/channels/*/messages/{upscale.id}")
    again = (await scene.ben.press(grid, "U1 ✓")).message
    assert again.private
    assert f"That is there already: https://discord.com/channels/{scene.guild.id}" in again.text


async def test_a_press_that_arrives_twice_is_one(scene: Scene) -> None:
    grid = await _grid(scene)
    before = len(scene.world.asked("POST", "/interactions/.*/callback"))
    answer = await scene.ann.press(grid, "Reroll", twice=True)
    await done(answer.message)
    assert len(scene.channel.posts) == 2
    assert len(scene.world.asked("POST", "/interactions/.*/callback")) == before + 1


async def test_a_command_that_arrives_twice_is_one(scene: Scene) -> None:
    answer = await scene.ann.types(scene.channel, "imagine", prompt="a ship", twice=True)
    await done(answer.message)
    assert len(scene.channel.posts) == 1


async def test_an_unedited_form_makes_a_plain_variation(scene: Scene) -> None:
    grid = await _grid(scene)
    form = (await scene.ann.press(grid, "V1")).modal
    varied = await done((await scene.ann.submits(form)).message)
    assert "Variation of picture 1 ·" in varied.text


async def test_a_form_without_words_is_told(scene: Scene) -> None:
    grid = await _grid(scene)
    form = (await scene.ann.press(grid, "V1")).modal
    answer = await scene.ann.submits(form, prompt="   ")
    assert answer.message.private
    assert "There are no words left" in answer.message.text


async def test_a_prompt_too_long_for_the_form_is_left_out_of_it_and_sent_whole(scene: Scene) -> None:
    words, without = ("a ship at sea " * 270).strip(), ("people " * 70).strip()
    prompt = f"{words} --no {without}"
    assert len(prompt) > forms.PROMPT_LIMIT
    grid = await done((await scene.ann.types(scene.channel, "imagine", prompt=words, no=without)).message)
    form = (await scene.ann.press(grid, "V1")).modal
    assert form is not None
    assert form.fields == {"prompt": None}
    assert "Leave it empty for variations of the prompt as it was." in form.components[0]["description"]
    varied = await done((await scene.ann.submits(form)).message)
    assert "Variation of picture 1 ·" in varied.text
    assert (await job_of(scene, varied)).prompt == (await job_of(scene, grid)).prompt == prompt
    edited = await done((await scene.ann.submits(form, prompt="a boat")).message)
    assert "Variation of picture 1, prompt edited" in edited.text
    assert "**a boat**" in edited.text


async def test_what_was_made_without_words_is_varied_without_any(scene: Scene) -> None:
    blend = await done((await scene.ann.types(scene.channel, "blend", image1=png(), image2=png((9, 9, 90)))).message)
    form = (await scene.ann.press(blend, "V1")).modal
    varied = await done((await scene.ann.submits(form)).message)
    assert "Variation of picture 1 ·" in varied.text


async def test_an_edited_form_is_told_where_the_picture_cannot_be_lent_and_an_unedited_one_is_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = await _grid(scene)
    form = (await scene.ann.press(grid, "V1")).modal
    monkeypatch.setattr(
        scene.app.service._following, "_can_lend", lambda: False
    )  # as where the service has no way to us
    refused = (await scene.ann.submits(form, prompt="a red lighthouse")).message
    assert refused.private
    assert refused.text.replace("\\", "") == (
        "**That cannot be done.** The image service cannot reach pictures that are kept here, so the prompt cannot be "
        "edited. Leave it as it is for plain variations, or ask the admin to set PUBLIC_URL."
    )
    varied = await done((await scene.ann.submits(form)).message)
    assert "Variation of picture 1 ·" in varied.text


async def test_who_turned_forms_off_gets_variations_at_once_and_others_their_form(scene: Scene) -> None:
    grid = await _grid(scene)
    answer = await scene.ann.types(scene.channel, "remix", prompt="off")
    assert "makes variations at once" in answer.message.text
    varied = await scene.ann.press(grid, "V1")
    assert "Variation of picture 1" in varied.message.text
    assert (await scene.ben.press(grid, "V2")).kind == "modal"
    await scene.ann.types(scene.channel, "remix", prompt="on")
    assert (await scene.ann.press(grid, "V2")).kind == "modal"


async def test_an_upscale_can_be_varied_described_and_opened(scene: Scene) -> None:
    grid = await _grid(scene)
    upscale = await done((await scene.ann.press(grid, "U1")).message)
    form = (await scene.ben.press(upscale, "Vary")).modal
    assert form is not None
    assert form.title == "Vary this picture"
    described = await done((await scene.ben.press(upscale, "Describe")).message)
    assert "Imagine 1" in described.buttons
    opened = await scene.ben.press(upscale, "Open")
    assert opened.message.private
    assert upscale.pictures[0].url in opened.message.text


async def test_retry_after_a_failure(scene: Scene) -> None:
    failed = await done((await scene.ann.types(scene.channel, "imagine", prompt="a broken ship")).message)
    assert list(failed.buttons) == ["Retry"]
    again = await scene.ann.press(failed, "Retry")
    assert "Failed" in (await done(again.message)).text
    assert "See the first try" in again.message.text


async def test_a_job_that_is_cancelled_can_be_asked_for_again(scene: Scene) -> None:
    post = (await scene.ann.types(scene.channel, "imagine", prompt="a gated ship")).message
    assert (await scene.ann.press(post, "Cancel")).kind == "silent"
    assert "Cancelled by Ann" in (await done(post)).text
    scene.open_gate()
    again = await done((await scene.ben.press(post, "Retry")).message)
    assert "Done" in again.text


async def test_a_button_of_a_job_that_is_gone_says_so(scene: Scene) -> None:
    grid = await _grid(scene)
    async with scene.app.database.transaction() as connection:
        await connection.execute("DELETE FROM buttons")
    answer = await scene.ann.press(grid, "U1")
    assert answer.message.private
    assert "That button no longer works" in answer.message.text


async def test_a_person_of_another_server_cannot_reach_the_job_by_its_id(scene: Scene) -> None:
    await _grid(scene)
    elsewhere = scene.world.guild("Elsewhere")
    eve = elsewhere.member("Eve")
    listed = await eve.types(elsewhere.channel("general"), "jobs")
    assert "There is nothing here yet" in listed.message.text


async def test_what_somebody_else_said_in_answer_is_not_taken_for_the_post(scene: Scene) -> None:
    scene.world.faults.lose("POST", "/interactions/*/*/callback", before=True)
    known = set(scene.world.world.interactions)
    typed = asyncio.create_task(scene.ann.types(scene.channel, "imagine", prompt="a ship"))
    await until(lambda: scene.world.asked("POST", "/interactions/.*/callback")[-1].status is None)
    (token,) = set(scene.world.world.interactions) - known
    asked = scene.world.world.interactions[token]
    async with httpx.AsyncClient() as other:
        address = f"{scene.world.api_url}/interactions/{asked.id}/{token}/callback"
        said = await other.post(address, json={"type": 4, "data": {"content": "busy", "flags": 64}})
    assert said.is_success
    assert (await typed).message.text == "busy"
    await until(lambda: scene.channel.posts)
    (post,) = scene.channel.posts
    await done(post)
    assert (await typed).message.text == "busy"


async def test_what_comes_after_an_end_that_was_shown_makes_no_second_message(scene: Scene) -> None:
    elsewhere = scene.world.guild("Elsewhere", installed=False)
    channel, bea = elsewhere.channel(), elsewhere.member("Bea")
    grid = await bea.types(channel, "imagine", prompt="a ship", personal=True)
    await done(grid.message)
    first = await bea.press(grid.message, "U1", personal=True)
    await done(first.message)
    await caught_up(scene.app.database)
    grid.interaction.expire()
    first.interaction.expire()
    second = await bea.press(grid.message, "U2", personal=True)
    await done(second.message)
    await scene.app.service.post_removed((await job_of(scene, grid.message)).id)
    await caught_up(scene.app.database)
    assert bea.direct.posts == []
