from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.images import ALT_TEXT_LIMIT, alt_text
from bot.jobs.model import PictureRole


@pytest.mark.parametrize(
    ("role", "index", "expected"),
    [
        (PictureRole.GRID, 0, "Grid of four pictures: a lighthouse"),
        (PictureRole.IMAGE, 2, "Picture 2 of 4, top right: a lighthouse"),
        (PictureRole.IMAGE, 3, "Picture 3 of 4, bottom left: a lighthouse"),
        (PictureRole.IMAGE, 0, "Upscaled picture: a lighthouse"),
        (PictureRole.PREVIEW, None, "Unfinished picture: a lighthouse"),
        (PictureRole.INPUT, 1, "Picture 1 given with the request: a lighthouse"),
    ],
)
def test_alt_text_says_which_picture_it_is_and_what_it_shows(
    role: PictureRole, index: int | None, expected: str
) -> None:
    assert alt_text("a lighthouse", role=role, index=index) == expected


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("a lighthouse  at\ndusk", "a lighthouse at dusk"),
        ("https://example.com/a--b.png a well-known lighthouse", "a well-known lighthouse"),
        ("dawn — and dusk", "dawn — and dusk"),
    ],
)
def test_addresses_are_not_read_aloud(words: str, subject: str) -> None:
    assert alt_text(words) == f"Grid of four pictures: {subject}"


@pytest.mark.parametrize("words", ["", "  ", "https://example.com/a.png"])
def test_alt_text_without_a_subject_names_the_picture_only(words: str) -> None:
    assert alt_text(words) == "Grid of four pictures"


def test_long_alt_text_ends_at_a_word_with_an_ellipsis() -> None:
    assert alt_text("a lighthouse at dusk", limit=40) == "Grid of four pictures: a lighthouse at…"


@given(prompt=st.text(max_size=3000), limit=st.integers(1, ALT_TEXT_LIMIT))
def test_alt_text_is_never_longer_than_the_limit_and_never_empty(prompt: str, limit: int) -> None:
    assert 1 <= len(alt_text(prompt, limit=limit)) <= limit
