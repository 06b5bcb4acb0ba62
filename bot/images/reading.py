"""Verify pictures from outside, and reduce what people upload to its pixels.

This is the only place that lets Pillow near foreign bytes, and the only one that translates what it raises. Its
decoders are called by name, never by ``Image.open``: only the four formats that we take can run, a phone's JPEG with a
second picture behind it stays a JPEG, and no global limit or warning filter has to be changed.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import GifImagePlugin, Image, ImageCms, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from bot.errors import InvalidPicture
from bot.images.formats import ACCEPTED, MAX_BYTES, MAX_PIXELS, MAX_SIDE, describe, picture_type
from bot.images.headers import jpeg_scans, webp_is_lossless, webp_size

MAX_JPEG_SCANS: Final = 100
"""Progressive JPEGs have about ten scans; each costs a pass over every pixel, so thousands are an attack."""

_ORIENTATION_TAG: Final = 0x0112
# EXIF 2.32, table 6: what has to be done to the stored pixels so that they stand as the camera was held.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_CONTENT_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}

# Everything that Pillow's decoders have been seen to raise on damaged input. Warnings are here because a process may
# have turned them into errors.
_DECODER_ERRORS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)

_DAMAGED: Final = f"This picture is damaged or incomplete: save it again as {ACCEPTED} and send the new file."
_TOO_MANY_BYTES: Final = f"This picture is too large: send one of at most {MAX_BYTES // 1_000_000} MB."
_ANIMATED: Final = "This picture is animated: send a still one, such as a single frame saved as PNG."


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A still picture that has been decoded once, whole.

    ``content_type`` is ``image/png``, ``image/jpeg``, ``image/webp`` or (from ``verify`` only) ``image/gif``.
    ``width`` and ``height`` are in pixels as the picture is shown, that is, with its EXIF orientation applied.
    """

    content: bytes
    content_type: str
    width: int
    height: int


def verify(content: bytes) -> Verified:
    """Check that ``content`` is one whole, still picture within the limits; give it back byte for byte.

    Size and dimensions are read from the header before anything is decoded. The bytes may still carry metadata, or
    another file behind the picture: serve them under the content type given here with ``nosniff``, and use
    ``normalise`` for whatever a person uploads.

    Raises:
        InvalidPicture: it is not a picture, not one that we take, too large, animated, damaged or cut short.
    """
    with opened(content) as picture:
        width, height = picture.size
        if orientation(picture) >= 5:
            width, height = height, width
        return Verified(content=content, content_type=_CONTENT_TYPES[picture.format or ""], width=width, height=height)


def normalise(content: bytes, *, limit: int = MAX_BYTES) -> Verified:
    """Verify ``content`` and encode its pixels anew as PNG, JPEG or WebP, upright and in sRGB, in at most ``limit`` bytes.

    Always encoded anew, so that nothing but pixels is left: no place, device or name from the metadata, no other file
    hidden in it or behind it. A JPEG keeps its own quantisation tables where its pixels are not touched, so next to
    nothing is lost. Otherwise an opaque JPEG or lossy WebP becomes a JPEG of high quality and everything else a PNG;
    a PNG that would be too large becomes a WebP.

    Raises:
        InvalidPicture: as from ``verify``, or no encoding fits into ``limit``.
    """
    with opened(content) as picture:
        if isinstance(picture, JpegImagePlugin.JpegImageFile) and _is_plain(picture):
            picture.info = {}  # or Pillow, by version, writes comments and XMP again
            encoded = encode(picture, "JPEG", quality="keep")
            if len(encoded) <= limit:
                return Verified(content=encoded, content_type="image/jpeg", width=picture.width, height=picture.height)
        pixels = standard(picture)
    lossy = picture.format == "JPEG" or (picture.format == "WEBP" and not webp_is_lossless(content))
    photographic = lossy and pixels.mode == "RGB"
    for content_type, encoded in _encodings(pixels, photographic=photographic):
        if len(encoded) <= limit:
            return Verified(content=encoded, content_type=content_type, width=pixels.width, height=pixels.height)
    raise InvalidPicture("This picture is too large: send a smaller one, at most 4,000 pixels on each side.")


@contextmanager
def opened(content: bytes, *, draft: tuple[int, int] | None = None) -> Iterator[ImageFile.ImageFile]:
    """Open ``content`` with its own decoder, decode all of it, and translate what goes wrong here and in the block.

    ``draft`` is a size in pixels: a JPEG is then decoded at the nearest larger scale, which saves time.

    Raises:
        InvalidPicture: as from ``verify``.
    """
    if len(content) > MAX_BYTES:
        raise InvalidPicture(_TOO_MANY_BYTES)
    kind = picture_type(content)
    if kind is None:
        raise InvalidPicture(f"This is {describe(content)}, not a picture that I can use: send a {ACCEPTED} file.")
    try:
        with _decoder(kind, content) as picture:
            _check_size(*picture.size)
            if getattr(picture, "is_animated", False):
                raise InvalidPicture(_ANIMATED)
            if draft is not None:
                picture.draft(None, draft)
            picture.load()
            yield picture
    except MemoryError as error:
        raise InvalidPicture("This picture takes more memory than there is: send a smaller one.") from error
    except _DECODER_ERRORS as error:
        raise InvalidPicture(_DAMAGED) from error


def orientation(picture: Image.Image) -> int:
    """Give the EXIF orientation, 1 to 8; 1 (upright) where there is none or it cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        return 1  # damaged metadata does not make a picture unusable
    return value if isinstance(value, int) and value in _UPRIGHT else 1


def standard(picture: Image.Image) -> Image.Image:
    """Give the pixels as upright 8-bit sRGB: mode RGB, or RGBA where something shows through; without metadata."""
    transpose = _UPRIGHT.get(orientation(picture))
    profile = picture.info.get("icc_profile")
    pixels = picture
    if pixels.mode.startswith("I"):
        # Pillow's own conversion clips 16-bit greys at 255 instead of scaling them.
        pixels = Image.fromarray((np.asarray(pixels).astype(np.uint32) >> 8).astype(np.uint8))
    elif pixels.mode in {"1", "P", "PA", "LA", "La", "RGBa"} or pixels.has_transparency_data:
        pixels = pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")
    pixels = _to_srgb(pixels, profile)
    if pixels.mode not in {"RGB", "RGBA"}:
        pixels = pixels.convert("RGB")
    if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (255, 255):
        pixels = pixels.convert("RGB")
    pixels = pixels.transpose(transpose) if transpose is not None else pixels.copy()
    pixels.info = {}
    return pixels


def encode(picture: Image.Image, form: str, **options: object) -> bytes:
    """Encode ``picture`` as ``form`` ("PNG", "JPEG", "WEBP") with Pillow's own ``options``."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _decoder(kind: str, content: bytes) -> ImageFile.ImageFile:
    stream = io.BytesIO(content)
    if kind == "image/png":
        return PngImagePlugin.PngImageFile(stream)
    if kind == "image/gif":
        return GifImagePlugin.GifImageFile(stream)
    if kind == "image/webp":
        # This decoder sets the whole canvas aside when it is made, so the size has to be known before.
        _check_size(*webp_size(content))
        return WebPImagePlugin.WebPImageFile(stream)
    if jpeg_scans(content, limit=MAX_JPEG_SCANS) > MAX_JPEG_SCANS:
        raise InvalidPicture(_DAMAGED)
    return JpegImagePlugin.JpegImageFile(stream)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise InvalidPicture(
            f"This picture has {width} × {height} pixels, which is too many: send one of at most"
            f" {MAX_PIXELS // 1_000_000} megapixels."
        )
    if max(width, height) > MAX_SIDE:
        raise InvalidPicture(
            f"This picture is {max(width, height)} pixels long, which is too much: send one of at most {MAX_SIDE}."
        )


def _is_plain(picture: Image.Image) -> bool:
    """Whether the stored pixels are what is to be shown: upright, RGB or grey, in sRGB."""
    profile = picture.info.get("icc_profile")
    return picture.mode in {"RGB", "L"} and orientation(picture) == 1 and (not profile or _is_srgb(profile))


def _is_srgb(profile: bytes) -> bool:
    try:
        return "srgb" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).lower()
    except _DECODER_ERRORS:
        return True  # a profile that cannot be read is ignored, as browsers do


def _to_srgb(pixels: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or _is_srgb(profile):
        return pixels
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if pixels.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(pixels, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except _DECODER_ERRORS:
        return pixels
    return converted if converted is not None else pixels


def _encodings(pixels: Image.Image, *, photographic: bool) -> Iterator[tuple[str, bytes]]:
    """Give one encoding after the other, the best first, each smaller than the one before."""
    if photographic:
        yield "image/jpeg", encode(pixels, "JPEG", quality=95)
        yield "image/jpeg", encode(pixels, "JPEG", quality=85)
    else:
        yield "image/png", encode(pixels, "PNG")
    yield "image/webp", encode(pixels, "WEBP", quality=90)
    yield "image/webp", encode(pixels, "WEBP", quality=75)
