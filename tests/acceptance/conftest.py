"""A browser for the acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import launch_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give one browser for the tests of a module.

    Not longer: while it is open, its own event loop keeps asynchronous tests from running in the same process.
    """
    yield from launch_browser()
