"""Pictures made on the spot for the tests of ``bot.images``."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

Colour = tuple[int, int, int]

RED: Colour = (220, 20, 20)
GREEN: Colour = (20, 200, 20)
BLUE: Colour = (20, 20, 220)
WHITE: Colour = (240, 240, 240)

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}

_ORIENTATION, _MAKER, _GPS = 0x0112, 0x010F, 0x8825


def encoded(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """Encode ``picture`` with Pillow."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def plain(colour: Colour, size: tuple[int, int] = (32, 24), form: str = "PNG") -> bytes:
    """A picture of one colour."""
    return encoded(Image.new("RGB", size, colour), form)


def noise(width: int = 64, height: int = 48, *, seed: int = 1) -> Image.Image:
    """A picture that does not compress."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    picture = Image.new("RGB", (width, height), WHITE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture


def decoded(content: bytes) -> Image.Image:
    """Decode ``content`` whole."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture


def near(pixel: object, colour: Colour, tolerance: int = 24) -> bool:
    """Whether a decoded pixel is ``colour`` but for what lossy formats do to it."""
    assert isinstance(pixel, tuple)
    return all(abs(int(seen) - meant) <= tolerance for seen, meant in zip(pixel[:3], colour, strict=True))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header names a size, with no more pixels behind it than fit into a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (b"IHDR" + header, b"IDAT" + zlib.compress(b"\0" * 64), b"IEND")
    body = b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def exif_of(orientation: int) -> Image.Exif:
    """Metadata as a camera writes it: how it was held, its maker, where it was."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    exif[_MAKER] = "Acme Camera Works"
    exif[_GPS] = {1: "N", 2: (51.0, 28.0, 38.0)}
    return exif
