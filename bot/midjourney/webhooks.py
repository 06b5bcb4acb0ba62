"""Signatures of webhooks: HMAC-SHA256 over the raw body, keyed with the webhook secret of the account.

The encoding of the digest is not specified in public. We send lower-case hex and accept hex, hex after ``sha256=``,
and base64, each in plain or URL-safe letters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import suppress
from functools import lru_cache

SIGNATURE_HEADER = "X-Midjourney-Signature"

_DIGEST_BYTES = hashlib.sha256().digest_size
_PLAIN_LETTERS = str.maketrans("-_", "+/")
_HEADER_LIMIT = 256
"""Characters; the longest form in use has 71."""


def sign(body: bytes, secret: str) -> str:
    """Give the signature of ``body`` in lower-case hex."""
    return hmac.digest(_key(secret), body, "sha256").hex()


def verify(body: bytes, header: str | None, secret: str) -> bool:
    """Say whether ``header`` is the signature of ``body``; an empty ``secret`` verifies nothing.

    The comparison takes the same time wherever the digests differ, and no header makes it raise.
    """
    if not header or not secret or len(header) > _HEADER_LIMIT:
        return False
    mac = _keyed(secret).copy()
    mac.update(body)
    expected = mac.digest()
    # No early way out: every reading is compared, so that the time tells nothing about the form either.
    matches = [hmac.compare_digest(expected, given) for given in _readings(header.strip())]
    return any(matches)


@lru_cache(maxsize=1)
def _keyed(secret: str) -> hmac.HMAC:
    """Give what has taken in the key and nothing else. To look for SHA-256 anew takes OpenSSL longer than all the rest."""
    return hmac.new(_key(secret), digestmod="sha256")


def _key(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogatepass")


def _readings(header: str) -> list[bytes]:
    """Give every digest that ``header`` can be read as."""
    readings: list[bytes] = []
    text = header[len("sha256=") :] if header.lower().startswith("sha256=") else header
    with suppress(ValueError):
        readings.append(bytes.fromhex(text))
        if len(text) == 2 * _DIGEST_BYTES:  # in base64 so many letters stand for more
            return readings
    with suppress(ValueError):  # binascii.Error is one
        plain = text.translate(_PLAIN_LETTERS).rstrip("=")
        readings.append(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    return [reading for reading in readings if len(reading) == _DIGEST_BYTES]
