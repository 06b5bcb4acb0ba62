from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bot.engine.single import paint, read
from bot.errors import ImaginebotError


async def test_parameters_in_the_prompt_are_read_as_the_engine_reads_them() -> None:
    order = await read("a cat --ar 3:2 --s 250 --c 10 --seed 5 --no birds --q .5 --tile")
    assert (order.prompt, order.aspect_ratio, order.seed) == ("a cat --tile", (3, 2), 5)
    assert (order.stylize, order.chaos, order.no, order.quality) == (250, 10, "birds", 0.5)


async def test_one_picture_is_a_png_and_says_what_it_is(tmp_path: Path) -> None:
    written = await paint("circles --seed 5 --ar 2:1", tmp_path / "new" / "a.png")
    with Image.open(written.path) as picture:
        assert (picture.format, picture.size) == ("PNG", (written.width, written.height))
        assert picture.info["seed"] == "5"


async def test_a_grid_is_a_webp_of_all_four(tmp_path: Path) -> None:
    written = await paint("circles --seed 5", tmp_path / "a.webp", whole_grid=True)
    with Image.open(written.path) as picture:
        assert (picture.format, picture.size) == ("WEBP", (2048, 2048))


@pytest.mark.parametrize(
    ("prompt", "name"), [("", "a.png"), ("x --ar 20:1", "a.png"), ("x", "a.jpg"), ("gore", "a.png")]
)
async def test_what_cannot_be_painted_is_refused_with_a_sentence(prompt: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ImaginebotError, match=r"\.$"):
        await paint(prompt, tmp_path / name)
    assert not (tmp_path / name).exists()


async def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(ImaginebotError, match=r"a.b\.png"):
        await paint("circles", tmp_path / "a" / "b.png")
