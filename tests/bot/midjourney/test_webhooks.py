from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.midjourney.webhooks import sign, verify

BODY = b'{"event":"job.completed"}'
SECRET = "s3cret"
DIGEST = hmac.new(SECRET.encode(), BODY, hashlib.sha256).digest()


def test_the_signature_is_the_lower_case_hex_of_hmac_sha256() -> None:
    # From RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign(b"what do ya want for nothing?", "Jefe") == expected


@pytest.mark.parametrize(
    "header",
    [
        DIGEST.hex(),
        DIGEST.hex().upper(),
        f"sha256={DIGEST.hex()}",
        f"SHA256={DIGEST.hex()}",
        f"  {DIGEST.hex()} ",
        base64.b64encode(DIGEST).decode(),
        base64.b64encode(DIGEST).decode().rstrip("="),
        base64.urlsafe_b64encode(DIGEST).decode(),
        f"sha256={base64.b64encode(DIGEST).decode()}",
    ],
)
def test_every_known_way_to_write_the_digest_is_accepted(header: str) -> None:
    assert verify(BODY, header, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        DIGEST.hex()[:-2],
        DIGEST.hex() + "00",
        "0" * 64,
        f"sha1={DIGEST.hex()}",
        "ä" * 64,
        "\x00" * 64,
        "=" * 44,
        "a" * 100_000,
    ],
)
def test_anything_else_is_refused(header: str | None) -> None:
    assert not verify(BODY, header, SECRET)


def test_another_body_is_refused() -> None:
    assert not verify(BODY + b" ", sign(BODY, SECRET), SECRET)


def test_another_secret_is_refused() -> None:
    assert not verify(BODY, sign(BODY, SECRET), SECRET + "!")


def test_an_empty_secret_verifies_nothing() -> None:
    assert not verify(BODY, sign(BODY, ""), "")


@given(body=st.binary(), header=st.text(), secret=st.text())
def test_no_header_makes_it_raise(body: bytes, header: str, secret: str) -> None:
    assert verify(body, header, secret) is False


@given(body=st.binary(), secret=st.text(min_size=1))
def test_what_is_signed_is_verified(body: bytes, secret: str) -> None:
    assert verify(body, sign(body, secret), secret)
