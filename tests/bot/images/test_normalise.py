from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from bot.errors import InvalidPicture
from bot.images import normalise, thumbnail, verify
from tests.bot.images.pictures import (
    BLUE,
    FORMATS,
    GREEN,
    RED,
    WHITE,
    decoded,
    encoded,
    exif_of,
    near,
    noise,
    quarters,
)


def mirrored_away(picture: Image.Image, orientation: int) -> Image.Image:
    """Store ``picture`` as a camera held in this orientation would."""
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return picture.transpose(inverse[orientation]) if orientation in inverse else picture


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_upright_whatever_way_the_camera_was_held(form: str, orientation: int) -> None:
    stored = mirrored_away(quarters(96, 64), orientation)
    content = encoded(stored, form, exif=exif_of(orientation))
    assert (verify(content).width, verify(content).height) == (96, 64)
    for made in (normalise(content).content, thumbnail(content, 48)):
        shown = decoded(made)
        assert shown.size in {(96, 64), (48, 32)}
        right, low = shown.width * 3 // 4, shown.height * 3 // 4
        left, high = shown.width // 4, shown.height // 4
        places = [((left, high), RED), ((right, high), GREEN), ((left, low), BLUE), ((right, low), WHITE)]
        assert all(near(shown.convert("RGB").getpixel(place), colour) for place, colour in places)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_normalising_leaves_no_place_no_device_and_no_comment(form: str) -> None:
    notes = PngInfo()
    notes.add_text("Author", "Anna Secret")
    options: dict[str, dict[str, object]] = {
        "JPEG": {"comment": b"Anna Secret", "xmp": b"<x>Anna Secret</x>"},
        "PNG": {"pnginfo": notes},
        "WEBP": {"xmp": b"<x>Anna Secret</x>"},
    }
    content = encoded(noise(), form, exif=exif_of(1), **options[form])
    assert b"Anna Secret" in content
    assert b"Acme" in content
    made = normalise(content).content
    assert b"Anna Secret" not in made
    assert b"Acme" not in made
    assert dict(decoded(made).getexif()) == {}


@pytest.mark.parametrize("form", FORMATS)
def test_normalising_drops_a_file_hidden_behind_the_picture(form: str) -> None:
    hidden = b"PK\x03\x04<script>alert(1)</script>"
    content = encoded(noise(), form) + hidden
    assert verify(content).content.endswith(hidden)
    assert hidden not in normalise(content).content


def test_normalising_an_upright_jpeg_loses_next_to_nothing_and_grows_no_larger() -> None:
    content = encoded(noise(16, 12).resize((256, 192)), "JPEG", quality=60)
    made = normalise(content).content
    change = np.abs(np.asarray(decoded(content), int) - np.asarray(decoded(made), int))
    assert change.mean() < 0.5
    assert change.max() <= 10
    assert len(made) <= len(content) * 1.01


@pytest.mark.parametrize(
    ("form", "options", "expected"),
    [
        ("PNG", {}, "image/png"),
        ("GIF", {}, "image/png"),
        ("WEBP", {"lossless": True}, "image/png"),
        ("WEBP", {"quality": 80}, "image/jpeg"),
        ("JPEG", {}, "image/jpeg"),
    ],
)
def test_normalising_gives_a_format_that_the_api_takes(form: str, options: dict[str, object], expected: str) -> None:
    made = normalise(encoded(noise(), form, **options))
    assert made.content_type == expected
    assert verify(made.content) == made


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_pixel_format_comes_out_as_what_it_shows(mode: str) -> None:
    content = encoded(quarters().convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    made = decoded(normalise(content).content)
    assert made.mode == "RGB"
    shown = made.getpixel((60, 44))
    assert near(shown, WHITE, 30)


def test_sixteen_bit_greys_are_scaled_and_not_clipped() -> None:
    greys = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    made = np.asarray(decoded(normalise(encoded(Image.fromarray(greys))).content).convert("L"))
    assert np.array_equal(made, (greys >> 8).astype(np.uint8))


def test_transparency_is_kept_where_there_is_some_and_dropped_where_there_is_none() -> None:
    glass = Image.new("RGBA", (8, 8), (10, 20, 30, 128))
    assert decoded(normalise(encoded(glass)).content).getpixel((1, 1)) == (10, 20, 30, 128)
    solid = Image.new("RGBA", (8, 8), (10, 20, 30, 255))
    assert decoded(normalise(encoded(solid)).content).mode == "RGB"


def test_a_palette_with_a_transparent_colour_keeps_it() -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 200, 10, 10])
    palette.putpixel((0, 0), 0)
    made = decoded(normalise(encoded(palette, transparency=0)).content)
    assert made.getpixel((0, 0)) == (0, 0, 0, 0)
    assert made.getpixel((5, 5)) == (200, 10, 10, 255)


def test_a_foreign_colour_profile_is_converted_and_not_merely_dropped() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    swapped = swap_red_and_blue(srgb.tobytes())
    picture = Image.new("RGB", (8, 8), (200, 10, 10))
    made = decoded(normalise(encoded(picture, icc_profile=swapped)).content)
    assert "icc_profile" not in made.info
    assert near(made.getpixel((3, 3)), (10, 10, 200), 12)
    # A profile that does not fit the pixels is ignored.
    assert decoded(normalise(encoded(picture, icc_profile=lab)).content).getpixel((3, 3)) == (200, 10, 10)


def swap_red_and_blue(profile: bytes) -> bytes:
    """Give an ICC profile in which red and blue have changed places, under another name."""
    swapped = profile.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    return swapped.replace(b"s\0R\0G\0B", b"s\0W\0A\0P").replace(b"sRGB", b"sWAP")


def test_normalising_goes_on_to_smaller_formats_until_the_limit_is_met() -> None:
    content = encoded(noise(200, 200))
    made = normalise(content, limit=len(content) - 1)
    assert made.content_type == "image/webp"
    assert len(made.content) < len(content)
    with pytest.raises(InvalidPicture, match="too large"):
        normalise(content, limit=100)


# Pillow warns of it, which the program's log may keep and must not take for a failure.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_damaged_metadata_does_not_spoil_a_good_picture() -> None:
    content = encoded(noise(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff garbage")
    assert verify(content).width == 64
    assert normalise(content).width == 64
