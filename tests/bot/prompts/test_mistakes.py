"""Each mistake that people make: what it is read as, where it is marked, and what the sentence says."""

from __future__ import annotations

import pytest

from bot.prompts import Issue, Level, parse
from bot.prompts.grammar import RETIRED


def only(typed: str) -> Issue:
    """Give the one issue of ``typed``."""
    (issue,) = parse(typed).issues
    return issue


def mended(typed: str, issue: Issue) -> str:
    """Give ``typed`` with the replacement put in."""
    assert issue.replacement is not None
    return typed[: issue.start] + issue.replacement + typed[issue.end :]


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("cat —ar 16:9", "cat --ar 16:9"),
        ("cat –ar 16:9", "cat --ar 16:9"),
        ("cat —tile", "cat --tile"),
        ("cat —no dogs", "cat --no dogs"),
    ],
)
def test_long_dash_works_without_a_word(typed: str, canonical: str) -> None:
    prompt = parse(typed)
    assert (str(prompt), prompt.issues) == (canonical, ())


@pytest.mark.parametrize(
    ("typed", "canonical", "marked", "says"),
    [
        ("cat --ar16:9", "cat --ar 16:9", "--ar", "type a space after --ar."),
        ("cat --v7", "cat --v 7", "--v", "type a space after --v."),
        ("cat --q.5", "cat --q 0.5", "--q", "type a space after --q."),
        ("cat --ar=16:9", "cat --ar 16:9", "--ar=", "type a space in place of the equals sign."),
        ("cat --ar:16:9", "cat --ar 16:9", "--ar:", "type a space in place of the colon."),
        ("cat --ar 16x9", "cat --ar 16:9", "16x9", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar 16X9", "cat --ar 16:9", "16X9", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar 16/9", "cat --ar 16:9", "16/9", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar 16×9", "cat --ar 16:9", "16×9", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar 16-9", "cat --ar 16:9", "16-9", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar １６：９", "cat --ar 16:9", "１６：９", "type --ar 16:9, with a colon between the numbers."),
        ("cat --ar 16 : 9", "cat --ar 16:9", "16 : 9", "type --ar 16:9, without spaces."),
        ("cat --ar 16:9, --v 7", "cat --ar 16:9 --v 7", "16:9,", "type --ar 16:9, with nothing around it."),
        ("cat --ar 1.39:1", "cat --ar 139:100", "1.39:1", "type --ar 139:100, in whole numbers."),
        ("cat --ar 2.5:1", "cat --ar 5:2", "2.5:1", "type --ar 5:2, in whole numbers."),
        ("cat --s 250.", "cat --s 250", "250.", "type --s 250, with nothing around the number."),
        ("cat --s 1,000", "cat --s 1000", "1,000", "type --s 1000, without a comma."),
        ("cat --c 50%", "cat --c 50", "50%", "type --c 50, with plain digits."),
        ("cat --q 0,5", "cat --q 0.5", "0,5", "type --q 0.5, with a point."),
        ("cat --sref 12,34", "cat --sref 12 34", "12,34", "type spaces in place of commas."),
        (
            "cat --sref https://x.org/a.png,https://x.org/b,1.png",
            "cat --sref https://x.org/a.png https://x.org/b,1.png",
            "https://x.org/a.png,https://x.org/b,1.png",
            "type spaces in place of commas.",
        ),
        ("cat --style “raw”", "cat --style raw", "“raw”", "type --style raw, in small letters and no marks."),
        ("cat --s “250”", "cat --s 250", "“250”", "type --s 250, with nothing around the number."),
        ("cat --AR 16:9", "cat --ar 16:9", "--AR", "type the name in small letters."),
        ("cat --style RAW", "cat --style raw", "RAW", "type --style raw, in small letters and no marks."),
        ("cat -ar 16:9", "cat --ar 16:9", "-ar", "type two dashes before the name."),
        ("cat -tile", "cat --tile", "-tile", "type two dashes before the name."),
        ("cat -no dogs", "cat --no dogs", "-no", "type two dashes before the name."),
        ("cat -- ar 16:9", "cat --ar 16:9", "-- ar", "type no space after the dashes."),
        ("cat — ar 16:9", "cat --ar 16:9", "— ar", "type no space after the dashes."),
        ("cat -- ar16:9", "cat --ar 16:9", "-- ar", "type no space after the dashes."),
        ("cat -- tile", "cat --tile", "-- tile", "type no space after the dashes."),
        ("cat -- no dogs", "cat --no dogs", "-- no", "type no space after the dashes."),
        ("cat--ar 16:9", "cat --ar 16:9", "cat--ar", "type a space before “--ar”."),
        ("cat—ar 16:9", "cat --ar 16:9", "cat—ar", "type a space before “--ar”."),
        ("cat--no dogs", "cat --no dogs", "cat--no", "type a space before “--no”."),
        ("cat--tile", "cat --tile", "cat--tile", "type a space before “--tile”."),
    ],
)
def test_slip_is_read_as_it_was_meant_and_named(typed: str, canonical: str, marked: str, says: str) -> None:
    prompt = parse(typed)
    issue = only(typed)
    assert str(prompt) == canonical
    assert issue.level is Level.WARNING
    assert typed[issue.start : issue.end] == marked
    assert issue.message.endswith(says)
    assert parse(mended(typed, issue)) == prompt
    assert len(parse(mended(typed, issue)).issues) == 0


@pytest.mark.parametrize(
    ("typed", "marked", "message", "canonical"),
    [
        ("cat --chaos 500", "500", "--chaos takes a whole number from 0 to 100; type --chaos 100.", "cat --c 100"),
        ("cat --s -5", "-5", "--s takes a whole number from 0 to 1000; type --s 0.", "cat --s 0"),
        ("cat --stop 5", "5", "--stop takes a whole number from 10 to 100; type --stop 10.", "cat --stop 10"),
        ("cat --c 50.5", "50.5", "--c takes a whole number from 0 to 100; type --c 50.", "cat --c 50"),
        ("cat --c 5abc", "5abc", "--c takes a whole number from 0 to 100; type --c 50.", "cat --c 50"),
        ("cat --repeat 1", "1", "--repeat takes a whole number from 2 to 40; type --repeat 2.", "cat --r 2"),
        (
            "cat --seed 4294967296",
            "4294967296",
            "--seed takes a whole number from 0 to 4294967295; type --seed 4294967295.",
            "cat --seed 4294967295",
        ),
        ("cat --q 3", "3", "--q takes one of 0.25, 0.5, 1, 2 and 4; type --q 2.", "cat --q 2"),
        (
            "cat --v 9",
            "9",
            "--v takes one of 1, 2, 3, 4, 5, 5.1, 5.2, 6, 6.1, 7, 8.1 and 8.2; type --v 7.",
            "cat --v 7",
        ),
        ("cat --niji 3", "3", "--niji takes a version from 4 to 7, or nothing; type --niji 4.", "cat --niji 4"),
        (
            "cat --ar 20:1",
            "20:1",
            "--ar takes two whole numbers with a colon between them, 14:1 at the most; type --ar 14:1.",
            "cat --ar 14:1",
        ),
        (
            "cat --ar 1:20",
            "1:20",
            "--ar takes two whole numbers with a colon between them, 14:1 at the most; type --ar 1:14.",
            "cat --ar 1:14",
        ),
        (
            "cat --ar 0:1",
            "0:1",
            "--ar takes two whole numbers with a colon between them, 14:1 at the most; type --ar 3:2.",
            "cat --ar 3:2",
        ),
        (
            "cat --chaos",
            "--chaos",
            "--chaos takes a whole number from 0 to 100; type --chaos 50, for example.",
            "cat --c 50",
        ),
        (
            "cat --no",
            "--no",
            "--no takes what to keep out, with commas between; type --no text, people, for example.",
            "cat --no text, people",
        ),
        (
            "cat --no ,,",
            ",,",
            "--no takes what to keep out, with commas between; type --no text, people, for example.",
            "cat --no text, people",
        ),
        (
            "cat --style",
            "--style",
            "--style takes the name of a style; type --style raw, for example.",
            "cat --style raw",
        ),
        (
            "cat --oref https://a.com/b.png https://a.com/c.png",
            "https://a.com/b.png https://a.com/c.png",
            "--oref takes the address of one picture; type --oref https://a.com/b.png only.",
            "cat --oref https://a.com/b.png",
        ),
        ("cat --video", "--video", "Videos are not offered here; leave out --video to get pictures.", "cat"),
        ("cat --motion low", "--motion low", "Videos are not offered here; leave out --motion to get pictures.", "cat"),
        ("cat --loop", "--loop", "Videos are not offered here; leave out --loop to get pictures.", "cat"),
    ],
)
def test_value_that_cannot_be_sent_is_an_error_with_the_nearest_that_can(
    typed: str, marked: str, message: str, canonical: str
) -> None:
    issue = only(typed)
    assert issue.level is Level.ERROR
    assert typed[issue.start : issue.end] == marked
    assert issue.message == message
    after = parse(mended(typed, issue))
    assert (str(after), after.errors) == (canonical, ())


def test_number_of_any_length_is_refused_without_being_computed() -> None:
    assert only(f"cat --seed {'9' * 3000}").replacement == "4294967295"


def test_words_after_a_parameter_stay_in_the_description_with_a_warning() -> None:
    typed = "cat --v 7 sitting down --ar 3:2"
    prompt, issue = parse(typed), only(typed)
    assert str(prompt) == "cat sitting down --v 7 --ar 3:2"
    assert issue.level is Level.WARNING
    assert typed[issue.start : issue.end] == "sitting down"
    assert issue.message == "“sitting down” is read as part of the description; type it before --v 7."


def test_word_where_a_number_should_be_stays_in_the_description() -> None:
    prompt = parse("cat --chaos lots of fish")
    assert prompt.text == "cat lots of fish"
    assert len(prompt.issues) == 1


@pytest.mark.parametrize(
    ("typed", "canonical", "marked", "message"),
    [
        (
            "cat --ar 1:1 --aspect 2:1",
            "cat --ar 2:1",
            "--ar 1:1",
            "--ar is there twice and the last one counts; type --ar 2:1 only.",
        ),
        (
            "cat --no a --no b, c",
            "cat --no a, b, c",
            "--no a",
            "--no is there twice and both count; type it once, with commas.",
        ),
        (
            "cat --sref 1 --sref 2",
            "cat --sref 1 2",
            "--sref 1",
            "--sref is there twice and both count; type it once, with its values one after the other.",
        ),
        (
            "cat --fast --relax",
            "cat --relax",
            "--fast",
            "--fast and --relax exclude each other and the last one counts; type --relax only.",
        ),
        (
            "cat --v 7 --niji 6",
            "cat --niji 6",
            "--v 7",
            "--v and --niji exclude each other and the last one counts; type --niji 6 only.",
        ),
        (
            "cat --stealth --public",
            "cat --public",
            "--stealth",
            "--stealth and --public exclude each other and the last one counts; type --public only.",
        ),
        (
            "cat --hd --sd",
            "cat --sd",
            "--hd",
            "--hd and --sd exclude each other and the last one counts; type --sd only.",
        ),
    ],
)
def test_what_cannot_stand_twice_is_settled_and_named(typed: str, canonical: str, marked: str, message: str) -> None:
    prompt, issue = parse(typed), only(typed)
    assert str(prompt) == canonical
    assert (issue.level, typed[issue.start : issue.end], issue.message) == (Level.WARNING, marked, message)


@pytest.mark.parametrize(
    ("typed", "marked", "replacement"),
    [
        ("cat --sylize 500", "--sylize", "--stylize"),
        ("cat --stylise 500", "--stylise", "--stylize"),
        ("cat --choas 5", "--choas", "--chaos"),
        ("cat --asepct 3:2", "--asepct", "--aspect"),
        ("cat —stylise 500", "—stylise", "--stylize"),
        ("cat --no-people", "--no-people", "--no people"),
        ("cat --xyzzy", "--xyzzy", None),
    ],
)
def test_unknown_name_is_a_warning_with_the_nearest_known_one(typed: str, marked: str, replacement: str | None) -> None:
    prompt, issue = parse(typed), only(typed)
    assert prompt.text == typed
    assert (issue.level, typed[issue.start : issue.end]) == (Level.WARNING, marked)
    assert issue.replacement == replacement
    assert "is sent as typed" in issue.message
    assert (f"type {replacement}" if replacement else "type it without the dashes") in issue.message


@pytest.mark.parametrize("name", RETIRED)
def test_retired_name_is_left_out_and_its_successor_named(name: str) -> None:
    typed = f"cat --{name}"
    prompt, issue = parse(typed), only(typed)
    assert str(prompt) == "cat"
    assert (issue.level, typed[issue.start : issue.end], issue.replacement) == (Level.WARNING, f"--{name}", "")
    assert issue.message == f"--{name} is no longer a parameter and is left out; {RETIRED[name]}"


def test_number_of_a_retired_size_goes_with_it() -> None:
    prompt = parse("cat --width 640 --height 480 --test 4 dogs")
    assert str(prompt) == "cat 4 dogs"


@pytest.mark.parametrize(
    "prose", ["a house —old and grey— in a storm", "a face —beta version", "a tower –height of power", "a —test 4 cats"]
)
def test_retired_name_behind_a_long_dash_is_prose_unless_it_stands_alone(prose: str) -> None:
    assert (str(parse(prose)), parse(prose).issues) == (prose, ())
    assert str(parse("a tower —height 300 —beta")) == "a tower"


@pytest.mark.parametrize(
    ("typed", "lost"),
    [
        ("cat --width 640", True),
        ("cat --stylise 50", True),
        ("cat --sw 10", True),
        ("cat --iw 2", False),
        ("cat —ar 3:2", False),
        ("cat --ar 3x2", False),
        ("cat --ar 3:2 and a dog", False),
    ],
)
def test_what_does_nothing_is_marked_as_lost(typed: str, lost: bool) -> None:
    assert bool(parse(typed).lost) == lost


@pytest.mark.parametrize("typed", ['"a cat --ar 3:2"', "“a cat —ar 3:2”", " «a cat --ar 3:2» "])
def test_quotation_marks_around_words_and_parameters_are_left_out(typed: str) -> None:
    issue = only(typed)
    assert str(parse(typed)) == "a cat --ar 3:2"
    assert issue.message == "The quotation marks around the whole prompt are left out; type it without them."
    assert mended(typed, issue).lstrip().startswith("a cat")


@pytest.mark.parametrize(
    "typed",
    [
        '"a cat"',
        'a "cat" --ar 3:2',
        '"cats" and "dogs" --ar 3:2',
        '"Keep calm — and carry on"',
        "“a house — in a wood”",
    ],
)
def test_quotation_marks_around_words_alone_stay(typed: str) -> None:
    assert str(parse(typed)) == typed


def test_a_first_word_with_a_weight_is_no_label() -> None:
    assert str(parse("prompt::2 art::1")) == "prompt::2 art::1"


@pytest.mark.parametrize("typed", ["/imagine prompt: a cat --v 7", "/imagine prompt:a cat --v 7"])
def test_command_that_was_pasted_along_is_left_out(typed: str) -> None:
    prompt = parse(typed)
    assert str(prompt) == "a cat --v 7"
    assert [issue.message for issue in prompt.warnings] == [
        "“/imagine” is left out; type the description alone.",
        "“prompt:” is left out; type the description alone.",
    ]


@pytest.mark.parametrize(
    ("typed", "at", "message"),
    [
        ("a {cat", 2, "A “{” is never closed; type “}” after the last choice, or \\{ for the sign itself."),
        ("a cat}", 5, "A “}” has no “{” before it; type “{” before the first choice, or \\} for the sign itself."),
    ],
)
def test_brace_without_a_partner_is_an_error(typed: str, at: int, message: str) -> None:
    issue = only(typed)
    assert (issue.level, issue.start, issue.end, issue.message) == (Level.ERROR, at, at + 1, message)
    assert parse(mended(typed, issue)).issues == ()


def test_every_sentence_is_one_sentence_that_says_what_to_do() -> None:
    typed = (
        "/imagine https://[bad https://a.com/x cat} --AR16x9 --chaos 500 --sylize 3 --hq --video --ow 5 --no --v 8.1 "
        "--stop 3 --q 4 --iw 1,5 dog https://a.com/b.png --r 2 --relax {"
    )
    messages = {issue.message for issue in parse(typed).issues}
    assert len(messages) > 14
    for message in messages:
        assert message.endswith(".")
        assert "type " in message or "leave out" in message
        assert message.count("; ") == 1
