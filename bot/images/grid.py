"""Compose four pictures to a grid, take one out of a grid, make a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PIL import Image

from bot.images.formats import MAX_PIXELS, MAX_SIDE, picture_type
from bot.images.reading import encode, opened, standard

GRID_CONTENT_TYPE: Final = "image/jpeg"
"""What ``compose_grid`` makes. A grid of four 1024² pictures takes about 145 ms as JPEG, 515 ms as WebP and 850 ms as PNG
on one core; Slack shows no WebP; and the four pictures themselves are kept apart, unharmed, for whatever follows."""

_GRID_QUALITY: Final = 92
_CROP_QUALITY: Final = 95
_THUMBNAIL_QUALITY: Final = 80
_PAPER: Final = (255, 255, 255)
"""Shows through where a picture is transparent."""
_MARGIN: Final = (24, 24, 27)
"""Fills a cell that a picture of another shape leaves partly empty."""


def compose_grid(pictures: Sequence[bytes]) -> bytes:
    """Compose four encoded pictures to one JPEG: top left, top right, bottom left, bottom right, without a gap.

    The largest picture sets the size of a cell, made smaller where the grid would pass the limits of ``verify``. A
    picture of another size is scaled to fit its cell, its shape kept.

    Raises:
        InvalidPicture: one of them cannot be read.
        ValueError: there are not four.
    """
    if len(pictures) != 4:
        raise ValueError(f"a grid is made of four pictures, not {len(pictures)}")
    opaque = [_flat(content) for content in pictures]
    width, height = _cell(max((picture.size for picture in opaque), key=lambda size: size[0] * size[1]))
    grid = Image.new("RGB", (2 * width, 2 * height), _MARGIN)
    for place, picture in enumerate(opaque):
        fitted = _fit(picture, width, height)
        left = place % 2 * width + (width - fitted.width) // 2
        top = place // 2 * height + (height - fitted.height) // 2
        grid.paste(fitted, (left, top))
    return encode(grid, "JPEG", quality=_GRID_QUALITY, subsampling="4:4:4")


def crop(grid: bytes, index: int) -> bytes:
    """Take picture ``index`` (1 top left to 4 bottom right) out of ``grid``, in the format of the grid.

    The four parts cover the grid exactly: of an odd number of pixels, the right and lower parts have one more.
    A GIF gives a PNG.

    Raises:
        InvalidPicture: the grid cannot be read.
        ValueError: ``index`` is not 1 to 4.
    """
    if index not in {1, 2, 3, 4}:
        raise ValueError(f"a grid has pictures 1 to 4, not {index}")
    with opened(grid) as picture:
        pixels = standard(picture)
    column, row = (index - 1) % 2, (index - 1) // 2
    across, down = (0, pixels.width // 2, pixels.width), (0, pixels.height // 2, pixels.height)
    part = pixels.crop((across[column], down[row], across[column + 1], down[row + 1]))
    match picture_type(grid):
        case "image/jpeg":
            return encode(part, "JPEG", quality=_CROP_QUALITY, subsampling="4:4:4")
        case "image/webp":
            return encode(part, "WEBP", quality=_CROP_QUALITY)
        case _:
            return encode(part, "PNG")


def thumbnail(content: bytes, width: int) -> bytes:
    """Make a WebP of ``content`` that is at most ``width`` pixels wide; it is never larger than the original.

    Raises:
        InvalidPicture: it cannot be read.
        ValueError: ``width`` is not positive.
    """
    if width < 1:
        raise ValueError(f"a thumbnail is at least one pixel wide, not {width}")
    # At least twice the size wanted is decoded, so that the scaling down still has something to average. A turned
    # JPEG is wide where it is stored high, hence the same bound both ways.
    with opened(content, draft=(2 * width, 2 * width)) as picture:
        pixels = standard(picture)
    if pixels.width > width:
        height = max(1, round(pixels.height * width / pixels.width))
        pixels = pixels.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return encode(pixels, "WEBP", quality=_THUMBNAIL_QUALITY)


def _flat(content: bytes) -> Image.Image:
    with opened(content) as picture:
        pixels = standard(picture)
    if pixels.mode == "RGB":
        return pixels
    paper = Image.new("RGB", pixels.size, _PAPER)
    paper.paste(pixels, mask=pixels.getchannel("A"))
    return paper


def _cell(size: tuple[int, int]) -> tuple[int, int]:
    width, height = size
    scale = min(1.0, (MAX_PIXELS / 4 / (width * height)) ** 0.5, MAX_SIDE / 2 / max(size))
    return max(1, int(width * scale)), max(1, int(height * scale))


def _fit(picture: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / picture.width, height / picture.height)
    size = (min(width, max(1, round(picture.width * scale))), min(height, max(1, round(picture.height * scale))))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
