"""From a prompt to the API's fields."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import InvalidPrompt
from bot.midjourney.schema import wire
from bot.prompts import expand, parse, summary, to_request


@pytest.mark.parametrize(
    ("typed", "prompt", "fields"),
    [
        ("cat", "cat", {}),
        ("cat --ar 3:2", "cat", {"aspect_ratio": "3:2"}),
        ("cat --v 7", "cat", {"model_version": "7.0"}),
        ("cat --v 6", "cat", {"model_version": "6.0"}),
        ("cat --v 6.1", "cat", {"model_version": "6.1"}),
        ("cat --v 5.2", "cat", {"model_version": "5.2"}),
        ("cat --v 8.1", "cat --v 8.1", {}),
        ("cat --niji 6", "cat --niji 6", {}),
        ("cat --relax", "cat", {"process_mode": "relax"}),
        ("cat --turbo", "cat", {"process_mode": "turbo"}),
        ("cat --fast --q .5", "cat", {"quality": 0.5}),
        ("cat --q 4", "cat --q 4", {}),
        ("cat --s 250 --c 5 --seed 42", "cat", {"stylize": 250, "chaos": 5, "seed": 42}),
        ("cat --no dogs,fish", "cat", {"no": "dogs, fish"}),
        ("https://a.com/b.png cat --iw 2", "cat --iw 2", {"image_url": "https://a.com/b.png"}),
        (
            "https://a.com/b.png https://a.com/c.png cat",
            "https://a.com/c.png cat",
            {"image_url": "https://a.com/b.png"},
        ),
        (
            "cat --ar 3:2 --weird 5 --tile --style raw --raw sitting",
            "cat sitting --w 5 --tile --style raw --raw",
            {"aspect_ratio": "3:2"},
        ),
        (
            "cat --sref https://a.com/x--y.png random --sw 50 --stealth",
            "cat --sref https://a.com/x--y.png random --sw 50 --stealth",
            {},
        ),
        ("cat::2 dog --no text", "cat::2 dog", {"no": "text"}),
        ("cat --sylize 5", "cat --sylize 5", {}),
        ("cat --hq", "cat", {}),
        ("cat --repeat 3", "cat", {}),
    ],
)
def test_parameters_become_fields_and_the_rest_stays_in_the_text(
    typed: str, prompt: str, fields: dict[str, Any]
) -> None:
    body = wire(to_request(parse(typed)))
    defaults = wire(to_request(parse("anything")))
    assert body.pop("prompt") == prompt
    assert {name: value for name, value in body.items() if defaults.get(name) != value} == fields


def test_prompt_with_errors_is_refused_with_its_first_sentence() -> None:
    with pytest.raises(InvalidPrompt) as refused:
        to_request(parse("cat --chaos 500 --s 5000"))
    assert str(refused.value) == "--chaos takes a whole number from 0 to 100; type --chaos 100."


def test_prompt_that_stands_for_several_is_refused() -> None:
    with pytest.raises(InvalidPrompt, match="The braces stand for several prompts; type one choice"):
        to_request(parse("{red, green} bird"))


def test_each_text_of_an_expansion_can_be_sent() -> None:
    requests = [to_request(parse(text)) for text in expand("{red, green} bird --ar {1:1, 2:3}")]
    assert [(each.prompt, each.aspect_ratio) for each in requests] == [
        ("red bird", "1:1"),
        ("red bird", "2:3"),
        ("green bird", "1:1"),
        ("green bird", "2:3"),
    ]


def test_summary_shows_what_was_typed_in_canonical_form() -> None:
    prompt = parse("cat —aspect 3x2 --version 7.0 --no a,b --tile --sref random")
    assert summary(prompt) == ("--ar 3:2", "--v 7", "--no a, b", "--tile", "--sref random")
    assert summary(parse("cat")) == ()
