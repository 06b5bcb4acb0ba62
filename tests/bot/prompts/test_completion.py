"""What is offered while a prompt is typed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.prompts import Completion, complete, parse
from bot.prompts.grammar import OFFERED


@dataclass(frozen=True)
class Typed:
    """A text with the cursor at ``|``."""

    text: str
    cursor: int

    def completions(self) -> tuple[Completion, ...]:
        return complete(self.text, self.cursor)

    def with_first(self) -> str:
        first = self.completions()[0]
        return self.text[: first.start] + first.insert + self.text[first.end :]


def typed(marked: str) -> Typed:
    before, _, after = marked.partition("|")
    return Typed(before + after, len(before))


def labels(marked: str) -> list[str]:
    return [each.label for each in typed(marked).completions()]


@pytest.mark.parametrize(
    ("marked", "offered"),
    [
        ("cat --a|", ["--ar"]),
        ("cat --as|", ["--aspect"]),
        ("cat —ti|", ["--tile"]),
        ("cat --TI|", ["--tile"]),
        ("cat --sr|", ["--sref"]),
        ("--ti|", ["--tile"]),
        ("cat --xyz|", []),
        ("cat|", []),
        ("cat -|", []),
        ("well--a|", []),
        ("cat --vid|", []),
        ("cat --wid|", []),
    ],
)
def test_names_that_begin_so_are_offered(marked: str, offered: list[str]) -> None:
    assert labels(marked) == offered


def test_two_dashes_offer_every_parameter() -> None:
    assert labels("cat --|") == [f"--{spec.name}" for spec in OFFERED]


def test_exact_name_comes_first() -> None:
    assert labels("cat --s|")[0] == "--s"


def test_parameter_that_is_there_is_not_offered_again() -> None:
    assert "--ar" not in labels("cat --aspect 3:2 --|")
    assert "--ar" not in labels("cat --| --ar 3:2")


@pytest.mark.parametrize(
    ("marked", "after"),
    [
        ("cat --til|", "cat --tile"),
        ("cat --a| --v 7", "cat --ar  --v 7"),
        ("cat --ti|le", "cat --tile"),
        ("cat —asp| dog", "cat --aspect  dog"),
        ("cat --ar 16|", "cat --ar 16:9"),
        ("cat --ar 1|6:9 --v 7", "cat --ar 1:1 --v 7"),
        ("cat --v | --raw", "cat --v 7 --raw"),
        ("cat --style r|", "cat --style raw"),
        ("cat --niji |", "cat --niji 7"),
    ],
)
def test_completion_replaces_what_it_completes(marked: str, after: str) -> None:
    assert typed(marked).with_first() == after


@pytest.mark.parametrize(
    ("marked", "hint"),
    [
        ("cat --seed |", "a whole number from 0 to 4294967295"),
        ("cat --no |", "what to keep out, with commas between"),
        ("cat --cref |", "the address of a picture"),
        ("cat --p |", "personal taste; codes may follow"),
    ],
)
def test_value_that_can_be_anything_gives_a_hint_and_nothing_to_insert(marked: str, hint: str) -> None:
    (only,) = typed(marked).completions()
    assert (only.insert, only.hint) == ("", hint)


def test_flag_and_finished_value_offer_nothing() -> None:
    assert labels("cat --tile |") == []
    assert labels("cat --ar 16:9|") == []
    assert labels("cat --video |") == []


def test_range_is_in_the_hint_of_each_number() -> None:
    assert {each.hint for each in typed("cat --chaos |").completions()} == {
        "how much the four pictures differ, 0 to 100; 0 if left out"
    }


def test_whatever_name_is_taken_is_read_as_a_parameter() -> None:
    for each in complete("cat --", 6):
        assert parse(f"cat {each.insert}").parameters != ()


def test_cursor_outside_the_text_is_brought_back() -> None:
    assert [each.label for each in complete("cat --ti", 99)] == ["--tile"]
    assert complete("--ti", -5) == ()


def test_the_versions_offered_first_are_those_that_need_no_comment() -> None:
    offered = [completion.insert for completion in complete("cat --v ", 8)]
    quiet = [version for version in offered if not parse(f"cat --v {version}").issues]
    assert offered[: len(quiet)] == quiet
    assert len(quiet) >= 4
