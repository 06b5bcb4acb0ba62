"""Each parameter of the grammar, typed as it should be: what is read, and what is printed back."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from bot.prompts import Level, Prompt, Ratio, Value, parse
from bot.prompts.grammar import PARAMETERS, Kind


@pytest.mark.parametrize(
    ("typed", "name", "value", "printed"),
    [
        ("--ar 3:2", "ar", Ratio(3, 2), "--ar 3:2"),
        ("--aspect 1920:1080", "ar", Ratio(1920, 1080), "--ar 1920:1080"),
        ("--ar 14:1", "ar", Ratio(14, 1), "--ar 14:1"),
        ("--v 7", "v", "7", "--v 7"),
        ("--v 5.2", "v", "5.2", "--v 5.2"),
        ("--version 6.0", "v", "6", "--v 6"),
        ("--niji", "niji", None, "--niji"),
        ("--niji 6", "niji", "6", "--niji 6"),
        ("--q .25", "q", 0.25, "--q 0.25"),
        ("--quality 2", "q", 2.0, "--q 2"),
        ("--s 0", "s", 0, "--s 0"),
        ("--stylize 1000", "s", 1000, "--s 1000"),
        ("--c 100", "c", 100, "--c 100"),
        ("--chaos 007", "c", 7, "--c 7"),
        ("--w 3000", "w", 3000, "--w 3000"),
        ("--weird 5", "w", 5, "--w 5"),
        ("--seed 4294967295", "seed", 4294967295, "--seed 4294967295"),
        ("--no hands", "no", ("hands",), "--no hands"),
        ("--no big hands,feet , text", "no", ("big hands", "feet", "text"), "--no big hands, feet, text"),
        ("--stop 10", "stop", 10, "--stop 10"),
        ("--tile", "tile", True, "--tile"),
        ("--r 2", "r", 2, "--r 2"),
        ("--repeat 40", "r", 40, "--r 40"),
        ("--style raw", "style", "raw", "--style raw"),
        ("--style 4b", "style", "4b", "--style 4b"),
        ("--style raw-5xQ3zTab", "style", "raw-5xQ3zTab", "--style raw-5xQ3zTab"),
        ("--raw", "raw", True, "--raw"),
        ("--sref random", "sref", ("random",), "--sref random"),
        ("--sref 123 456::2", "sref", ("123", "456::2"), "--sref 123 456::2"),
        (
            "--sref https://a.com/x-y--v7.png https://a.com/b.webp::2",
            "sref",
            ("https://a.com/x-y--v7.png", "https://a.com/b.webp::2"),
            "--sref https://a.com/x-y--v7.png https://a.com/b.webp::2",
        ),
        ("--cref https://a.com/b.png", "cref", ("https://a.com/b.png",), "--cref https://a.com/b.png"),
        ("--oref https://a.com/b.png", "oref", ("https://a.com/b.png",), "--oref https://a.com/b.png"),
        ("--p", "p", None, "--p"),
        ("--profile ab12cde", "p", ("ab12cde",), "--p ab12cde"),
        ("--p abcdefg", "p", ("abcdefg",), "--p abcdefg"),
        ("--exp 100", "exp", 100, "--exp 100"),
        ("--draft", "draft", True, "--draft"),
        ("--hd", "hd", True, "--hd"),
        ("--sd", "sd", True, "--sd"),
        ("--fast", "fast", True, "--fast"),
        ("--relax", "relax", True, "--relax"),
        ("--turbo", "turbo", True, "--turbo"),
        ("--stealth", "stealth", True, "--stealth"),
        ("--public", "public", True, "--public"),
    ],
)
def test_parameter_typed_well_is_read_without_complaint(typed: str, name: str, value: Value, printed: str) -> None:
    prompt = parse(f"a cat {typed}")
    assert (prompt.text, prompt.errors) == ("a cat", ())
    assert [(each.name, each.value) for each in prompt.parameters] == [(name, value)]
    assert str(prompt) == f"a cat {printed}"
    assert prompt.warnings == () or name == "r"


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ("https://a.com/b.png cat --iw 1.5", "iw", 1.5),
        ("https://a.com/b.png cat --iw 0", "iw", 0),
        ("cat --sref 1 --sw 1000", "sw", 1000),
        ("cat --sref 1 --sv 6", "sv", 6),
        ("cat --cref https://a.com/b.png --cw 0", "cw", 0),
        ("cat --oref https://a.com/b.png --ow 1", "ow", 1),
    ],
)
def test_weight_is_read_without_complaint_beside_what_it_weighs(typed: str, name: str, value: Value) -> None:
    prompt = parse(typed)
    assert prompt.issues == ()
    assert prompt.value(name) == value
    assert str(prompt) == typed


def test_every_parameter_of_the_grammar_reads_its_own_example() -> None:
    for spec in PARAMETERS:
        example = spec.example if spec.kind is not Kind.FLAG else ""
        prompt = parse(f"cat --{spec.name} {example}")
        assert prompt.text == "cat"
        assert [each.name for each in prompt.parameters] == [spec.name]
        assert bool(prompt.errors) is bool(spec.refusal)


def test_every_completion_value_of_the_grammar_is_valid() -> None:
    for spec in PARAMETERS:
        for value in spec.values:
            prompt = parse(f"cat --{spec.name} {value}")
            assert bool(prompt.errors) is bool(spec.refusal), (spec.name, value)


def test_order_of_parameters_is_kept() -> None:
    prompt = parse("cat --v 7 --ar 3:2 --no text --tile")
    assert [each.name for each in prompt.parameters] == ["v", "ar", "no", "tile"]


def test_source_and_positions_are_those_of_the_text_as_typed() -> None:
    typed = "  cat   —aspect 16x9  --no a, b "
    prompt = parse(typed)
    assert prompt.source == typed
    assert [typed[each.start : each.end] for each in prompt.parameters] == ["—aspect 16x9", "--no a, b"]


def test_leading_addresses_are_pictures_also_in_angle_brackets() -> None:
    prompt = parse("<https://a.com/b.png> https://a.com/c.JPG?ex=1, <https://a.com/d.webp|a.com/d.webp> a cat --v 7")
    assert prompt.pictures == ("https://a.com/b.png", "https://a.com/c.JPG?ex=1", "https://a.com/d.webp")
    assert prompt.text == "a cat"
    assert prompt.issues == ()


def test_two_pictures_need_no_words() -> None:
    assert parse("https://a.com/b.png https://a.com/c.png").errors == ()


def test_parameter_glued_to_a_picture_address_is_read() -> None:
    prompt = parse("https://a.com/b.png--ar 3:2 cat")
    assert prompt.pictures == ("https://a.com/b.png",)
    assert prompt.value("ar") == Ratio(3, 2)


@pytest.mark.parametrize(
    "typed",
    [
        "a state-of-the-art robot",
        "a well--known painter",
        "a cat — fast asleep",
        "a garden — public",
        "a cat -- chaos everywhere",
        "a cat—no dogs—asleep",
        "vitamins A–C in 1990–2000",
        "size -s large",
        "an x-ray -style poster",
        "a 3-d cat, -5 degrees",
        "a cat {red, green} and {big, small}",
        r"a cat \{in braces\}",
        "cat::2 dog",
        "cat:: dog::.5 fish::-.25",
        "std::vector in C++",
        "日本の猫 — 夜",
    ],
)
def test_words_that_are_no_parameters_stay_as_they_are(typed: str) -> None:
    prompt = parse(typed)
    assert (prompt.text, prompt.parameters, prompt.issues) == (typed, (), ())
    assert str(prompt) == typed


def test_white_space_and_control_characters_part_words() -> None:
    assert parse("a\ncat\t\x00at\u200bnight\n--ar\u200b 3:2").text == "a cat at night"


def test_groups_of_choices_are_kept_for_later() -> None:
    prompt = parse("{red, green} bird --ar {1:1, 2:3} --no {hands, feet} --s{5,10}")
    assert prompt.errors == ()
    assert prompt.permuted
    assert prompt.value("ar") == "{1:1, 2:3}"
    assert prompt.value("no") == ("{hands, feet}",)
    assert str(prompt) == "{red, green} bird --ar {1:1, 2:3} --no {hands, feet} --s {5,10}"


def test_choices_inside_a_list_are_not_touched() -> None:
    assert parse("cat --no {a--b, -c}, d").value("no") == ("{a--b, -c}, d",)


def test_repeat_is_one_unless_it_is_typed_and_valid() -> None:
    assert parse("cat").repeat == 1
    assert parse("cat --repeat 3").repeat == 3
    assert parse("cat --repeat 1000000").repeat == 1
    assert parse("cat --repeat").repeat == 1


def test_prompts_that_ask_for_the_same_are_equal_however_typed() -> None:
    assert parse("cat —aspect 16x9 --VERSION 7.0") == parse("cat --ar 16:9 --v 7")
    assert parse("cat --ar 16:9") != parse("cat --ar 9:16")


def test_prompt_is_frozen() -> None:
    prompt: Prompt = parse("cat")
    with pytest.raises(FrozenInstanceError):
        prompt.text = "dog"  # type: ignore[misc]  # that it is refused is the point


def test_errors_and_warnings_share_the_issues_by_level() -> None:
    prompt = parse("cat --chaos 500 --ar 16x9")
    assert [issue.level for issue in prompt.issues] == [Level.ERROR, Level.WARNING]
    assert prompt.errors == prompt.issues[:1]
    assert prompt.warnings == prompt.issues[1:]
