from __future__ import annotations

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter
from bot.engine.painters.procedural.colour import lab
from bot.engine.painters.procedural.measure import measure
from tests.bot.engine.painters.procedural.pictures import content, distance, keep_going, pixels, read


def _describe(picture: bytes) -> tuple[str, ...]:
    return ProceduralPainter().describe(picture, checkpoint=keep_going)


def _photograph(size: tuple[int, int], sky: tuple[int, int, int], land: tuple[int, int, int], kind: str) -> bytes:
    image = Image.new("RGB", size, sky)
    image.paste(land, (0, size[1] * 6 // 10, size[0], size[1]))
    file = BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_foreign_picture_gets_four_different_prompts(kind: str) -> None:
    prompts = _describe(_photograph((300, 200), (120, 180, 230), (60, 120, 50), kind))
    assert len(set(prompts)) == 4
    assert all(prompt.endswith("--ar 3:2") for prompt in prompts)


def test_green_ground_under_blue_sky_is_a_meadow_by_day() -> None:
    prompts = _describe(_photograph((200, 200), (120, 180, 230), (60, 120, 50), "PNG"))
    assert "meadow" in prompts[0]
    assert any("day" in prompt or "noon" in prompt for prompt in prompts)


def test_our_own_picture_is_described_by_its_true_scene() -> None:
    prompts = _describe(content(Order(prompt="a lighthouse at dusk, watercolour", seed=3, aspect_ratio=(3, 2))))
    assert len(set(prompts)) == 4
    assert all("lighthouse" in prompt for prompt in prompts)
    assert "dusk" in prompts[0]
    assert "watercolour" in prompts[0]
    assert all(prompt.endswith("--ar 3:2") for prompt in prompts)


@pytest.mark.parametrize("ratio", [(1, 1), (16, 9), (9, 16), (14, 1)])
def test_the_ratio_is_told(ratio: tuple[int, int]) -> None:
    prompts = _describe(content(Order(prompt="sea", aspect_ratio=ratio)))
    found = re.search(r"--ar (\d+):(\d+)$", prompts[0])
    assert found is not None
    assert int(found[1]) / int(found[2]) == pytest.approx(ratio[0] / ratio[1], rel=0.03)


def test_a_scene_chunk_of_nonsense_does_no_harm() -> None:
    from PIL.PngImagePlugin import PngInfo

    for text in ('{"light":1,"places":2}', '{"light":{},"places":[3,{"name":[]}],"styles":[[]]}', "[", "null"):
        info = PngInfo()
        info.add_itxt("scene", text)
        file = BytesIO()
        Image.new("RGB", (64, 64), (90, 90, 120)).save(file, "PNG", pnginfo=info)
        assert len(set(_describe(file.getvalue()))) == 4


def _apart(one: bytes, other: bytes) -> float:
    """Give the mean distance in OKLab from each colour of one palette to the nearest of the other, both ways."""

    def far(theirs: tuple[str, ...], ours: tuple[str, ...]) -> float:
        nearest = [min(np.linalg.norm(np.subtract(lab(a), lab(b))) for b in ours) for a in theirs]
        return float(np.mean(nearest))

    first, second = measure(one).palette, measure(other).palette
    return max(far(first, second), far(second, first))


@pytest.mark.parametrize(
    ("prompt", "limit"),
    [("sea at night", 0.08), ("a castle at golden hour", 0.08), ("a meadow at noon, watercolour", 0.08)],
)
def test_described_and_painted_again_keeps_the_palette(prompt: str, limit: float) -> None:
    first = content(Order(prompt=prompt, seed=2))
    again = content(Order(prompt=_describe(first)[0].split("--ar")[0], seed=9))
    assert _apart(first, again) < limit


def test_a_described_photograph_keeps_its_palette() -> None:
    first = _photograph((300, 200), (120, 180, 230), (60, 120, 50), "PNG")
    again = content(Order(prompt=_describe(first)[0].split("--ar")[0], seed=9))
    assert _apart(first, again) < 0.2


def test_described_and_painted_again_keeps_the_mood() -> None:
    dark = content(Order(prompt="sea at night", seed=2))
    bright = content(Order(prompt="meadow at noon", seed=2))
    again = pixels(Order(prompt=_describe(dark)[0].split("--ar")[0], seed=9))
    assert distance(read(dark), again) < distance(read(bright), again)
    assert np.abs(read(dark).mean() - again.mean()) < 40
