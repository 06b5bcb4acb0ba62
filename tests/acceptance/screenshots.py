"""Make the README's pictures from the running program: ``make screenshots``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright
from rich.console import Console

from tests.acceptance.chat import Chat, seen_picture
from tests.acceptance.program import Program
from tests.browser import CHROMIUM_ARGUMENTS, chromium_path

FOLDER = Path(__file__).parent / "screenshots"
WIDE: ViewportSize = {"width": 1280, "height": 860}
NARROW: ViewportSize = {"width": 390, "height": 844}

PROMPTS = (
    "an old harbour in the morning fog, watercolour --ar 16:9 --seed 12",
    "a castle in the mountains at golden hour --ar 3:2 --seed 4",
    "a lighthouse at dusk --ar 3:2 --seed 7",
)


def main() -> None:
    """Play a short scene and take a picture of each surface."""
    console = Console()
    with tempfile.TemporaryDirectory() as data, Program(Path(data)) as program, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport=WIDE, device_scale_factor=1)
        _play(page, program.url)
        storage = page.context.storage_state()
        _take(page, "wide")
        page.locator("li.post figure a").last.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        _take(page, "lightbox")
        page.keyboard.press("Escape")
        page.goto(f"{program.url}/jobs")
        _take(page, "jobs")
        for name, viewport, dark in (("dark", WIDE, True), ("narrow", NARROW, False)):
            context = browser.new_context(
                viewport=viewport, color_scheme="dark" if dark else "light", storage_state=storage
            )
            other = context.new_page()
            other.goto(program.url)
            expect(other.locator("li.post")).to_have_count(len(PROMPTS) + 1)
            seen_picture(other.locator("li.post").last)
            _take(other, name)
        browser.close()
    for picture in sorted(FOLDER.glob("*.png")):
        console.print(f"{picture.relative_to(Path.cwd())} {picture.stat().st_size // 1000} kB")


def _play(page: Page, url: str) -> None:
    chat = Chat(page, url)
    chat.come_in("Ann")
    for prompt in PROMPTS[:2]:
        chat.imagine(prompt)
    chat.finished(chat.press(chat.posts.last, "U1"))
    chat.send("The second one for the cover?")
    seen_picture(chat.imagine(PROMPTS[-1]))


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle") if page.url.endswith("/jobs") else page.wait_for_timeout(400)
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
