"""What holds for any text whatever."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import InvalidPrompt
from bot.midjourney.schema import PROMPT_LIMIT
from bot.prompts import complete, expand, parse, to_request
from bot.prompts.fields import outgoing
from bot.prompts.grammar import BY_NAME, RETIRED
from bot.prompts.parse import read

_NAMES = st.sampled_from([*BY_NAME, *RETIRED])
_SIGNS = st.sampled_from(
    (
        *(
            "--",
            "-",
            "—",
            "–",
            "---",
            "-—",
            " ",
            " ",
            " ",
            "\n",
            ",",
            ":",
            "::",
            "{",
            "}",
            "\\",
            "\\{",
            "\\,",
            ".",
            "=",
        ),
        *("|", "<", ">", '"', "“", "'", "(", ")", "%", "\u200b", "\x00", "\ud800", "﹣", "：", "０", "é"),
    )
)
_VALUES = st.sampled_from(
    (
        *(
            "16:9",
            "16x9",
            "1.39:1",
            "0:1",
            ".5",
            "1,5",
            "1,000",
            "7",
            "6.1",
            "100",
            "-5",
            "50%",
            "raw",
            "random",
            "low",
        ),
        *(
            "ab12cd",
            "abcdefg",
            "{1, 2}",
            "https://a.com/b.png",
            "https://a.com/b--v.png",
            "https://",
            "/imagine",
            "cat",
        ),
    )
)
_DASHED = st.builds(
    lambda dash, name, value: dash + name + value,
    st.sampled_from(["--", "-", "—", "cat--", "cat—", "-- ", "— ", "https://a.com/b.png--"]),
    _NAMES,
    st.sampled_from(["", " 5", "5", "=5", " 16:9", " raw", " a, b", ","]),
)
_NASTY = st.one_of(
    st.lists(st.one_of(_NAMES, _SIGNS, _VALUES, st.text(max_size=3)), max_size=12).map("".join),
    st.lists(st.one_of(_DASHED, _NAMES, _SIGNS, _VALUES), max_size=8).map(" ".join),
    st.text(max_size=40),
)


@settings(max_examples=800, deadline=None)
@given(_NASTY)
@example("cat -- --v 7 ar 3:2")
@example("cat — ar --v 7 3:2")
@example("cat -ar --v 7 3:2")
@example("cat—ar --tile 3:2")
@example("— — ar --v 7 3:2")
@example("--no a,-tile")
@example("--no a,—ar,3:2")
@example("--no x-c,5 -c,5")
@example("cat --no x -tile,")
@example("cat --no x --no {a, b}")
@example("--chaos 5} cat {")
@example("--v 7 https://a.com/b.png cat")
@example("--v 7 prompt: cat")
@example("https://a.com/b.png--ar::2")
def test_canonical_form_reads_as_the_same_prompt(text: str) -> None:
    prompt = parse(text)
    again = parse(str(prompt))
    assert again == prompt
    assert str(again) == str(prompt)


_PLAIN_WORDS = st.lists(
    st.sampled_from(["cat", "well-lit", "día", "7", "a,", "“b”", "ar", "-", "x-", "it's"]), max_size=5
)
_ENDINGS = st.lists(
    st.sampled_from(
        ["--ar 3:2", "--v 7", "--no red, blue", "--tile", "--seed 5", "--ar 3:2,", "--c 5 dog", "--r 2", "--q"]
    ),
    max_size=4,
)
_USUAL = st.builds(lambda words, ending: " ".join([*words, *ending]), _PLAIN_WORDS, _ENDINGS)


@settings(max_examples=2000, deadline=None)
@given(st.one_of(_USUAL, st.builds("{} {}".format, _USUAL, _NASTY), st.builds("{} {}".format, _NASTY, _USUAL), _NASTY))
@example("cat" * 400 + " --ar 3:2")
@example("cat --ar {1:1, 3:2}")
@example("cat  --ar 3:2 ")
@example("cat\t--ar 3:2")
@example("a\u3000cat --ar 3:2")
@example("_ --ar 3:2")
@example("١ --ar 3:2")
def test_what_is_usual_is_read_as_anything_is(text: str) -> None:
    # Two prompts are equal however they were typed, so all that they hold is looked at.
    assert repr(parse(text)) == repr(read(text))


def test_what_is_usual_is_read_without_a_look_at_each_word() -> None:
    usual = sys.modules["bot.prompts.parse"]._words_and_parameters
    assert usual("a well-lit lighthouse at dusk, “oil”, 1920s --ar 3:2 --no boats, people --v 7") is not None
    assert usual("a {red, blue} cat --ar 3:2") is None


def test_a_text_of_any_length_takes_no_more_memory_than_what_is_read_of_it() -> None:
    text = "a" + "-a" * 500_000
    parse("cat")
    tracemalloc.start()
    try:
        assert parse(text).errors
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000
    assert kept < 10_000


@settings(max_examples=400, deadline=None)
@given(_NASTY)
def test_every_issue_lies_within_the_text_as_typed(text: str) -> None:
    for issue in parse(text).issues:
        assert 0 <= issue.start <= issue.end <= len(text)
        assert issue.message.endswith(".")


@settings(max_examples=800, deadline=None)
@given(_NASTY)
def test_what_is_sent_is_at_most_four_times_as_long_as_what_was_typed(text: str) -> None:
    """So a short prompt need not be written out to see whether it is too long."""
    sent, fields = outgoing(parse(text))
    assert max(len(sent), len(fields.get("no", ""))) <= 4 * len(text)


@settings(max_examples=400, deadline=None)
@given(_NASTY)
def test_prompt_without_errors_can_be_sent(text: str) -> None:
    prompt = parse(text)
    if prompt.errors or prompt.permuted:
        with pytest.raises(InvalidPrompt):
            to_request(prompt)
    else:
        assert 1 <= len(to_request(prompt).prompt) <= PROMPT_LIMIT


def attempt(text: str, cap: int = 10) -> tuple[str, ...]:
    """Expand ``text``, to nothing where it is refused."""
    try:
        return expand(text, cap=cap)
    except InvalidPrompt:
        return ()


@settings(max_examples=400, deadline=None)
@given(_NASTY, st.integers(min_value=1, max_value=12))
def test_expansion_keeps_to_its_cap_and_leaves_nothing_to_expand(text: str, cap: int) -> None:
    texts = attempt(text, cap)
    assert len(texts) <= cap
    for each in texts:
        assert parse(each).parameter("r") is None
        assert expand(each, cap=1) == (each,)


@settings(max_examples=200, deadline=None)
@given(_NASTY, st.integers(min_value=-5, max_value=200))
def test_completion_stays_within_the_text(text: str, cursor: int) -> None:
    for each in complete(text, cursor):
        assert 0 <= each.start <= each.end <= len(text)


# --- hostile length ---------------------------------------------------------------------------------------------------


def steps(work: Callable[[], object]) -> int:
    """Count the lines of Python that ``work`` runs."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        *("--", "— ", "{", "}", "{a}", "{a,", "\\{", "--ar ", "--no a,", "--no ", "-- tile ", "— ar ", "-ar ", "a--v"),
        *("a --v 7 ", "-- ar --v 7 3:2 ", "::2 ", "https://a.com/b.png ", "https://a--v", "--sref random ", "--c 999 "),
    ],
)
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    short, long = (unit * (size // len(unit)) for size in (1500, 6000))
    few, many = (steps(partial(parse, text)) for text in (short, long))
    assert many < 5 * few


def test_unknown_names_are_compared_a_few_times_only() -> None:
    few, many = (steps(partial(parse, "--sylize " * count)) for count in (20, 320))
    assert many < 4 * few
    assert len(parse("--sylize " * 1700).issues) <= 25


def test_text_past_the_limit_is_no_more_work() -> None:
    few, many = (steps(partial(parse, "--ar " * size)) for size in (3200, 32_000))
    assert many < few + 100


def test_whatever_is_wrong_the_list_of_issues_stays_short_with_errors_first() -> None:
    prompt = parse("cat " + "--ar 16x9 " * 100 + "--chaos 500")
    assert len(prompt.issues) == 25
    assert len(prompt.errors) == 1


@pytest.mark.parametrize("unit", ["{a,b}", "{", "{a}", "{{a,b},c}", "\\,"])
def test_expanding_grows_no_faster_than_the_text(unit: str) -> None:
    short, long = (unit * (size // len(unit)) for size in (1500, 6000))
    few, many = (steps(partial(attempt, text)) for text in (short, long))
    assert many < 5 * few
