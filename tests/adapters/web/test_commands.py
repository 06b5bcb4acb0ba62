"""What people type is read as the command that they meant, or answered with what it wants."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.commands import (
    USAGES,
    Blend,
    Cancel,
    Command,
    Describe,
    Help,
    Imagine,
    Say,
    ShowJobs,
    advise,
    read,
)
from bot.errors import InvalidCommand, InvalidPrompt, UserError
from bot.jobs.drafts import KeptPicture, blend
from bot.prompts import Level


@pytest.mark.parametrize(
    ("text", "attached", "command"),
    [
        ("hello there", 0, Say(text="hello there")),
        ("  two\nlines ", 0, Say(text="two\nlines")),
        ("/imagine a cat --ar 3:2", 0, Imagine(prompt="a cat --ar 3:2")),
        ("/IMAGINE a cat", 0, Imagine(prompt="a cat")),
        ("/imagine\na cat", 0, Imagine(prompt="a cat")),
        ("/imagine a cat", 1, Imagine(prompt="a cat", attached=1)),
        ("/describe", 1, Describe()),
        ("/describe https://example.org/a.png", 0, Describe(address="https://example.org/a.png")),
        ("/blend", 2, Blend()),
        ("/blend https://a.org/1.png https://a.org/2.png a mood", 0,
         Blend(addresses=("https://a.org/1.png", "https://a.org/2.png"), prompt="a mood")),
        ("/blend soft  light --sref https://a.org/s.png", 2, Blend(prompt="soft  light --sref https://a.org/s.png")),
        ("/jobs", 0, ShowJobs()),
        ("/help", 0, Help()),
        ("/cancel", 0, Cancel()),
        ("/cancel ALL", 0, Cancel(everything=True)),
        ("/cancel 01900000-0000-7000-8000-000000000001", 0, Cancel(job_id="01900000-0000-7000-8000-000000000001")),
    ],
)  # fmt: skip
def test_each_command_is_read(text: str, attached: int, command: Command) -> None:
    assert read(text, attached=attached) == command


@pytest.mark.parametrize(
    ("text", "attached", "sentence"),
    [
        ("/", 0, "The slash wants a command after it: /imagine, /describe"),
        ("", 0, "nothing to send"),
        ("look", 1, "Pictures go with a command"),
        ("/imagine", 0, "wants a prompt, for example"),
        ("/imagine", 1, "wants a prompt"),
        ("/imagine a cat", 2, "starts from one picture and you attached 2"),
        ("/describe", 0, "wants a picture: attach one"),
        ("/describe a cat", 0, "wants a picture"),
        ("/describe a cat", 1, "no words"),
        ("/describe", 3, "one picture at a time"),
        ("/describe https://a.org/1.png", 1, "one picture at a time"),
        ("/blend", 0, "2 to 5 pictures and has none yet"),
        ("/blend", 1, "2 to 5 pictures and has 1"),
        ("/blend https://a.org/1.png", 5, "2 to 5 pictures and has 6"),
        ("/blend", 6, "at most 5"),
        ("/cancel that one there", 0, "/cancel all"),
        ("/jobs", 1, "takes no pictures"),
        ("/help", 1, "takes no pictures"),
        ("/imagien a cat", 0, "Did you mean /imagine?"),
        ("/xyzzy", 0, "You can type /imagine, /describe"),
    ],
)
def test_a_command_used_wrongly_says_what_it_wants(text: str, attached: int, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        read(text, attached=attached)


@given(st.text(max_size=200), st.integers(min_value=0, max_value=7))
def test_nothing_that_is_typed_breaks_the_reading(text: str, attached: int) -> None:
    with contextlib.suppress(UserError):
        read(text, attached=attached)


@given(st.text(max_size=80).map(lambda tail: f"/imagine {tail}"), st.integers(min_value=0, max_value=100))
def test_advice_never_points_outside_the_text(text: str, cursor: int) -> None:
    advice = advise(text, min(cursor, len(text)))
    places = [(each.start, each.end) for each in advice.completions]
    places += [(each.start, each.end) for each in advice.issues]
    assert all(0 <= start <= end <= len(text) for start, end in places)


def test_half_a_command_is_completed_with_a_hint() -> None:
    (only,) = advise("/im", 3).completions
    assert (only.start, only.end, only.insert, only.label) == (0, 3, "/imagine ", "/imagine")
    assert only.hint


def test_a_slash_alone_offers_every_command() -> None:
    assert [each.label for each in advise("/", 1).completions] == [f"/{usage.name}" for usage in USAGES]


def test_parameters_are_completed_where_they_stand() -> None:
    text = "/imagine a cat --chao"
    found = [each for each in advise(text, len(text)).completions if "chaos" in each.insert or "--c" in each.insert]
    assert found
    assert all(text[each.start : each.end].startswith("--") for each in found)


def test_issues_are_placed_in_the_whole_text() -> None:
    text = "/imagine a cat --ar 3x2"
    issue = next(each for each in advise(text, len(text)).issues if each.replacement)
    mended = text[: issue.start] + (issue.replacement or "") + text[issue.end :]
    assert "3:2" in mended
    assert mended.startswith("/imagine a cat --ar")


def test_plain_words_get_no_advice() -> None:
    assert advise("a cat --ar 3x2", 5) == advise("", 0)


def test_a_blend_without_words_is_not_told_that_it_has_none() -> None:
    assert advise("/blend ", 7).issues == ()
    with pytest.raises(InvalidCommand):
        read("/blend ")


def test_a_weight_of_a_picture_is_right_where_one_is_attached() -> None:
    text = "/imagine a cat --iw 2"
    (only,) = advise(text, len(text)).issues
    assert "weighs a picture" in only.message
    assert advise(text, len(text), attached=1).issues == ()
    wrong = "/imagine a cat --iw 9 --chaos 999"
    assert [issue.level for issue in advise(wrong, len(wrong), attached=1).issues] == [Level.ERROR, Level.ERROR]


WORDS_OF_A_BLEND = [
    "",
    "--ar 3:2",
    "a mood --ar 3:2",
    "--ar 3x2",
    "--ar 0:2",
    "a mood --chaos 10",
    "--chaos 10",
    "--chaos 999",
    "--iw 2 --ar 3:2",
    "--seed x --sref https://a.org/s.png",
    "!!",
    "{red, blue} mood",
    "a mood::-2",
]


@pytest.mark.parametrize("addresses", ["", "https://a.org/1.png  https://a.org/2.png "])
@pytest.mark.parametrize("words", WORDS_OF_A_BLEND)
def test_a_blend_is_warned_of_just_what_it_would_be_refused_for(words: str, addresses: str) -> None:
    text = f"/blend {addresses}{words}"
    issues = advise(text, len(text), attached=2).issues
    errors = {issue.message for issue in issues if issue.level is Level.ERROR}
    picture = KeptPicture(digest="0" * 64, width=1, height=1, content_type="image/png")
    refusals: set[str] = set()
    try:
        blend([picture] * 2, words)
    except InvalidPrompt as error:
        refusals = {str(error)}
    assert refusals <= errors
    assert bool(refusals) == bool(errors)
    assert all(text[issue.start : issue.end].strip() for issue in issues)


def test_what_does_not_belong_to_a_blend_is_taken_out_by_its_remark() -> None:
    text = "/blend https://a.org/1.png a mood --chaos 10 --ar 3:2"
    (only,) = advise(text, 8, attached=1).issues
    assert text[only.start : only.end] == "--chaos 10"
    assert only.replacement == ""


@pytest.mark.parametrize("typed", ["/imagine a cat --seed ", "/imagine a cat --no ", "/imagine a cat --ar  "])
def test_a_value_that_is_about_to_be_typed_is_not_complained_about(typed: str) -> None:
    assert advise(typed, len(typed)).issues == ()


@pytest.mark.parametrize("typed", ["/imagine a cat --seed x ", "/imagine a cat --seed --ar 3:2"])
def test_a_wrong_or_missing_value_that_was_passed_by_is(typed: str) -> None:
    assert advise(typed, len(typed)).issues
