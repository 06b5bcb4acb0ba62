from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bot.engine.orders import GENERATIONS_LIMIT, Sheet, StoredOrder
from bot.engine.records import JobRecord
from bot.engine.requests import check_words, parse_ratio, variation
from bot.errors import UpstreamRejected
from bot.midjourney.schema import ImagineRequest, JobStatus, JobType, VariationRequest, WebhookType
from bot.prompts import understood

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def completed(order: StoredOrder) -> JobRecord:
    return JobRecord(
        number=1,
        id=uuid4(),
        type=JobType.VARIATION,
        status=JobStatus.COMPLETED,
        mode_rank=1,
        progress=100,
        prompt="x",
        parameters=None,
        order=order,
        parent_id=None,
        image_index=None,
        prompts=(),
        error=None,
        webhook_url=None,
        webhook_type=WebhookType.RESULT,
        created_at=NOW,
        updated_at=NOW,
        ended_at=NOW,
    )


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("gore", True),
        ("so much GORE!", True),
        ("(gore)", True),
        ("gore-tex", True),
        ("a snuff   film at night", True),
        ("Gorey", False),
        ("category", False),
        ("snuff and film", False),
        ("gore_", True),
        ("", False),
    ],
)
def test_only_whole_words_are_blocked(prompt: str, found: bool) -> None:
    words = ["gore", "snuff film"]
    if found:
        with pytest.raises(UpstreamRejected) as refusal:
            check_words(prompt, words)
        assert refusal.value.code == "blocked_prompt"
    else:
        check_words(prompt, words)


def test_an_empty_list_blocks_nothing() -> None:
    check_words("anything, even gore", [])
    check_words("anything, even gore", [""])
    check_words(None, ["gore"])


def test_the_painter_gets_the_words_and_what_no_field_takes() -> None:
    request = understood(ImagineRequest(prompt="https://a.test/b.png a cat --ar 3:2 --s 5 --weird 20"))
    assert (request.prompt, request.aspect_ratio, request.stylize) == ("a cat --w 20", "3:2", 5)
    assert str(request.image_url) == "https://a.test/b.png"


def test_what_is_given_as_a_field_stays() -> None:
    given = ImagineRequest.model_validate({"prompt": "a cat --ar 3:2", "aspect_ratio": "2:1", "seed": 3})
    request = understood(given)
    assert (request.aspect_ratio, request.seed) == ("2:1", 3)


@pytest.mark.parametrize(
    ("text", "ratio"), [("1:1", (1, 1)), ("14:1", (14, 1)), ("1:14", (1, 14)), ("016:09", (16, 9))]
)
def test_a_ratio_is_read(text: str, ratio: tuple[int, int]) -> None:
    assert parse_ratio(text) == ratio


def test_the_hundredth_generation_is_the_last() -> None:
    order = StoredOrder.of(Sheet(prompt="x"))
    for seed in range(GENERATIONS_LIMIT - 1):
        order = order.varied(index=1, seed=seed)
    parent = completed(order)
    request = VariationRequest(job_id=parent.id, index=1)
    last, _ = variation(request, parent).draft(7)
    assert len(last.sheets) == GENERATIONS_LIMIT + 1
    with pytest.raises(UpstreamRejected, match="imagine a new one") as refusal:
        variation(request, completed(last))
    assert refusal.value.code == "invalid_parent"
