"""What is wrong with a prompt as a whole."""

from __future__ import annotations

import pytest

from bot.prompts import Level, parse


@pytest.mark.parametrize("typed", ["🦊", "🩷", "‼️", "〰", "#️⃣", "♥", "猫", "ก็", "7"])
def test_a_sign_that_shows_something_is_enough_to_draw(typed: str) -> None:
    assert parse(typed).errors == ()


@pytest.mark.parametrize(
    "typed", ["", "   \n", "--ar 3:2", "\x00", "/imagine prompt:", '""', "“ ”", "'' --ar 3:2", "--", "—", "...", "::2"]
)
def test_nothing_to_draw_is_an_error(typed: str) -> None:
    (issue,) = parse(typed).errors
    assert issue.message == (
        "There is nothing to draw yet; type what you would like to see, such as a lighthouse at dusk."
    )
    assert (issue.start, issue.end) == (0, len(typed))


def test_one_picture_without_words_is_an_error() -> None:
    (issue,) = parse("https://a.com/b.png --ar 3:2").errors
    assert issue.message == (
        "One picture alone is not enough; type a few words after it, or the address of a second picture."
    )


@pytest.mark.parametrize("extension", ["png", "gif", "jpg", "jpeg", "webp", "PNG", "png?size=5"])
def test_address_of_a_picture_needs_no_comment(extension: str) -> None:
    assert parse(f"https://a.com/b.{extension} cat").issues == ()


def test_address_without_a_pictures_ending_is_a_warning() -> None:
    (issue,) = parse("https://a.com/page.html cat").issues
    assert issue.level is Level.WARNING
    assert issue.message == (
        "“https://a.com/page.html” may not be a picture; type an address that ends in .png, .jpg, .gif or .webp."
    )


@pytest.mark.parametrize("typed", ["https://[bad cat", "http://:80/x.png cat", "https://a.com:99999/b.png cat"])
def test_address_that_is_none_is_an_error(typed: str) -> None:
    (issue,) = parse(typed).errors
    assert "is not a whole web address; type one such as" in issue.message


def test_address_among_the_words_stays_there_with_a_warning() -> None:
    prompt = parse("cat https://a.com/b.png")
    assert (prompt.pictures, prompt.text) == ((), "cat https://a.com/b.png")
    assert "type the addresses of pictures first" in prompt.warnings[0].message


def test_weight_behind_a_pictures_address_is_left_out() -> None:
    prompt = parse("https://a.com/b.png::2 cat")
    assert prompt.pictures == ("https://a.com/b.png",)
    assert prompt.warnings[0].replacement == "https://a.com/b.png"


@pytest.mark.parametrize("typed", ["cat::2 dog", "cat::2 dog::-1.5", "cat:: dog::-.5", "cat::-1 dog:: fish", "a::1"])
def test_weights_above_zero_are_fine(typed: str) -> None:
    assert parse(typed).issues == ()


@pytest.mark.parametrize(
    ("typed", "total"), [("cat::2 dog::-3", "-1"), ("cat::-1 dog", "0"), ("cat::0", "0"), ("cat::1 dog::-1.5", "-0.5")]
)
def test_weights_that_come_to_nothing_are_an_error(typed: str, total: str) -> None:
    (issue,) = parse(typed).errors
    assert issue.message.startswith(f"The weights add up to {total} and must come to more than zero; type ")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("cat --ow 50", "--ow does nothing without --oref; type --oref with it, or leave it out."),
        ("cat --cw 50", "--cw does nothing without --cref; type --cref with it, or leave it out."),
        ("cat --sw 50", "--sw does nothing without --sref; type --sref with it, or leave it out."),
        ("cat --sv 4", "--sv does nothing without --sref; type --sref with it, or leave it out."),
        ("cat --iw 2", "--iw weighs a picture; type the address of one first, or leave it out."),
        (
            "cat --stop 50 --v 7",
            "--stop is for versions 1 to 6.1 and does nothing with --v 7; type --v 6.1, or leave it out.",
        ),
        (
            "cat --tile --v 7",
            "--tile is for versions 1 to 3 and 5 to 6.1 and does nothing with --v 7; type --v 6.1, or leave it out.",
        ),
        ("cat --exp 5 --v 6", "--exp is for version 7 and does nothing with --v 6; type --v 7, or leave it out."),
        (
            "cat --oref https://a.com/b.png --v 6",
            "--oref is for version 7 and does nothing with --v 6; type --v 7, or leave it out.",
        ),
        (
            "cat --cref https://a.com/b.png --v 7",
            "--cref is for versions 6 and 6.1 and does nothing with --v 7; type --v 6.1, or leave it out.",
        ),
        (
            "cat --draft --v 6.1",
            "--draft is for version 7 and later and does nothing with --v 6.1; type --v 7, or leave it out.",
        ),
        (
            "cat --p --v 5.2",
            "--p is for version 6 and later and does nothing with --v 5.2; type --v 7, or leave it out.",
        ),
        ("cat --r 2 --relax", "In relax mode repeated jobs may wait for long; type --fast for them sooner."),
        ("cat --v 8.1", "The image service may not know --v 8.1; type --v 5.2, 6, 6.1 or 7 to be sure of the version."),
        ("cat --q 4", "The image service may not know --q 4; type --q 2 to be sure of the quality."),
    ],
)
def test_parameters_that_do_not_go_together_are_a_warning(typed: str, message: str) -> None:
    (issue,) = parse(typed).issues
    assert (issue.level, issue.message) == (Level.WARNING, message)


@pytest.mark.parametrize("version", ["1", "4", "5", "5.1", "8.1", "8.2"])
def test_version_without_a_field_is_a_warning(version: str) -> None:
    (issue,) = parse(f"cat --v {version}").issues
    assert (issue.level, issue.replacement) == (Level.WARNING, "--v 7")


@pytest.mark.parametrize("version", ["5.2", "6", "6.0", "6.1", "7", "7.0"])
def test_version_with_a_field_needs_no_comment(version: str) -> None:
    assert parse(f"cat --v {version}").issues == ()


def test_prompt_of_exactly_the_limit_is_fine_and_one_more_is_an_error() -> None:
    assert parse("a" * 4000 + " --ar 3:2").errors == ()
    (issue,) = parse("a" * 4001 + " --ar 3:2").errors
    assert issue.message == "The prompt has 4,001 characters and 4,000 are allowed; type 1 fewer."


def test_parameters_that_travel_in_the_text_count_towards_the_limit() -> None:
    assert parse("a" * 3998 + " --tile").errors != ()
    assert parse("a" * 3993 + " --tile").errors == ()


def test_list_after_no_has_the_same_limit() -> None:
    (issue,) = parse("cat --no " + "a" * 4001).errors
    assert issue.message.startswith("The list after --no has 4,001 characters")


def test_more_than_is_read_is_an_error() -> None:
    (issue,) = parse("a" * 16_001).errors
    assert issue.message == (
        "The prompt has 16,001 characters and 4,000 are allowed, 16,000 with choices in braces; type a shorter one."
    )


def test_millions_of_characters_are_told_by_their_number_and_nothing_that_was_cut_off_is_found_amiss() -> None:
    text = "{red, green} " + '"a cat ' * 600_000 + "} --ar 3:2"
    (issue,) = parse(text).issues
    assert issue.message.startswith(f"The prompt has {len(text):,} characters")
    assert (issue.start, issue.end) == (16_000, len(text))
