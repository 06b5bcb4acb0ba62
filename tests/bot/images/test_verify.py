from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import InvalidPicture
from bot.images import MAX_BYTES, MAX_SIDE, normalise, verify
from tests.bot.images.pictures import (
    FORMATS,
    RED,
    decoded,
    encoded,
    exif_of,
    noise,
    plain,
    png_of_size,
)


@pytest.mark.parametrize(("form", "content_type"), FORMATS.items())
def test_each_accepted_format_is_verified_and_given_back_byte_for_byte(form: str, content_type: str) -> None:
    content = plain(RED, (32, 24), form)
    verified = verify(content)
    assert verified.content is content
    assert (verified.content_type, verified.width, verified.height) == (content_type, 32, 24)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><title>Lighthouse</title>", "a web page"),
        (b"\xef\xbb\xbf\n  <html><body></body></html>", "a web page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        ("Lámpara de mesa".encode(), "text"),
        (b"%PDF-1.7\n...", "a PDF document"),
        (b"PK\x03\x04rest", "a ZIP archive or an office document"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "a HEIC photo"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00", "an AVIF picture"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00", "a video"),
        (bytes(range(256)), "a file of an unknown kind"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a file of an unknown kind"),
    ],
)
def test_what_is_no_picture_is_named_together_with_what_to_send(content: bytes, found: str) -> None:
    with pytest.raises(InvalidPicture) as caught:
        verify(content)
    assert str(caught.value) == f"This is {found}, not a picture that I can use: send a PNG, JPEG, WebP or GIF file."


def test_a_bmp_is_a_picture_that_is_refused_by_name() -> None:
    with pytest.raises(InvalidPicture, match="a BMP picture"):
        verify(plain(RED, form="BMP"))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kept", [0.05, 0.3, 0.9, 0.995])
def test_a_truncated_picture_is_refused(form: str, kept: float) -> None:
    content = encoded(noise(200, 150), form)
    with pytest.raises(InvalidPicture, match="damaged or incomplete"):
        verify(content[: int(len(content) * kept)])


def test_a_file_over_the_limit_is_refused_before_anything_looks_at_it() -> None:
    content = plain(RED)
    verify(content + bytes(MAX_BYTES - len(content)))
    with pytest.raises(InvalidPicture, match="at most 20 MB"):
        verify(content + bytes(MAX_BYTES - len(content) + 1))


def with_gif_frame(width: int, height: int) -> bytes:
    """A GIF whose screen is small and whose first frame reaches far beyond it."""
    content = bytearray(plain(RED, (4, 4), "GIF"))
    at = content.index(b",\0\0\0\0", 13)
    content[at + 5 : at + 9] = struct.pack("<HH", width, height)
    return bytes(content)


def with_webp_canvas(width: int, height: int) -> bytes:
    content = bytearray(encoded(noise(8, 8).convert("RGBA"), "WEBP", exif=exif_of(1)))
    assert content[12:16] == b"VP8X"
    content[24:27] = (width - 1).to_bytes(3, "little")
    content[27:30] = (height - 1).to_bytes(3, "little")
    return bytes(content)


def with_jpeg_size(width: int, height: int) -> bytes:
    content = bytearray(plain(RED, (8, 8), "JPEG"))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


@pytest.mark.parametrize("make", [png_of_size, with_gif_frame, with_webp_canvas, with_jpeg_size])
def test_forty_megapixels_are_the_limit_and_come_from_the_header(make: Callable[[int, int], bytes]) -> None:
    with pytest.raises(
        InvalidPicture, match="8001 × 5000 pixels, which is too many: send one of at most 40 megapixels"
    ):
        verify(make(8001, 5000))


def test_a_picture_of_forty_megapixels_is_taken() -> None:
    assert verify(encoded(Image.new("1", (8000, 5000)))).height == 5000


@pytest.mark.parametrize("make", [png_of_size, with_gif_frame, with_webp_canvas])
def test_a_picture_with_fewer_pixels_than_its_header_says_is_refused(make: Callable[[int, int], bytes]) -> None:
    with pytest.raises(InvalidPicture, match="damaged or incomplete"):
        verify(make(800, 500))


def test_a_decompression_bomb_is_refused_without_being_decoded() -> None:
    with pytest.raises(InvalidPicture, match="400000000 × 400000000 pixels"):
        verify(png_of_size(400_000_000, 400_000_000))


def test_a_side_that_no_webp_can_hold_is_refused() -> None:
    assert verify(encoded(Image.new("1", (MAX_SIDE, 2)))).width == MAX_SIDE
    with pytest.raises(InvalidPicture, match="at most 16383"):
        verify(encoded(Image.new("1", (2, MAX_SIDE + 1))))


def test_a_jpeg_of_endless_scans_is_refused_without_being_decoded() -> None:
    content = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    assert verify(content).width == 64
    start = content.rindex(b"\xff\xda")
    scan = content[start:-2]
    with pytest.raises(InvalidPicture, match="damaged"):
        verify(content[:start] + scan * 200 + content[-2:])


def test_marker_bytes_behind_the_end_of_a_jpeg_are_not_taken_for_scans() -> None:
    # A phone's motion photo has a whole video there.
    assert verify(plain(RED, form="JPEG") + b"\0\0" + b"\xff\xda\x00\x02" * 500).content_type == "image/jpeg"


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animated_picture_is_refused_and_a_still_one_of_the_same_format_is_not(form: str) -> None:
    frames = [noise(16, 16, seed=seed) for seed in range(3)]
    with pytest.raises(InvalidPicture, match="animated: send a still one"):
        verify(encoded(frames[0], form, save_all=True, append_images=frames[1:]))
    assert verify(encoded(frames[0], form)).width == 16


def test_a_phone_jpeg_with_a_second_picture_behind_it_is_a_still_jpeg() -> None:
    content = encoded(noise(32, 32), "MPO", save_all=True, append_images=[noise(32, 32, seed=2)])
    assert decoded(content).format == "MPO"
    assert verify(content).content_type == "image/jpeg"
    assert decoded(normalise(content).content).format == "JPEG"


SAMPLES = [encoded(noise(12, 9), form, exif=exif_of(6)) for form in ("PNG", "JPEG", "WEBP")] + [
    encoded(noise(12, 9), "GIF"),
    encoded(noise(12, 9), "JPEG", progressive=True),
    encoded(noise(12, 9).convert("P"), "PNG", transparency=3),
    encoded(noise(12, 9), "GIF", save_all=True, append_images=[noise(12, 9, seed=5)]),
]


@settings(max_examples=150, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=5),
    cut=st.integers(0, 40),
)
def test_a_mangled_picture_is_read_or_refused_but_nothing_else_ever_escapes(
    sample: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    mangled = bytearray(sample)
    for position, value in changes:
        mangled[position % len(mangled)] = value
    content = bytes(mangled[: len(mangled) - cut])
    for reading in (verify, normalise):
        # Everything but a refusal would end the test with what has escaped.
        with suppress(InvalidPicture):
            assert reading(content).width > 0
