"""The way through a channel's messages: nothing is missed on it, and one finds back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from bot.jobs.view import JobLink
from tests.adapters.web.desk import Desk, a_post, a_view, desk_in, served
from tests.adapters.web.page.visit import TIME_LIMIT_MS, come_in, painting, send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def talk(desk: Desk, lines: int) -> None:
    member, _ = await desk.chat.join("Grace")
    for number in range(lines):
        await desk.chat.say("general", member, f"line {number}.", f"key-{number}-{lines}")


@pytest.mark.parametrize("way", ["latest", "newer", "older"])
async def test_what_ends_while_its_message_is_being_fetched_is_shown_as_ended(
    desk: Desk, page: Page, url: str, way: str
) -> None:
    old = await desk.adapter.post(a_post("old"), a_view(post_id="old", job_id="old"))
    if way != "older":
        await talk(desk, 40)
    reference = await desk.adapter.post(a_post(), painting(2, 1))
    if way == "older":
        await talk(desk, 40)
    fetched, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        fetched.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await page.goto(f"{url}/c/general" if way == "older" else f"{url}/m/{old}")
    post = page.locator(f"#m-{reference}")
    await expect(post).to_have_count(0)
    await page.route("**/c/general/messages?*", hold)
    if way == "older":
        await page.locator("#scroll").evaluate("region => region.scrollTop = 0")
    else:
        await page.get_by_role("button", name="Latest" if way == "latest" else "Show newer").press("Enter")
    async with asyncio.timeout(TIME_LIMIT_MS / 1000):
        await fetched.wait()
    member, _ = await desk.chat.join("Mary")
    await desk.chat.say("general", member, "said meanwhile", "key-meanwhile")
    await desk.adapter.edit(a_post(reference=reference), a_view(revision=2))
    await desk.adapter.post(a_post("mark", channel="studio"), a_view(post_id="mark", job_id="mark"))
    await expect(page.get_by_role("link", name="studio (new messages)")).to_be_visible()
    go_on.set()
    await expect(post.locator(".state-text")).to_have_text("Done in 4 s")
    await expect(page.get_by_text("said meanwhile")).to_have_count(1)


async def test_at_the_end_of_what_is_loaded_both_ways_on_can_be_seen(desk: Desk, page: Page, url: str) -> None:
    old = await desk.adapter.post(a_post("old"), a_view(post_id="old", job_id="old"))
    await talk(desk, 40)
    await page.goto(f"{url}/m/{old}")
    newer, latest = (page.get_by_role("button", name=name) for name in ("Show newer messages", "Latest messages"))
    for width in (360, 1200):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.locator("#scroll").evaluate("region => region.scrollTop = region.scrollHeight")
        await expect(latest).to_be_visible()
        upper, lower = await newer.bounding_box(), await latest.bounding_box()
        assert upper is not None
        assert lower is not None
        assert upper["y"] + upper["height"] < lower["y"]


async def test_of_what_is_not_on_the_page_only_the_new_is_read_out(desk: Desk, page: Page, url: str) -> None:
    old = await desk.adapter.post(a_post("old"), a_view(post_id="old", job_id="old"))
    await talk(desk, 40)
    reference = await desk.adapter.post(a_post(), painting(2, 1))
    await page.goto(f"{url}/m/{old}")
    await expect(page.get_by_role("button", name="Show newer messages")).to_be_visible()
    await desk.adapter.edit(a_post(reference=reference), a_view(revision=2))
    await desk.adapter.post(a_post("mark", channel="studio"), a_view(post_id="mark", job_id="mark"))
    await expect(page.get_by_role("link", name="studio (new messages)")).to_be_visible()
    # What is read out is put there by a timer of as long, which was set before this one.
    await page.evaluate("() => new Promise((done) => setTimeout(done, 60))")
    await expect(page.locator("#announcer")).to_be_empty()
    await desk.adapter.post(a_post("new"), a_view(post_id="new", job_id="new"))
    await expect(page.locator("#announcer")).to_have_text("Ada Lovelace: Imagine")


async def test_a_post_that_was_made_and_changed_while_one_was_away_is_shown_in_its_place(
    browser: Browser, tmp_path: Path
) -> None:
    page = await browser.new_page()
    async with desk_in(tmp_path) as desk, served(desk) as url:
        await come_in(page, url, "Ada")
        await send(page, "hello")
        await expect(page.get_by_text("hello", exact=True)).to_be_visible()
    async with desk_in(tmp_path) as desk:
        reference = await desk.adapter.post(a_post(), painting(2, 1))
        await talk(desk, 2)
        await desk.adapter.edit(a_post(reference=reference), a_view(revision=2))
        async with served(desk, port=int(url.rsplit(":", 1)[1])):
            await expect(page.get_by_text("Done in 4 s")).to_be_visible(timeout=TIME_LIMIT_MS)
            numbers = await page.locator("li.message").evaluate_all("all => all.map((each) => Number(each.dataset.id))")
            assert len(numbers) == 4
            assert numbers == sorted(numbers)
            await page.context.close()


async def test_back_leads_to_the_place_from_where_one_went_to_the_grid(desk: Desk, page: Page, url: str) -> None:
    reference = await desk.adapter.post(a_post(), a_view())
    await talk(desk, 10)
    origin = JobLink(label="See the grid it came from", job_id=a_view().job_id, reference=reference)
    made = a_view(post_id="made", job_id="made", origin=origin)
    await desk.adapter.post(a_post("made"), made)
    await talk(desk, 18)
    await page.goto(f"{url}/c/general")
    link = page.get_by_role("link", name="See the grid it came from")
    await link.scroll_into_view_if_needed()
    await expect(page.locator(f"#m-{reference}")).to_have_count(1)
    place = await link.bounding_box()
    await link.press("Enter")
    await expect(page.locator(f"#m-{reference}")).to_be_focused()
    await expect(link).not_to_be_in_viewport()
    await page.go_back()
    await expect(link).to_be_in_viewport()
    await still(page)
    assert await link.bounding_box() == place
    await page.go_forward()
    await expect(page.locator(f"#m-{reference}")).to_be_in_viewport()


async def test_back_from_the_jobs_leads_to_the_place_that_one_had_scrolled_to(desk: Desk, page: Page, url: str) -> None:
    await talk(desk, 90)
    await page.goto(f"{url}/c/general")
    for _ in range(2):
        first = await page.locator("li.message").first.get_attribute("id")
        await page.locator("#scroll").evaluate("region => region.scrollTop = 0")
        await expect(page.locator("li.message").first).not_to_have_id(first or "")
    line = page.get_by_text("line 20.", exact=True)
    await line.evaluate("line => line.scrollIntoView({ block: 'center' })")
    await still(page)
    place = await line.bounding_box()
    for _ in range(2):
        await page.get_by_role("link", name="Jobs").click()
        await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        await page.go_back()
        await expect(line).to_be_in_viewport()
        await still(page)
        assert await line.bounding_box() == place
    await page.get_by_role("link", name="general").first.click()
    await expect(page.get_by_text("line 89.", exact=True)).to_be_in_viewport()


async def still(page: Page) -> None:
    """Wait until the entry of the browser's history knows the place that is shown."""
    async with asyncio.timeout(TIME_LIMIT_MS / 1000):
        await page.evaluate(
            """() => new Promise((known) => {
                const edge = document.getElementById("scroll").getBoundingClientRect().top;
                const look = () => {
                    const place = history.state && document.getElementById(`m-${history.state.number}`);
                    const off = place ? place.getBoundingClientRect().top - edge - history.state.below : Infinity;
                    if (Math.abs(off) < 1) known();
                    else requestAnimationFrame(look);
                };
                look();
            })"""
        )
