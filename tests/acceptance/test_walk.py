"""The whole product through the page alone, with the process killed and started again on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.acceptance.chat import Chat, seen_picture
from tests.acceptance.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def _photo(path: Path, colour: tuple[int, int, int]) -> Path:
    Image.new("RGB", (320, 240), colour).save(path)
    return path


def test_everything_asked_for_is_there_after_a_kill_and_old_buttons_work(browser: Browser, tmp_path: Path) -> None:
    red = _photo(tmp_path / "red.png", (200, 40, 30))
    blue = _photo(tmp_path / "blue.png", (30, 60, 200))
    data = tmp_path / "data"
    page = browser.new_page()
    with Program(data) as program:
        chat = Chat(page, program.url)
        chat.come_in("Ann")

        grid = chat.imagine("a lighthouse at dusk --ar 3:2")
        width, height = seen_picture(grid)
        assert abs(width / height - 3 / 2) < 0.02
        labels = [f"{letter}{index}" for letter in "UV" for index in (1, 2, 3, 4)]
        for label in [*labels, "Reroll"]:
            expect(grid.get_by_role("button", name=label, exact=True)).to_be_visible()

        upscale = chat.finished(chat.press(grid, "U2"))
        expect(upscale).to_contain_text("Upscale of picture 2")
        expect(grid).to_contain_text("U2 by Ann")

        grid.get_by_role("button", name="V3", exact=True).click()
        box = page.get_by_role("textbox", name="Prompt")
        expect(box).to_have_value("a lighthouse at dusk --ar 3:2")
        box.fill("a red lighthouse in a storm --ar 3:2")
        box.press("Enter")
        variation = chat.finished(chat.newest(3))
        expect(variation).to_contain_text("Variation of picture 3, prompt edited")
        expect(variation).to_contain_text("a red lighthouse in a storm")

        reroll = chat.finished(chat.press(grid, "Reroll"))
        expect(reroll).to_contain_text("Reroll")

        chat.send("/describe", red)
        description = chat.finished(chat.newest(5))
        expect(description.get_by_role("button", name=re.compile(r"^Imagine \d$"))).to_have_count(4)
        imagined = chat.finished(chat.press(description, "Imagine 1"))
        seen_picture(imagined)

        chat.send("/blend", red, blue)
        blend = chat.finished(chat.newest(7))
        expect(blend).to_contain_text("Blend of 2 pictures")
        seen_picture(blend)

        page.goto(f"{program.url}/jobs")
        expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        expect(page.locator("li.row")).to_have_count(7)
        page.goto(program.url)
        shown = chat.posts.all_inner_texts()
        program.kill()

    with Program(data, port=program.port, arguments=("--latency", "30")) as program:
        page.goto(program.url)
        expect(chat.posts).to_have_count(7)
        assert chat.posts.all_inner_texts() == shown
        for post in chat.posts.all():
            if post.locator("figure img").count():
                seen_picture(post)

        running = chat.press(chat.posts.first, "U4")
        expect(running.locator(".state-text")).to_have_text(re.compile(r"^Upscaling, \d+%$"), timeout=30_000)
        running.get_by_role("button", name="Cancel", exact=True).click()
        expect(running.locator(".state-text")).to_have_text("Cancelled by Ann", timeout=10_000)
        program.kill()

    with Program(data, port=program.port) as program:
        page.goto(program.url)
        expect(chat.posts).to_have_count(8)
        upscale = chat.finished(chat.press(chat.posts.first, "U4"))
        expect(upscale).to_contain_text("Upscale of picture 4")
        before = chat.posts.count()
        chat.posts.first.get_by_role("button", name="U2", exact=True).click()
        expect(page.locator("li.post:focus, li.post.flash")).to_contain_text("Upscale of picture 2")
        assert chat.posts.count() == before, "an upscale that exists is shown, not made again"
        assert program.interrupt() == 0
    page.close()


def test_a_job_cut_off_by_a_kill_ends_after_the_restart(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    with Program(tmp_path, arguments=("--latency", "30")) as program:
        chat = Chat(page, program.url)
        chat.come_in("Ben")
        for subject in ("a harbour in the rain", "dunes at noon", "a castle at night", "a cat on a sofa"):
            chat.send(f"/imagine {subject} --q .25")
        expect(chat.posts).to_have_count(4, timeout=30_000)
        expect(chat.posts.last.locator(".state-text")).to_contain_text("Next in the queue")
        program.kill()
    with Program(tmp_path, port=program.port) as program:
        page.goto(program.url)
        expect(chat.posts).to_have_count(4)
        for post in chat.posts.all():
            chat.finished(post)
            seen_picture(post)
    page.close()
