"""Permutations and repeats."""

from __future__ import annotations

import pytest

from bot.errors import InvalidPrompt
from bot.prompts import expand, parse, to_request


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a cat  --ar16:9", ("a cat  --ar16:9",)),
        ("", ("",)),
        ("{red, green} bird", ("red bird", "green bird")),
        ("{a, b} {c, d}", ("a c", "a d", "b c", "b d")),
        ("a {b, c{d, e}}", ("a b", "a cd", "a ce")),
        ("a {{b, c}, {d}} f", ("a b f", "a c f", "a d f")),
        ("cat --ar {1:1, 2:3}", ("cat --ar 1:1", "cat --ar 2:3")),
        ("cat {--tile, --raw --v 7}", ("cat --tile", "cat --raw --v 7")),
        ("cat --{tile, raw}", ("cat --tile", "cat --raw")),
        (r"{red\, green, blue} bird", ("red, green bird", "blue bird")),
        (r"{a, b} \{c, d\}", (r"a \{c, d\}", r"b \{c, d\}")),
        (r"\{a, b\}", (r"\{a, b\}",)),
        ("{, red} bird, sitting", ("bird, sitting", "red bird, sitting")),
        ("{red} bird", ("red bird",)),
        ("{a, a}", ("a", "a")),
        ("cat --repeat 3", ("cat", "cat", "cat")),
        ("cat --ar 3:2 --r 2 --v 7", ("cat --ar 3:2 --v 7", "cat --ar 3:2 --v 7")),
        ("{a, b} --repeat 2", ("a", "a", "b", "b")),
        ("cat --r {2, 3}", ("cat",) * 5),
    ],
)
def test_text_gives_one_text_for_each_choice_and_repeat(text: str, texts: tuple[str, ...]) -> None:
    assert expand(text) == texts


def test_escaped_signs_reach_the_image_service_without_their_backslashes() -> None:
    (text,) = expand(r"a \{curly\} cat\, asleep")
    assert to_request(parse(text)).prompt == "a {curly} cat, asleep"


def test_one_more_than_the_cap_is_refused_with_both_numbers() -> None:
    assert len(expand("{a, b} {c, d}", cap=4)) == 4
    with pytest.raises(InvalidPrompt) as refused:
        expand("{a, b} {c, d}", cap=3)
    assert str(refused.value) == "The choices make 4 prompts and 3 are allowed; type fewer choices."


def test_repeats_count_towards_the_cap() -> None:
    with pytest.raises(InvalidPrompt) as refused:
        expand("{a, b} --repeat 6")
    assert str(refused.value) == ("This makes 12 prompts and 10 are allowed; type a smaller --repeat or fewer choices.")


@pytest.mark.parametrize("text", ["{a,b}" * 3000, "{{a,b},{a,b}}" * 1000, "{" + "{a,b}" * 3000 + "}"])
def test_explosive_text_is_counted_not_made(text: str) -> None:
    with pytest.raises(InvalidPrompt, match="make more than a million prompts and 10 are allowed"):
        expand(text)


def test_deep_nesting_is_no_trouble() -> None:
    assert expand("{" * 2000 + "a,b" + "}" * 2000) == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a {b, c", "A “{” is never closed; type “}” after the last choice, or \\{ for the sign itself."),
        ("a b}", "A “}” has no “{” before it; type “{” before the first choice, or \\} for the sign itself."),
        ("cat --repeat 50", "--repeat takes a whole number from 2 to 40; type --repeat 40."),
        ("cat --repeat", "--repeat takes a whole number from 2 to 40; type --repeat 4, for example."),
        ("cat --r {2, x}", "--r takes a whole number from 2 to 40; type --r 4, for example."),
        (
            "a" * 16_001,
            "The prompt has 16,001 characters and 4,000 are allowed, 16,000 with choices in braces; type a shorter one.",
        ),
    ],
)
def test_text_that_cannot_be_expanded_says_why(text: str, message: str) -> None:
    with pytest.raises(InvalidPrompt) as refused:
        expand(text)
    assert str(refused.value) == message
