"""The admin's list of words."""

from __future__ import annotations

import pytest

from bot.prompts import blocked_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("green grass in Essex", ["ass", "sex"]),
        ("Scunthorpe assassin classic", ["ass", "cunt"]),
        ("anything at all", []),
        ("anything", ["", "  ", "!?"]),
        ("été", ["ete"]),
        ("हिन्दी", ["हिन"]),
        ("bad weather, word", ["bad word"]),
    ],
)
def test_word_inside_another_is_allowed(text: str, words: list[str]) -> None:
    assert blocked_words(text, words) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SEX sells", "sex"),
        ("kick-ass", "ass"),
        ("(ass)", "ASS"),
        ("_ass_", "ass"),
        ("a­ss", "ass"),
        ("a\u200bss", "ass"),
        ("ｓｅｘ", "sex"),
        ("STRASSE", "straße"),
        ("e\u0301te\u0301", "été"),
        ("a bad,  word", "bad word"),
        ("猫", "猫"),
    ],
)
def test_whole_word_is_found_however_it_is_written(text: str, word: str) -> None:
    assert blocked_words(text, [word]) == (word,)


def test_found_words_come_in_the_order_of_the_list_and_once() -> None:
    assert blocked_words("two one two", ["one", "two", "three", "one"]) == ("one", "two")


def test_nothing_is_blocked_by_default() -> None:
    assert blocked_words("sex") == ()
