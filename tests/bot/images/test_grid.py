from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import InvalidPicture
from bot.images import GRID_CONTENT_TYPE, compose_grid, crop, thumbnail, verify
from tests.bot.images.pictures import BLUE, GREEN, RED, WHITE, decoded, encoded, near, noise, plain

COLOURS = (RED, GREEN, BLUE, WHITE)
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def centre(content: bytes) -> object:
    picture = decoded(content).convert("RGB")
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_a_grid_shows_the_four_in_reading_order_and_gives_each_back() -> None:
    grid = compose_grid([plain(colour, (48, 32)) for colour in COLOURS])
    verified = verify(grid)
    assert (verified.content_type, verified.width, verified.height) == (GRID_CONTENT_TYPE, 96, 64)
    for index, colour in enumerate(COLOURS, start=1):
        part = crop(grid, index)
        assert decoded(part).size == (48, 32)
        assert near(centre(part), colour)


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(SIZES, min_size=4, max_size=4))
def test_pictures_of_any_sizes_make_a_grid_of_four_cells_of_the_largest(sizes: list[tuple[int, int]]) -> None:
    grid = compose_grid([plain(colour, size) for colour, size in zip(COLOURS, sizes, strict=True)])
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    assert decoded(grid).size == (2 * width, 2 * height)
    assert all(decoded(crop(grid, index)).size == (width, height) for index in (1, 2, 3, 4))


def test_a_picture_of_another_shape_keeps_its_shape_in_the_middle_of_its_cell() -> None:
    grid = decoded(compose_grid([plain(RED, (40, 40)), plain(GREEN, (40, 10)), *[plain(BLUE, (20, 20))] * 2]))
    assert near(grid.getpixel((60, 20)), GREEN)
    assert not near(grid.getpixel((60, 4)), GREEN, 60)
    assert near(grid.getpixel((20, 60)), BLUE)  # scaled up to its whole cell
    assert near(grid.getpixel((4, 44)), BLUE, 40)


def test_a_transparent_picture_is_laid_on_white() -> None:
    glass = encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0)))
    assert near(decoded(compose_grid([glass] * 4)).getpixel((10, 10)), (255, 255, 255))


def test_a_grid_of_large_pictures_stays_within_the_limits_of_a_picture() -> None:
    wide = encoded(Image.new("1", (12_000, 8)))
    verified = verify(compose_grid([wide, wide, wide, wide]))
    assert verified.width == 16_382


@pytest.mark.parametrize("count", [0, 3, 5])
def test_a_grid_is_made_of_four(count: int) -> None:
    with pytest.raises(ValueError, match="four"):
        compose_grid([plain(RED)] * count)


def test_a_grid_with_a_broken_picture_is_refused() -> None:
    with pytest.raises(InvalidPicture):
        compose_grid([plain(RED), plain(RED), plain(RED), b"<html>"])


@settings(max_examples=40, deadline=None)
@given(size=st.tuples(st.integers(2, 41), st.integers(2, 41)))
def test_the_four_parts_cover_a_grid_of_any_size_exactly(size: tuple[int, int]) -> None:
    picture = noise(*size)
    parts = [decoded(crop(encoded(picture), index)) for index in (1, 2, 3, 4)]
    again = Image.new("RGB", size)
    again.paste(parts[0], (0, 0))
    again.paste(parts[1], (parts[0].width, 0))
    again.paste(parts[2], (0, parts[0].height))
    again.paste(parts[3], (parts[0].width, parts[0].height))
    assert again.tobytes() == picture.tobytes()
    assert sum(part.width * part.height for part in parts) == size[0] * size[1]


@pytest.mark.parametrize(("form", "expected"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "WEBP"), ("GIF", "PNG")])
def test_a_part_has_the_format_of_its_grid(form: str, expected: str) -> None:
    assert decoded(crop(encoded(noise(), form), 3)).format == expected


@pytest.mark.parametrize("index", [0, 5, -1])
def test_a_grid_has_no_other_parts_than_one_to_four(index: int) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        crop(plain(RED), index)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_thumbnail_is_a_webp_of_the_width_asked_for_in_the_same_shape(form: str) -> None:
    made = decoded(thumbnail(encoded(noise(600, 400), form), 120))
    assert (made.format, made.size) == ("WEBP", (120, 80))


def test_a_thumbnail_is_never_larger_than_the_picture() -> None:
    assert decoded(thumbnail(plain(RED, (32, 24)), 320)).size == (32, 24)


def test_a_thumbnail_of_a_needle_is_at_least_one_pixel_high() -> None:
    assert decoded(thumbnail(encoded(Image.new("L", (4000, 2))), 10)).size == (10, 1)


def test_a_thumbnail_keeps_what_shows_through() -> None:
    made = decoded(thumbnail(encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 0))), 16)).convert("RGBA")
    pixel = made.getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert pixel[3] == 0


def test_a_thumbnail_has_a_width() -> None:
    with pytest.raises(ValueError, match="at least one pixel"):
        thumbnail(plain(RED), 0)
