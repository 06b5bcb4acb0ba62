"""A real Chromium for tests that look at the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    """Give the path of Chromium, or nothing."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def need_chromium() -> str:
    """Give the path of Chromium; without one skip the test, but fail where continuous integration promises one."""
    path = chromium_path()
    if path is None:
        reason = "no Chromium on this machine (on Debian: apt install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def launch_browser() -> Iterator[Browser]:
    """Give a headless browser for the length of a fixture."""
    path = need_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
