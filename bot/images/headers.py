"""Facts that Pillow does not tell, or tells too late: read from the bytes themselves."""

from __future__ import annotations

import re
from typing import Final

# A marker inside the coded part of a JPEG: 0xFF and anything but a stuffed zero, a restart marker or padding.
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9


def webp_size(content: bytes) -> tuple[int, int]:
    """Give the width and height in pixels from the first chunk of a WebP file (RFC 9649, section 2).

    Raises:
        ValueError: the first chunk is not one that a WebP file begins with, or it is cut short.
    """
    chunk, header = content[12:16], content[20:30]
    if len(header) < 10:
        raise ValueError("the header is cut short")
    if chunk == b"VP8X":
        return int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(header[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return int.from_bytes(header[6:8], "little") & 0x3FFF, int.from_bytes(header[8:10], "little") & 0x3FFF
    raise ValueError("the first chunk is unknown")


def webp_is_lossless(content: bytes) -> bool:
    """Tell whether the pixels of a WebP file are in a lossless chunk (VP8L)."""
    position = 12
    while position + 8 <= len(content):
        chunk = content[position : position + 4]
        if chunk in {b"VP8L", b"VP8 "}:
            return chunk == b"VP8L"
        size = int.from_bytes(content[position + 4 : position + 8], "little")
        position += 8 + size + size % 2  # chunks begin at even places
    return False


def jpeg_scans(content: bytes, *, limit: int) -> int:
    """Count the scans of a JPEG (ITU-T T.81, annex B) up to its end marker; stop soon after ``limit``."""
    scans, position = 0, 2
    while scans <= limit and (match := _NEXT_MARKER.search(content, position)):
        position, marker = match.end(), match.group()[1]
        if marker == _END_OF_IMAGE:
            break
        if marker == _START_OF_SCAN:
            scans += 1
        position += int.from_bytes(content[position : position + 2])
    return scans
