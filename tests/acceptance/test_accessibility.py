"""Every surface of the page before axe-core, in light and in dark, wide and narrow."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.acceptance.chat import Chat, seen_picture
from tests.acceptance.program import Program

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FOLDER = Path(__file__).parent
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def axe() -> str:
    """Give axe-core's script, fetched from its registry by the lock file the first time."""
    if not AXE.exists():
        npm = shutil.which("npm")
        if npm is None:
            reason = "no npm on this machine to fetch axe-core with (on Debian: apt install npm)"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, capture_output=True)
    return AXE.read_text("utf-8")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Give a running program."""
    with Program(tmp_path_factory.mktemp("studio")) as program:
        yield program


def _faults(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{fault['id']}: {fault['help']} at {fault['nodes'][0]['target']}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_serious_on_any_surface(
    browser: Browser, studio: Program, axe: str, viewport: ViewportSize, scheme: str
) -> None:
    # Colours are judged as they come to rest, not in the middle of a fade.
    context = browser.new_context(
        viewport=viewport, color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    page = context.new_page()
    chat = Chat(page, studio.url)
    page.goto(studio.url)
    surfaces = {"welcome": _faults(page, axe)}
    chat.come_in("Ann")
    surfaces["channel"] = _faults(page, axe)
    if not chat.posts.count():
        grid = chat.imagine("a lighthouse at dusk --ar 3:2 --q .25")
        chat.finished(chat.press(grid, "U1"))
    grid = chat.posts.first
    seen_picture(grid)
    surfaces["posts"] = _faults(page, axe)
    chat.composer.fill("/imagine a cat --a")
    expect(page.get_by_role("listbox")).to_be_visible()
    surfaces["suggestions"] = _faults(page, axe)
    chat.composer.fill("/paint a cat")
    chat.composer.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    surfaces["error"] = _faults(page, axe)
    chat.composer.fill("")
    grid.locator("figure a").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    surfaces["lightbox"] = _faults(page, axe)
    page.keyboard.press("Escape")
    grid.get_by_role("button", name="V1", exact=True).click()
    expect(page.get_by_role("textbox", name="Prompt")).to_be_focused()
    surfaces["remix"] = _faults(page, axe)
    page.keyboard.press("Escape")
    page.goto(f"{studio.url}/jobs")
    surfaces["jobs"] = _faults(page, axe)
    page.goto(f"{studio.url}/c/nowhere")
    surfaces["unknown channel"] = _faults(page, axe)
    context.close()
    assert {name: faults for name, faults in surfaces.items() if faults} == {}


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_page_scrolls_sideways(browser: Browser, studio: Program, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    chat = Chat(page, studio.url)
    chat.come_in("Ben")
    chat.send("x" * 300)
    for address in ("/", "/jobs"):
        page.goto(studio.url + address)
        inside, outside = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert inside <= outside, address
    context.close()
