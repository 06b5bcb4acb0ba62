"""What was sent and not answered is sent again, and happens once all the same."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from bot.jobs.intake import UNDER_WAY_LIMIT
from bot.jobs.model import JobFilter
from tests.adapters.conformance.states import Stage
from tests.adapters.web.desk import Desk, a_post, png
from tests.adapters.web.page.visit import send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TRIES = 4
"""How often the page sends something by itself."""

LOST = "lost"
STARTING = "The page is still starting. Please try again in a moment."
"""What may become of an answer: the server did it and nobody heard, or it does nothing yet."""


async def meet(page: Page, *fates: str) -> list[str]:
    """Let the next requests that are sent meet these fates, and give those that are still to come."""
    left = list(fates)

    async def answer(route: Route) -> None:
        if route.request.method != "POST" or "/c/" not in route.request.url or not left:
            await route.continue_()
        elif (fate := left.pop(0)) == LOST:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            headers = {"Retry-After": "1", "Content-Type": "text/plain; charset=utf-8"}
            await route.fulfill(status=503, body=fate, headers=headers)

    await page.route("**/*", answer)
    return left


async def prompts(desk: Desk) -> list[str]:
    return [view.prompt for view in (await desk.app.service.list(JobFilter())).views]


async def test_a_program_that_is_still_starting_is_waited_for(desk: Desk, page: Page) -> None:
    left = await meet(page, LOST, STARTING)
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("")
    assert left == []
    await expect(page.locator("#notices > *")).to_have_count(0)
    assert await prompts(desk) == ["a cat"]


async def test_a_program_that_takes_long_to_start_says_so_and_gets_it_once(desk: Desk, page: Page) -> None:
    left = await meet(page, LOST, *[STARTING] * (TRIES - 1))
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_contain_text(STARTING)
    assert left == []
    box = page.get_by_role("textbox", name="Message #general")
    await expect(box).to_have_value("/imagine a cat")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat"]
    await send(page, "/imagine a cat")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat", "a cat"], "what has been answered may be asked for again"


async def test_a_refusal_of_whoever_stands_before_the_program_is_not_read_as_its_words(page: Page) -> None:
    await page.route("**/messages", lambda route: route.fulfill(status=403, body="<h1>Forbidden</h1>"))
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_contain_text("Something went wrong here")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("/imagine a cat")


async def test_what_is_sent_with_a_picture_after_four_lost_answers_happens_once(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "one.png").write_bytes(png())
    await page.set_input_files("#files", tmp_path / "one.png")
    # A request with a file cannot be carried out on the way, so the page itself does not hear the answers.
    await page.evaluate(
        """(left) => {
            const real = window.fetch;
            window.fetch = async (address, options) => {
                const answer = await real(address, options);
                if (`${address}`.endsWith("/messages") && left-- > 0) throw new TypeError("lost");
                return answer;
            };
        }""",
        TRIES,
    )
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    assert await prompts(desk) == ["a cat"]
    box = page.get_by_role("textbox", name="Message #general")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat"]


async def test_what_was_not_answered_happens_once_also_after_a_reload(desk: Desk, page: Page) -> None:
    await meet(page, *[LOST] * TRIES)
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.reload()
    box = page.get_by_role("textbox", name="Message #general")
    await expect(box).to_have_value("/imagine a cat")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat"]


async def test_what_is_refused_for_want_of_room_after_its_answers_were_lost_happens_once(
    desk: Desk, page: Page
) -> None:
    await meet(page, *[LOST] * TRIES)
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    box = page.get_by_role("textbox", name="Message #general")
    async with AsyncExitStack() as everybody_else:
        for _ in range(UNDER_WAY_LIMIT):
            await everybody_else.enter_async_context(desk.app.service.intake.taking())
        await box.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("A moment, please")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat"]


@pytest.mark.parametrize("reload", [False, True])
async def test_a_press_that_was_not_answered_happens_once(desk: Desk, page: Page, reload: bool) -> None:
    stage = Stage(app=desk.app, conversation=a_post().conversation)
    grid = await stage.done(await stage.imagine("a cat"))
    await desk.adapter.post(*await stage.shown(grid))
    button = page.get_by_role("button", name="Reroll")
    await meet(page, *[LOST] * TRIES)
    await button.click()
    await expect(page.get_by_role("alert")).to_contain_text("Please try again in a moment")
    (again, _) = (await desk.app.service.list(JobFilter())).views
    await desk.adapter.post(*await stage.shown(await desk.app.service.get(again.job_id)))
    if reload:
        await page.reload()
    await button.first.click()
    await expect(page.locator("li.post").last).to_be_focused()
    assert await prompts(desk) == ["a cat", "a cat"]


@pytest.mark.parametrize(("minutes", "messages"), [(1, 1), (3, 2)])
async def test_the_same_words_are_meant_anew_once_nobody_would_still_be_trying_again(
    page: Page, minutes: int, messages: int
) -> None:
    await meet(page, *[LOST] * TRIES)
    await send(page, "yes")
    await expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    await page.evaluate("(later) => { const now = Date.now; Date.now = () => now() + later; }", minutes * 60_000)
    box = page.get_by_role("textbox", name="Message #general")
    await box.press("Enter")
    await expect(box).to_have_value("")
    await expect(page.locator("li.message .said")).to_have_text(["yes"] * messages)


@pytest.mark.parametrize("length", [3_000_000, 6_000_000])
async def test_a_text_for_which_the_browser_has_no_room_is_refused_and_can_be_mended(page: Page, length: int) -> None:
    box = page.get_by_role("textbox", name="Message #general")
    await box.evaluate("(box, length) => { box.value = 'x'.repeat(length); }", length)
    await box.dispatch_event("input")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await send(page, "hello")
    await expect(box).to_have_value("")
    await expect(page.locator("li.message .said")).to_have_text(["hello"])


async def test_a_browser_that_keeps_nothing_sends_all_the_same_and_once(desk: Desk, page: Page) -> None:
    refuse = "() => { throw new DOMException('no room', 'QuotaExceededError'); }"
    await page.evaluate(f"() => {{ Storage.prototype.setItem = {refuse}; Storage.prototype.getItem = {refuse}; }}")
    await meet(page, *[LOST] * TRIES)
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    box = page.get_by_role("textbox", name="Message #general")
    await box.press("Enter")
    await expect(box).to_have_value("")
    assert await prompts(desk) == ["a cat"]
