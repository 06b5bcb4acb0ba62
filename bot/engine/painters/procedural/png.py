"""Write PNG in bands, so that a cancel is heard between them, with text chunks (PNG specification, 11.3.4.5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from bot.engine.painters.painter import Checkpoint

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BAND_PIXELS = 400_000
_FILTER_UP = 2


def encode(pixels: npt.NDArray[np.uint8], text: Mapping[str, str], *, checkpoint: Checkpoint, since: float) -> bytes:
    """Encode ``pixels`` (height, width, 3) with text chunks; progress runs from ``since`` to 1.

    Raises:
        Stopped: from ``checkpoint``.
    """
    height, width = pixels.shape[:2]
    parts = [SIGNATURE, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts += [_text(key, value) for key, value in text.items()]
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    rows = max(1, _BAND_PIXELS // width)
    above: npt.NDArray[np.uint8] = np.zeros((1, width, 3), np.uint8)
    for top in range(0, height, rows):
        checkpoint(since + (1 - since) * top / height)
        band = pixels[top : top + rows]
        before = np.concatenate([above, band[:-1]])
        lines = np.empty((band.shape[0], 1 + width * 3), np.uint8)
        lines[:, 0] = _FILTER_UP
        lines[:, 1:] = (band - before).reshape(band.shape[0], -1)
        above = band[-1:]
        parts.append(_chunk(b"IDAT", packer.compress(lines.tobytes())))
    parts += [_chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _text(key: str, value: str) -> bytes:
    """Write an iTXt chunk: UTF-8, not compressed, no language."""
    return _chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + value.encode())
