"""How the page looks: nothing is cut off, nothing stands crooked, and what is chosen can be told from the rest."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.async_api import FloatRect, Locator, Page, expect

from tests.adapters.web.page.visit import send

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

TELLING_CONTRAST = 1.5
"""Of a chosen part against its bar; its words are brighter too, so it need not be the 3 of a part that has none."""


async def box_of(locator: Locator) -> FloatRect:
    box = await locator.bounding_box()
    assert box is not None
    return box


async def test_suggestions_lie_on_the_notices_and_within_a_low_window(page: Page) -> None:
    await page.set_viewport_size({"width": 720, "height": 450})
    await send(page, "/help")
    await expect(page.get_by_text("What you can type.")).to_be_visible()
    await page.get_by_role("textbox", name="Message #general").press_sequentially("/imagine a cat --st")
    suggestions = page.get_by_role("listbox", name="Suggestions")
    await expect(suggestions).to_be_visible()
    shown, typed = await box_of(suggestions), await box_of(page.locator("#box"))
    assert shown["y"] >= 0
    assert 0 <= typed["y"] - shown["y"] - shown["height"] < 12


async def test_a_notice_is_shown_from_its_beginning(page: Page) -> None:
    await page.emulate_media(reduced_motion="no-preference")
    await page.set_viewport_size({"width": 390, "height": 844})
    await send(page, "/help")
    notice = page.locator("#notices > *")
    await expect(notice).to_be_visible()
    await notice.evaluate("async (notice) => { for (const each of notice.getAnimations()) await each.finished; }")
    assert (await box_of(notice))["y"] >= (await box_of(page.locator("#notices")))["y"]


async def test_the_examples_of_a_row_begin_at_one_height(page: Page) -> None:
    tops = [(await box_of(each))["y"] for each in await page.locator(".examples strong").all()]
    assert tops[0] == tops[1]
    assert tops[2] == tops[3]


async def test_what_stands_about_a_job_begins_each_line_at_one_edge(page: Page, url: str) -> None:
    await send(page, "/imagine a cat")
    await expect(page.get_by_role("textbox", name="Message #general")).to_have_value("")
    await page.set_viewport_size({"width": 300, "height": 700})
    await page.goto(f"{url}/jobs")
    items = [await box_of(each) for each in await page.locator(".row-meta > *").all()]
    edges = {each["x"] for before, each in pairwise(items) if each["y"] > before["y"]}
    assert edges == {items[0]["x"]}
    assert "·" not in await page.locator(".row-meta").inner_text()


async def test_in_the_dark_the_chosen_tab_can_be_told_from_the_others(page: Page, url: str) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{url}/jobs")
    bar, chosen = [
        await page.locator(each).first.evaluate("each => getComputedStyle(each).backgroundColor.match(/\\d+/g)")
        for each in (".tabs", ".tabs a[aria-current]")
    ]
    assert (luminance(chosen) + 0.05) / (luminance(bar) + 0.05) > TELLING_CONTRAST


def luminance(colour: list[str]) -> float:
    """Give the relative luminance of an sRGB colour, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in colour]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
