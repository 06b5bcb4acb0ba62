"""Everything that people can do in Slack: commands, mentions, shortcuts, modals, boards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.slack.place import Place, open_place
from tests.bot.images.pictures import plain as png
from tests.fakes.slack import File, Slack


def picture(place: Place, name: str = "red.png", colour: tuple[int, int, int] = (200, 20, 20)) -> File:
    return place.ann.uploads(name, png(colour, (64, 48)))


async def test_imagine_with_nothing_opens_a_modal_with_a_live_line(place: Place) -> None:
    await place.ann.command("/imagine")
    view = await place.ann.modal("Imagine")
    await place.ann.types(view, prompt="a red lighthouse")
    await place.ann.types(view, ratio="3:2")
    await place.slack.until(lambda: "Will send: `a red lighthouse --ar 3:2`" in view.read)
    answer = await place.ann.submit(view, seed="7", flags=["--raw"])
    assert answer.acknowledged, answer.error
    assert not answer.errors
    assert not place.ann.views
    await place.post("a red lighthouse", "`--ar 3:2`", "`--seed 7`", "`--raw`", "Done in")


async def test_what_is_wrong_with_a_prompt_is_said_in_the_modal(place: Place) -> None:
    await place.ann.command("/imagine")
    view = await place.ann.modal("Imagine")
    answer = await place.ann.submit(view, prompt="a cat --ar 0:0")
    assert "--ar" in answer.errors["prompt"]
    assert place.ann.views == [view]
    again = await place.ann.submit(view, prompt="a cat --ar 1:1")
    assert not again.errors
    await place.post("a cat", "Done in")


async def test_a_modal_that_is_sent_twice_is_one_job(place: Place) -> None:
    await place.ann.command("/imagine")
    view = await place.ann.modal("Imagine")
    answer = await place.ann.submit(view, prompt="a cat")
    await place.slack.again(answer)
    await place.post("a cat", "Done in")
    assert len(place.acme.general.from_bot) == 1


async def test_a_prompt_that_cannot_be_sent_is_refused_in_the_answer(place: Place) -> None:
    answer = await place.ann.command("/imagine", "a cat --ar 0:0")
    assert answer.acknowledged
    assert "--ar" in answer.text
    assert place.acme.general.from_bot == []


async def test_v_opens_a_remix_whose_edited_prompt_is_painted(place: Place) -> None:
    grid = await place.grid("a lighthouse")
    await place.ann.press(grid, "V3")
    view = await place.ann.modal("Remix")
    await place.ann.types(view, prompt="a lighthouse in snow")
    await place.slack.until(lambda: "Will send: `a lighthouse in snow`" in view.read)
    answer = await place.ann.submit(view)
    assert not answer.errors
    await place.post("Variation of picture 3, prompt edited", "a lighthouse in snow", "Done in")


async def test_a_remix_without_a_change_is_a_plain_variation(place: Place) -> None:
    grid = await place.grid("a lighthouse")
    await place.ann.press(grid, "V1")
    view = await place.ann.modal("Remix")
    await place.ann.submit(view)
    made = await place.post("Variation of picture 1", "Done in")
    assert "edited" not in made.read


@pytest.mark.parametrize("prompt", ["a ship --repeat 3", "a {red, blue} ship", "a ship --ar 0:0"])
async def test_the_line_of_a_remix_says_what_it_is_then_refused_for(place: Place, prompt: str) -> None:
    grid = await place.grid("a lighthouse")
    await place.ann.press(grid, "V3")
    view = await place.ann.modal("Remix")
    await place.ann.types(view, prompt=prompt)
    answer = await place.ann.submit(view)
    await place.slack.until(lambda: answer.errors["prompt"] in view.read)
    assert len(place.acme.general.from_bot) == 1


@pytest.mark.parametrize("prompt", ["a {red, green, blue} cat", "a red barn"])
async def test_the_line_keeps_to_the_limits_and_the_words_of_this_studio(
    slack: Slack, tmp_path: Path, prompt: str
) -> None:
    async with open_place(slack, tmp_path, max_jobs_per_command=2, blocked_words=("barn",)) as place:
        await place.ann.command("/imagine")
        view = await place.ann.modal("Imagine")
        await place.ann.types(view, prompt=prompt)
        answer = await place.ann.submit(view)
        await slack.until(lambda: answer.errors["prompt"] in view.read)


async def test_a_mention_in_a_thread_is_answered_there(place: Place) -> None:
    grid = await place.grid("a lighthouse")
    answer = await place.ann.mentions("imagine a *red* cat &amp; a dog — really", thread=grid)
    assert answer.acknowledged
    made = await place.post("a red cat & a dog", "Done in")
    assert made.thread_ts == grid.ts
    await place.ann.press(made, "U1")
    upscale = await place.post("Upscale of picture 1", "Done in")
    assert upscale.thread_ts == grid.ts


async def test_a_mention_that_comes_again_is_one_job(place: Place) -> None:
    answer = await place.ann.mentions("imagine a cat")
    await place.slack.again(answer)
    await place.post("a cat", "Done in")
    assert len(place.acme.general.from_bot) == 1


async def test_a_mention_without_a_verb_is_told_how_to_begin(place: Place) -> None:
    await place.ann.mentions("imagin a cat")
    await place.ann.told("Did you mean imagine?")
    await place.ann.mentions("help")
    await place.ann.told("two to five pictures")


async def test_what_stands_between_a_mention_and_its_verb_is_passed_over(place: Place) -> None:
    await place.ann.mentions(", imagine a cat")
    await place.post("a cat", "Done in")


@pytest.mark.parametrize("text", ["imagine", "paint a cat"])
async def test_in_a_thread_the_example_is_one_that_works_there(place: Place, text: str) -> None:
    grid = await place.grid("a lighthouse")
    await place.ann.mentions(text, thread=grid)
    told = await place.ann.told("@imaginebot imagine a lighthouse at dusk")
    assert "/imagine" not in told.read
    await place.ann.mentions(told.read.split("`")[1].removeprefix("@imaginebot"), thread=grid)
    await place.post("at dusk", "Done in")


async def test_to_the_bot_directly_the_example_needs_no_mention(place: Place) -> None:
    await place.ann.says("imagine", where=place.ann.dm())
    told = await place.ann.told("`imagine a lighthouse at dusk")
    await place.ann.says(told.read.split("`")[1], where=place.ann.dm())
    await place.slack.until(lambda: place.ann.dm().find("at dusk", "Done in"))


async def test_a_picture_to_imagine_from_needs_words(place: Place) -> None:
    await place.ann.mentions("imagine", files=[picture(place)])
    await place.ann.told("`@imaginebot imagine a lighthouse at dusk")


async def test_what_is_written_to_the_bot_directly_is_heard(place: Place) -> None:
    answer = await place.ann.says("imagine a whale", where=place.ann.dm())
    assert answer.acknowledged, answer.error
    await place.slack.until(lambda: place.ann.dm().find("a whale", "Done in"))


async def test_a_picture_that_is_attached_to_a_mention_is_described(place: Place) -> None:
    await place.ann.mentions("describe", files=[picture(place)])
    described = await place.post("Describe", "Done in")
    assert "Imagine 1" in described.labels
    await place.ann.press(described, "Imagine 2")
    await place.post("Imagine", "See the description", "Done in")


async def test_the_describe_shortcut_describes_a_messages_picture(place: Place) -> None:
    said = await place.ann.says("look", files=[picture(place)])
    assert said.message is not None
    answer = await place.ann.shortcut("describe", said.message)
    assert answer.acknowledged, answer.error
    await place.post("Describe", "Done in")


async def test_the_describe_shortcut_describes_a_post_of_ours(place: Place) -> None:
    grid = await place.grid()
    await place.ann.shortcut("describe", grid)
    await place.post("Describe", "Done in")


async def test_the_describe_shortcut_says_where_there_is_no_picture(place: Place) -> None:
    said = await place.ann.says("look")
    assert said.message is not None
    await place.ann.shortcut("describe", said.message)
    await place.ann.told("There is no picture in that message")


async def test_the_blend_shortcut_asks_for_the_order(place: Place) -> None:
    files = [picture(place, "red.png"), picture(place, "blue.png", (10, 10, 220))]
    said = await place.ann.says("mix them", files=files)
    assert said.message is not None
    await place.ann.shortcut("blend", said.message)
    view = await place.ann.modal("Blend")
    wrong = await place.ann.submit(view, place1="2. blue.png", place2="2. blue.png")
    assert "twice" in wrong.errors["place2"]
    right = await place.ann.submit(view, place1="2. blue.png", place2="1. red.png", prompt="sea --ar 3:2")
    assert not right.errors
    await place.post("Blend of 2 pictures", "sea", "Done in")


async def test_describe_and_blend_take_uploads_in_their_modals(place: Place) -> None:
    await place.ann.command("/describe")
    view = await place.ann.modal("Describe")
    none = await place.ann.submit(view)
    assert "Give one picture" in none.errors["files"]
    await place.ann.submit(view, files=[picture(place)])
    await place.post("Describe", "Done in")
    await place.ann.command("/blend")
    view = await place.ann.modal("Blend")
    few = await place.ann.submit(view, files=[picture(place)])
    assert "2 to 5" in few.errors["files"]
    files = [picture(place, "red.png"), picture(place, "blue.png", (10, 10, 220))]
    await place.ann.submit(view, files=files, order=["Let me choose the order"])
    assert view.title == "Blend"
    await place.ann.submit(view, place1="2. blue.png", place2="1. red.png")
    await place.post("Blend of 2 pictures", "Done in")


async def test_a_file_that_is_no_picture_is_refused_kindly(place: Place) -> None:
    await place.ann.mentions("describe", files=[place.ann.uploads("odd.png", b"\x89PNG nothing")])
    await place.ann.told("picture")


async def test_the_remix_shortcut_lets_one_choose_the_picture(place: Place) -> None:
    grid = await place.grid("a lighthouse")
    await place.ann.shortcut("remix", grid)
    view = await place.ann.modal("Remix")
    await place.ann.submit(view, picture="Make variations of picture 4, bottom right", prompt="a tower")
    await place.post("Variation of picture 4, prompt edited", "a tower", "Done in")


async def test_the_imagine_shortcut_asks_where(place: Place) -> None:
    await place.ann.shortcut("imagine")
    view = await place.ann.modal("Imagine")
    await place.ann.submit(view, prompt="an owl", where=place.acme.general.id)
    await place.post("an owl", "Done in")


async def test_the_menu_describes_and_shows_the_prompt_to_copy(place: Place) -> None:
    grid = await place.grid("a lighthouse --ar 3:2")
    assert {"Describe", "Copy prompt", "Download"} <= set(grid.labels)
    await place.ann.press(grid, "Copy prompt")
    view = await place.ann.modal("Prompt")
    assert "a lighthouse --ar 3:2" in view.read
    await place.ann.press(grid, "Describe")
    await place.post("Describe", "Done in")


async def test_jobs_shows_the_teams_jobs_privately_with_cancel_for_ones_own(place: Place) -> None:
    await place.grid("a lighthouse")
    await place.ann.command("/imagine", "a gated cat")
    await place.post("a gated cat")
    bob = place.acme.member("Bob")
    await bob.command("/jobs")
    theirs = await bob.told("a lighthouse", "a gated cat")
    assert "Cancel" not in theirs.labels
    assert theirs.images
    await place.ann.command("/jobs")
    mine = await place.ann.told("a lighthouse", "a gated cat")
    await place.ann.press(mine, "Cancel")
    await place.post("a gated cat", "Cancelled by ann")


async def test_the_home_tab_shows_jobs_page_by_page(place: Place) -> None:
    for number in range(10):
        await place.ann.command("/imagine", f"owl {number}")
    for number in range(10):
        await place.post(f"owl {number}", "Done in")
    home = await place.ann.opens_home()
    assert "owl 9" in home.read
    assert "owl 1\n" not in home.read
    assert home.images
    await place.ann.press(home, "Older")
    await place.slack.until(lambda: place.ann.home is not None and "owl 1" in place.ann.home.read)
    assert place.ann.home is not None
    await place.ann.press(place.ann.home, "Newer")
    await place.slack.until(lambda: place.ann.home is not None and "owl 9" in place.ann.home.read)
    await place.ann.press(place.ann.home, "Imagine")
    await place.ann.modal("Imagine")


@pytest.mark.parametrize("text", ["https://example.org/cat.png and words", "cat"])
async def test_describe_takes_a_picture_and_no_words(place: Place, text: str) -> None:
    answer = await place.ann.command("/describe", text)
    assert "takes a picture and no words" in answer.text


async def test_an_address_that_cannot_be_fetched_is_told_to_the_one_who_asked(place: Place) -> None:
    answer = await place.ann.command("/describe", "http://127.0.0.1:1/cat.png")
    assert answer.acknowledged
    await place.ann.told("not on the public internet")
