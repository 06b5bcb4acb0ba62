"""Log lines: one a record, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest
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


@pytest.mark.parametrize("token", ["xoxb-12-34-aBc", "xoxe.xoxb-1-Mi0yLTEx", "xoxe-1-My0xLTE", "xapp-1-A0-12-ab"])
def test_tokens_that_are_rows_and_no_settings_are_masked_too(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    stream = watch(monkeypatch)
    set_up_logs()
    structlog.get_logger("t").warning("refused", token=token)
    assert token.rpartition("-")[2] not in stream.getvalue()
    assert MASK in stream.getvalue()
