"""What bytes claim to be, judged by their first few, and the limits that hold for all of them."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 20 * 1000 * 1000
"""The largest file that is taken, in bytes: 20 MB."""

MAX_PIXELS: Final = 40 * 1000 * 1000
"""The largest picture that is taken, in pixels: 40 megapixels."""

MAX_SIDE: Final = 16_383
"""The longest side that is taken, in pixels: WebP, which thumbnails are made in, can hold no more."""

ACCEPTED: Final = "PNG, JPEG, WebP or GIF"
"""The formats that are taken, as people read them."""

SNIFF_BYTES: Final = 512
"""How many bytes ``picture_type`` and ``describe`` look at, at the most."""

_SIGNATURES: Final = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF or raw picture"),
    (b"MM\x00*", "a TIFF or raw picture"),
    (b"8BPS", "a Photoshop file"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"OggS", "a sound or video file"),
    (b"ID3", "a sound file"),
)

# The brands of ISO base media files that people mistake for pictures or that are pictures of another kind.
_BRANDS: Final = {
    b"heic": "a HEIC photo",
    b"heix": "a HEIC photo",
    b"hevc": "a HEIC photo",
    b"mif1": "a HEIC photo",
    b"msf1": "a HEIC photo",
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
}


def picture_type(content: bytes) -> str | None:
    """Give the content type of an accepted format that ``content`` begins like, or None.

    Only the signature is looked at; whether the rest is a picture is for ``verify`` to find out.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def describe(content: bytes) -> str:
    """Put into words what ``content`` looks like, with its article: "a web page", "a PDF document"."""
    if not content:
        return "an empty file"
    for signature, words in _SIGNATURES:
        if content.startswith(signature):
            return words
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "a video")
    return _describe_text(content[:SNIFF_BYTES]) or "a file of an unknown kind"


def _describe_text(start: bytes) -> str | None:
    # A character may be cut in two where the sample ends, so what cannot be decoded is dropped rather than refused.
    text = start.decode("utf-8-sig", errors="ignore").lstrip().lower()
    if "<svg" in text:
        return "an SVG drawing"
    if text.startswith(("<!doctype html", "<html", "<head", "<body", "<!--", "<script")) or "<html" in text:
        return "a web page"
    if b"\x00" in start or len(text.encode()) < 0.9 * len(start.strip()):
        return None
    return "text"
