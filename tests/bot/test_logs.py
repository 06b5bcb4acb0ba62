"""Log lines: one a record, and no secret in any of them."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import sys
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx
import pytest
import stamina
import structlog

from bot.logs import MASK, set_up_logs

TOKEN = "tok-123456"
ODD = 'quo"te\\slash'


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def watch(monkeypatch: pytest.MonkeyPatch, *, terminal: bool = False) -> io.StringIO:
    """Give what goes to standard error from now on; called in the test, as pytest has a stream for each phase."""
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.mark.parametrize("terminal", [False, True])
def test_no_secret_shows_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    stream = watch(monkeypatch, terminal=terminal)
    set_up_logs(secrets=[TOKEN, ODD, ""])
    log = structlog.get_logger("t")
    log.warning(f"said {TOKEN}", plain=TOKEN, deep={"headers": [f"x {TOKEN}"]}, odd=ODD, reason=RuntimeError(TOKEN))
    log.warning("calling", header="Authorization: Bearer abc.def")
    logging.getLogger("library").warning("used %s and %s", TOKEN, {"key": TOKEN})
    text = stream.getvalue()
    assert TOKEN not in text
    assert ODD not in text
    assert json.dumps(ODD)[1:-1] not in text
    assert "abc.def" not in text
    assert text.count(MASK) >= 7


@pytest.mark.parametrize("terminal", [False, True])
def test_no_secret_shows_in_a_trace(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    stream = watch(monkeypatch, terminal=terminal)

    def call(token: str) -> None:
        local_copy = {"token": token}
        raise RuntimeError(f"refused {local_copy['token']}")

    set_up_logs(secrets=[TOKEN])
    try:
        call(TOKEN)
    except RuntimeError:
        structlog.get_logger("t").exception("it went wrong")
        logging.getLogger("library").exception("it went wrong there")
    text = stream.getvalue()
    assert TOKEN not in text
    assert text.count("RuntimeError: refused") == 2
    assert "test_logs.py" in text


@pytest.mark.parametrize("terminal", [False, True])
def test_no_local_variable_shows_in_a_trace(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    stream = watch(monkeypatch, terminal=terminal)

    def call(key: str) -> None:
        raise RuntimeError("refused")

    set_up_logs()
    try:
        call(f"key-{6 * 7}")
    except RuntimeError:
        structlog.get_logger("t").exception("it went wrong")
    text = stream.getvalue()
    assert "RuntimeError: refused" in text
    assert "key-42" not in text


FORMS: dict[str, Callable[[str], object]] = {
    "in an address": lambda secret: f"https://example.test/?key={quote(secret)}&all={quote(secret, safe='')}",
    "in a form": lambda secret: f"key={quote_plus(secret)}",
    "by httpx": lambda secret: httpx.URL("https://example.test/", params={"key": secret}),
    "quoted by Python": lambda secret: repr({"key": secret}),
    "in bytes": lambda secret: [(b"authorization", f"Bot {secret}".encode())],
    "in JSON": lambda secret: json.dumps({"key": secret}),
    "in JSON within JSON": lambda secret: json.dumps({"body": json.dumps({"key": secret}, ensure_ascii=False)}),
    "in base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "in an error": lambda secret: ValueError(f"refused: {secret!r}"),
}


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [TOKEN, "pass word/with+odd=%&?", "schlüssel'\"\\x"])
def test_no_secret_shows_in_whatever_form(
    monkeypatch: pytest.MonkeyPatch, secret: str, form: str, *, terminal: bool
) -> None:
    stream = watch(monkeypatch, terminal=terminal)
    said = FORMS[form](secret)
    set_up_logs(secrets=[secret])
    structlog.get_logger("t").warning("used", said=said, text=str(said))
    logging.getLogger("library").warning("used %s", said)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all(MASK in line for line in lines)
    for trace in (secret, repr(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)):
        assert trace not in stream.getvalue()
    assert base64.b64encode(secret.encode()).decode() not in stream.getvalue()


def test_a_secret_that_is_part_of_another_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = watch(monkeypatch)
    set_up_logs(secrets=["pass", "passphrase-of-old"])
    structlog.get_logger("t").warning("tried passphrase-of-old")
    assert "phrase" not in stream.getvalue()


def test_no_secret_shows_in_the_trace_of_a_library_whose_cause_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = watch(monkeypatch)
    set_up_logs(secrets=["top/secret"])

    def ask(url: str) -> None:
        try:
            os.environ[url]
        except KeyError as error:
            raise RuntimeError("it failed for top/secret") from error

    try:
        ask("https://example.test/?key=top%2Fsecret")
    except RuntimeError:
        logging.getLogger("asyncio").exception("Task exception was never retrieved")
    text = stream.getvalue()
    assert ("KeyError" in text, "RuntimeError" in text) == (True, True)
    assert ("top/secret" in text, "top%2Fsecret" in text) == (False, False)


def test_without_a_terminal_each_line_is_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = watch(monkeypatch)
    set_up_logs()
    structlog.get_logger("t").info("sent", job="7", words="naïve\nlines")
    logging.getLogger("library").warning("careful")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["job"], first["level"], first["words"]) == ("sent", "7", "info", "naïve\nlines")
    assert (second["event"], second["level"]) == ("careful", "warning")
    assert first["timestamp"].endswith("Z")


def test_requests_are_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = watch(monkeypatch)
    set_up_logs()
    logging.getLogger("httpx").info("GET /")
    structlog.get_logger("t").debug("detail")
    assert stream.getvalue() == ""


def test_another_try_is_told_of_by_whoever_makes_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = watch(monkeypatch)
    stamina.instrumentation.set_on_retry_hooks(None)  # as a program begins
    set_up_logs()
    for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0, wait_jitter=0):
        with attempt:
            if attempt.num == 1:
                raise ValueError
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("xoxb-12-34-aBc", "aBc"),
        ("xoxe.xoxb-1-Mi0yLTEx", "Mi0yLTEx"),
        ("xoxe-1-My0xLTE", "My0xLTE"),
        ("xapp-1-A0-12-ab", "12-ab"),
        ("ib_0a1b2c_q-7Z_tTx", "q-7Z_tTx"),
        ("whsec_q-7Z_tTx", "q-7Z_tTx"),
        ("postgresql://studio:hush@db.example/imaginebot", "hush"),
        ({"Authorization": "Basic c3R1ZGlvOmh1c2g="}, "c3R1ZGlvOmh1c2g"),
    ],
)
def test_what_is_secret_and_no_setting_is_masked_too(
    monkeypatch: pytest.MonkeyPatch, said: object, secret: str
) -> None:
    stream = watch(monkeypatch)
    set_up_logs()
    structlog.get_logger("t").warning("refused", said=said)
    assert secret not in stream.getvalue()
    assert MASK in stream.getvalue()
