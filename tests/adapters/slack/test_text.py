"""What people write in Slack is read as they meant it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.asks import picture_to_describe, pictures_to_blend, verb_of
from adapters.slack.blocks import escaped
from adapters.slack.text import read, read_message
from bot.errors import InvalidCommand, InvalidPicture


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a cat &amp; a dog &lt;3 &gt; 2", "a cat & a dog <3 > 2"),
        ("a &amp;amp; b", "a &amp; b"),
        ("<https://example.org/cat.png> a cat", "https://example.org/cat.png a cat"),
        ("<https://example.org/cat.png|example.org/cat.png> a cat", "https://example.org/cat.png a cat"),
        ("<https://example.org/a_b_c/_x_.png?a=1&amp;b=2>", "https://example.org/a_b_c/_x_.png?a=1&b=2"),
        ("https://example.org/_x_/*y*.png words", "https://example.org/_x_/*y*.png words"),
        ("made with <http://node.js|node.js>", "made with node.js"),
        ("write to <mailto:a@b.org|a@b.org>", "write to a@b.org"),
        ("a portrait of <@U1|ada>", "a portrait of @ada"),
        ("a portrait of <@U2>", "a portrait of Grace"),
        ("a portrait of <@U3>", "a portrait of someone"),
        ("the mood of <#C1|general>", "the mood of #general"),
        ("<!here> and <!subteam^S1|@crew> on <!date^1^{date}|Friday>", "@here and @crew on Friday"),
        ("a “quoted” ‘word’", "a \"quoted\" 'word'"),
        ("a cat —ar 3:2", "a cat —ar 3:2"),
        ("a *bold* _slanted_ ~struck~ `typed` cat", "a bold slanted struck typed cat"),
        ("```a cat --ar 3:2```", "a cat --ar 3:2"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("*cat*::2 dog::1", "cat::2 dog::1"),
        ("*see <https://example.org/*.png>*", "see https://example.org/*.png"),
        ("an owl\u00a0at night", "an owl at night"),
    ],
)
def test_formatting_is_read_as_it_was_meant(written: str, meant: str) -> None:
    assert read(written, {"U2": "Grace"}) == meant


@given(st.text(alphabet=st.characters(blacklist_characters="*_~`“”„‟‘’‚‛\u00a0\ue000", blacklist_categories=["Cs"])))
def test_what_is_escaped_for_slack_is_read_back(text: str) -> None:
    assert read(escaped(text)) == text


@given(st.text(alphabet="<>|@#!&;*_~` ahtps:/.lg\n", max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(read(text), str)


def _rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "text": "not looked at",
        "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}],
    }


def test_rich_text_says_it_without_guessing() -> None:
    message = _rich(
        {"type": "user", "user_id": "UBOT"},
        {"type": "text", "text": " imagine a "},
        {"type": "text", "text": "red", "style": {"bold": True}},
        {"type": "text", "text": " *starred* cat & "},
        {"type": "user", "user_id": "U2"},
        {"type": "emoji", "name": "cat", "unicode": "1f431"},
        {"type": "emoji", "name": "our_own-logo"},
        {"type": "text", "text": " "},
        {"type": "link", "url": "https://example.org/a&b.png"},
        {"type": "link", "url": "http://node.js", "text": "node.js"},
        {"type": "broadcast", "range": "here"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "color", "value": "#ff0000"},
    )
    meant = read_message(message, {"U2": "Grace"}, bot="UBOT")
    assert meant == (
        "imagine a red *starred* cat & Grace🐱our own logo https://example.org/a&b.pngnode.js@here#channel@group#ff0000"
    )


def test_lists_quotes_and_code_are_read_line_by_line() -> None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}
    message = {
        "blocks": [
            {
                "type": "rich_text",
                "elements": [
                    {"type": "rich_text_list", "elements": [section, section]},
                    {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
                    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "--ar 3:2"}]},
                ],
            }
        ]
    }
    assert read_message(message) == "one\none\nquoted\n--ar 3:2"


def test_a_message_without_blocks_is_read_by_its_text() -> None:
    assert read_message({"text": "<@UBOT> imagine a *cat*"}, bot="UBOT") == "imagine a cat"
    assert read_message({"text": "<@UBOT|bot> hi <@UBOT>"}, bot="UBOT") == "hi someone"


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("imagine a cat", ("imagine", "a cat")),
        ("/imagine a cat", ("imagine", "a cat")),
        ("Imagine: a cat", ("imagine", "a cat")),
        (", imagine a cat", ("imagine", "a cat")),
        (": imagine a cat", ("imagine", "a cat")),
        (" - imagine a cat", ("imagine", "a cat")),
        ("— /imagine a cat", ("imagine", "a cat")),
        ("!\nimagine -- a cat", ("imagine", "-- a cat")),
        ("jobs", ("jobs", "")),
        ("", ("help", "")),
        (" ?", ("help", "")),
    ],
)
def test_a_message_begins_with_a_verb(text: str, verb: tuple[str, str]) -> None:
    assert verb_of(text) == verb


def test_other_words_are_answered_with_what_there_is() -> None:
    with pytest.raises(InvalidCommand, match="Did you mean blend"):
        verb_of("blnd two cats")
    with pytest.raises(InvalidCommand, match="for example"):
        verb_of("thank you!")


def test_pictures_are_found_by_their_addresses() -> None:
    assert picture_to_describe("https://x.org/a.png") == "https://x.org/a.png"
    assert picture_to_describe("", attached=1) is None
    found = pictures_to_blend("https://x.org/a.png https://x.org/b.png sea --sref https://x.org/c.png")
    assert found.addresses == ("https://x.org/a.png", "https://x.org/b.png")
    assert found.words == "sea --sref https://x.org/c.png"
    with pytest.raises(InvalidCommand, match="just one"):
        picture_to_describe("https://x.org/a.png", attached=1)
    with pytest.raises(InvalidPicture, match="there are none yet"):
        pictures_to_blend("sea")
    with pytest.raises(InvalidPicture, match="there are 6"):
        pictures_to_blend("https://x.org/a.png " * 6)
