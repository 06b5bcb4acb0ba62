"""The chat page in the hands of a person: by what is seen and read, never by what lies beneath."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

ENDS_WITHIN_MS = 60_000
"""Time that a job may take on a busy machine with two processors."""


class Chat:
    """One person's page."""

    def __init__(self, page: Page, url: str) -> None:
        """Open the page, which asks for a name the first time."""
        self.page = page
        self.url = url

    def come_in(self, name: str) -> None:
        """Open the page and give a name."""
        self.page.goto(self.url)
        self.page.get_by_label("name").first.fill(name)
        self.page.keyboard.press("Enter")
        expect(self.composer).to_be_visible()

    @property
    def composer(self) -> Locator:
        """The box for messages."""
        return self.page.get_by_role("textbox", name="Message #general")

    @property
    def posts(self) -> Locator:
        """Every post of a job in the channel, oldest first."""
        return self.page.locator("li.post")

    def send(self, text: str, *pictures: Path) -> None:
        """Type and send a message, with pictures attached by the file button."""
        if pictures:
            with self.page.expect_file_chooser() as chooser:
                self.page.get_by_role("button", name="Attach pictures").click()
            chooser.value.set_files([str(picture) for picture in pictures])
            expect(self.page.get_by_role("list", name="Attached pictures").get_by_role("listitem")).to_have_count(
                len(pictures)
            )
        self.composer.fill(text)
        self.composer.press("Escape")
        self.composer.press("Enter")
        expect(self.composer).to_have_value("")

    def newest(self, count: int) -> Locator:
        """Wait until there are ``count`` posts and give the newest."""
        expect(self.posts).to_have_count(count, timeout=ENDS_WITHIN_MS)
        return self.posts.nth(count - 1)

    def finished(self, post: Locator) -> Locator:
        """Wait until a post shows that its job is done, with everything that belongs to it."""
        expect(post.locator(".state-text")).to_have_text(re.compile(r"^Done in "), timeout=ENDS_WITHIN_MS)
        return post

    def imagine(self, prompt: str) -> Locator:
        """Ask for a grid and wait for it."""
        before = self.posts.count()
        self.send(f"/imagine {prompt}")
        return self.finished(self.newest(before + 1))

    def press(self, post: Locator, label: str) -> Locator:
        """Press a button under a post and give the post that follows."""
        before = self.posts.count()
        post.get_by_role("button", name=label, exact=True).click()
        return self.newest(before + 1)


def seen_picture(post: Locator) -> tuple[int, int]:
    """Wait until the post's picture has arrived in the browser and give its real size in pixels."""
    picture = post.locator("figure img").first
    expect(picture).to_be_visible()
    picture.scroll_into_view_if_needed()
    handle = picture.element_handle()
    assert handle is not None
    picture.page.wait_for_function("picture => picture.complete && picture.naturalWidth > 0", arg=handle)
    width, height = picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]")
    return int(width), int(height)
