"""Posts in Slack: made once, edited in place, with their picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.slack.place import Place, open_place
from tests.fakes.slack import Slack


@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_imagine_leads_to_a_grid_with_its_buttons_and_its_picture(slack: Slack, tmp_path: Path, way: str) -> None:
    async with open_place(slack, tmp_path, way=way) as place:
        grid = await place.grid("a lighthouse at dusk --ar 3:2")
        assert [label for label in grid.labels if label[0] in "UV"] == ["U1", "U2", "U3", "U4", "V1", "V2", "V3", "V4"]
        [image] = grid.images
        assert image.alt_text == "Grid of four pictures: a lighthouse at dusk"
        assert image.file is not None
        assert image.file.mimetype in {"image/png", "image/jpeg"}
        assert len(place.acme.general.from_bot) == 1


async def test_a_press_leads_to_an_upscale(place: Place) -> None:
    grid = await place.grid()
    answer = await place.ann.press(grid, "U2")
    assert answer.acknowledged
    upscale = await place.post("Upscale of picture 2", "Done in")
    assert "Vary" in upscale.labels
