"""Pictures on their way to Slack: converted where they have to be, sent once, found again after a lost answer."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from adapters.slack.uploads import for_slack
from tests.adapters.slack.place import Place
from tests.fakes.slack import Slack


def _picture(form: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (64, 48), (200, 40, 30, 90)[: len(mode)]).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(("form", "kind"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif")])
def test_what_slack_shows_is_left_as_it_is(form: str, kind: str) -> None:
    content = _picture(form)
    assert for_slack(content, kind) == (content, kind)


@pytest.mark.parametrize(("mode", "form", "kind"), [("RGB", "JPEG", "image/jpeg"), ("RGBA", "PNG", "image/png")])
def test_webp_becomes_what_slack_shows(mode: str, form: str, kind: str) -> None:
    content, content_type = for_slack(_picture("WEBP", mode), "image/webp")
    assert content_type == kind
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.mode, picture.size) == (form, mode, (64, 48))


async def test_a_webp_that_somebody_has_shared_is_described_and_shown(place: Place, slack: Slack) -> None:
    file = place.ann.uploads("photo.webp", _picture("WEBP"))
    assert file.filetype == "webp"
    await place.ann.mentions("describe", files=[file])
    post = await place.post("Describe", "Done in")
    [image] = post.images
    assert image.file is not None
    assert image.file.filetype == "jpg"


@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info", "upload"]
)
async def test_a_lost_answer_on_the_way_of_a_picture_costs_one_upload_at_most(
    place: Place, slack: Slack, method: str
) -> None:
    slack.trouble(method, lost=True)
    grid = await place.grid()
    [image] = grid.images
    assert image.file is not None
    assert len(place.acme.general.from_bot) == 1
    assert slack.files.uploads <= (2 if method == "upload" else 1)
    assert len([file for file in slack.files.by_id.values() if file.completed]) == 1


async def test_the_same_picture_is_sent_to_a_workspace_once(place: Place, slack: Slack) -> None:
    grid = await place.grid()
    assert slack.files.uploads == 1
    await place.ann.press(grid, "Describe")
    description = await place.post("Describe", "Done in")
    assert [image.file for image in description.images] == [image.file for image in grid.images]
    home = await place.ann.opens_home()
    assert home.images
    assert slack.files.uploads == 1
