"""What is shown in Slack: each state and each error, as it was when somebody last looked at it, and as Slack takes it."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.slack import presenter
from adapters.slack.compose import LINE_LIMIT, Fields, line_of, remix_line_of, text_of
from adapters.slack.modals import line
from adapters.slack.presenter import Surroundings
from bot.errors import OperatorError
from bot.jobs.model import JobStatus
from tests.adapters.slack import views
from tests.fakes.slack.blocks import inspect_blocks, inspect_view, texts_of

SNAPSHOTS = Path(__file__).parent / "snapshots"
SHOWN = views.everything()
ANEW = "IMAGINEBOT_SNAPSHOTS_ANEW"
"""Set it to write the snapshots anew, and look at the difference before it is committed."""


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_shown_as_before(name: str) -> None:
    file = SNAPSHOTS / f"{name}.json"
    text = json.dumps(SHOWN[name], indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get(ANEW):
        SNAPSHOTS.mkdir(exist_ok=True)
        file.write_text(text)
    assert file.read_text() == text


def test_there_is_no_snapshot_of_what_is_gone() -> None:
    assert {file.stem for file in SNAPSHOTS.glob("*.json")} == set(SHOWN)


@pytest.mark.parametrize("name", [name for name, shown in SHOWN.items() if "blocks" in shown])
def test_slack_takes_it(name: str) -> None:
    shown = SHOWN[name]
    if "type" in shown:
        found = inspect_view(shown, lambda _: None)
    else:
        found = inspect_blocks(shown["blocks"], "message", lambda _: None)
    assert found.reasons == []


@pytest.mark.parametrize(
    "name", [name for name in SHOWN if name.startswith(("post-", "alone-", "jobs-", "end-", "error-"))]
)
def test_there_is_always_a_text_for_those_who_do_not_see_blocks(name: str) -> None:
    text = SHOWN[name]["text"]
    assert text.strip()
    assert len(text) <= 4000
    assert "<!channel>" not in text


@pytest.mark.parametrize("kind", views.all_errors())
def test_an_error_is_one_sentence_for_one_person(kind: Any) -> None:
    shown = SHOWN[f"error-{kind.__name__}"]
    assert shown["response_type"] == "ephemeral"
    assert ("/var/lib" in shown["text"]) == (
        not issubclass(kind, OperatorError) and kind.__name__ != "UpstreamRejected"
    )
    assert "<odd>" not in shown["text"]


def _marked(value: Any) -> list[str]:
    """Give every text that Slack reads formatting in."""
    if isinstance(value, list):
        return [text for each in value for text in _marked(each)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if value.get("type") == "mrkdwn" else []
    return own + [text for each in value.values() for text in _marked(each)]


def test_what_people_typed_is_never_read_as_formatting() -> None:
    blocks = SHOWN["post-grid-hostile"]["blocks"]
    marked = "\n".join(_marked(blocks))
    assert "<!channel>" not in marked
    assert "<@U2>" not in marked
    assert "<https://evil.test" not in marked
    assert "&lt;https://evil.test|safe&gt;" in marked
    assert "<!channel>" in "\n".join(texts_of(blocks)), "it is shown as it was typed"


@pytest.mark.parametrize(
    ("given", "long"),
    [
        (views.view(), False),
        (views.view(ended_at=views.NOON + timedelta(seconds=61)), True),
        (views.view(ended_at=views.NOON + timedelta(seconds=61), requester=views.PROGRAM), False),
        (views.live(status=JobStatus.CANCELLED, ended_at=views.NOON + timedelta(seconds=99)), False),
        (views.live(), False),
    ],
)
def test_people_are_told_of_an_end_after_a_minute(given: Any, long: bool) -> None:
    assert presenter.took_long(given) is long


def test_a_finished_job_is_settled_once_its_picture_is_there() -> None:
    assert presenter.settled(views.view())
    assert not presenter.settled(views.view(main=None))
    assert not presenter.settled(views.view(fetching=True)), "its other pictures are still to come"
    assert presenter.settled(views.view(main=None, notes=("It could not be fetched.",)))
    assert presenter.settled(views.FAILED)
    assert not presenter.settled(views.live())


def test_a_program_is_named_and_not_mentioned() -> None:
    shown = presenter.post(views.view(requester=views.PROGRAM), Surroundings())
    assert "by ci &lt;bot&gt;" in "\n".join(texts_of(shown["blocks"]))


def test_the_fields_of_the_modal_become_a_prompt() -> None:
    fields = Fields(
        values={
            "prompt": " a cat ",
            "ratio": "3:2",
            "seed": "7",
            "no": "dogs, people",
            "flags": "raw tile",
            "mode": "relax",
        }
    )
    assert text_of(fields) == "a cat --ar 3:2 --seed 7 --no dogs, people --raw --tile --relax"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Will send: nothing yet."),
        ("a cat --aspect 3:2", "Will send: `a cat --ar 3:2`"),
        ("a {red, blue} cat", "Will send: 2 jobs, the first of them `a red cat`"),
        ("a <b> `cat`", "Will send: `a &lt;b&gt; ˋcatˋ`"),
    ],
)
def test_the_line_says_what_will_be_sent(text: str, said: str) -> None:
    assert line_of(text, cap=10) == said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a cat --ar 0:0", "--ar takes"),
        ("a {1, 2, 3, 4} {a, b, c} cat", "12 prompts and 10 are allowed"),
        ("a red barn", "does not allow “barn”"),
    ],
)
def test_the_line_says_what_a_prompt_would_be_refused_for(text: str, words: str) -> None:
    said = line_of(text, blocked=("barn",), cap=10)
    assert words in said
    assert "Will send" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a cat ", "Will send: variations with the prompt as it was."),
        ("a cat in snow", "Will send: `a cat in snow`"),
        (" ", "The prompt is empty."),
        ("a cat --repeat 3", "leave --repeat out"),
        ("a {red, blue} cat", "The braces stand for several prompts"),
        ("a red barn", "does not allow “barn”"),
    ],
)
def test_the_line_of_a_remix_says_what_becomes_of_it(text: str, said: str) -> None:
    assert said in remix_line_of(text, "a cat", blocked=("barn",))


@pytest.mark.parametrize("sign", ["x", "&", "<", "`"])
def test_however_long_a_prompt_is_its_mark_in_the_line_is_whole(sign: str) -> None:
    shown = line(line_of("a cat " + sign * 3000, cap=10)).to_dict()["elements"][0]["text"]
    assert re.fullmatch(r"Will send: `a cat (x|&amp;|&lt;|ˋ)+…`", shown)
    assert len(shown) <= LINE_LIMIT + len("Will send: ")


def test_however_long_parameters_are_their_marks_are_whole() -> None:
    several = tuple(f"--no {number} " + "&" * 200 for number in range(30))
    shown = presenter.post(views.view(parameters=several), Surroundings())
    marks = next(text for text in texts_of(shown["blocks"]) if text.startswith("`--no"))
    assert re.fullmatch(r"(`--no [0-9]+ (&amp;)+…` ?)+", marks)
