"""Every view and every error has a face, and nothing that people type becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from adapters.web.chat import Message, MessageKind
from adapters.web.formats import initials, linked, split_prompt, unbroken
from adapters.web.presenter import (
    FOLDER,
    Presenter,
    explain,
    file_name,
    fit,
    status_of,
)
from bot import errors
from bot.headlines import HEADLINES, headline
from bot.jobs.model import Action, JobStatus, JobType, PictureRole
from bot.jobs.view import ButtonView, JobLink, JobView
from bot.storage.blobs import BlobNotFound
from bot.storage.connection import CommitUnknown
from tests.adapters.web.desk import NOON, a_view

HOSTILE = "<script>alert('x')</script>\"' onload=\"x\" {{ 7 * 7 }}"


class _Document(HTMLParser):
    """Everything that a test wants to know of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(filter(None, self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _message(body: str, kind: MessageKind = MessageKind.POST, **changes: Any) -> Message:
    message = Message(
        id=7,
        channel="general",
        kind=kind,
        member_id="abc",
        author="Ada",
        body=body,
        created_at=NOON,
        changed_seq=9,
        job_id=None,
    )
    return replace(message, **changes)


def _shown(presenter: Presenter, view: JobView) -> _Document:
    return _Document(presenter.message(_message(view.to_json())))


def _all_errors(kind: type[errors.ImaginebotError] = errors.ImaginebotError) -> Iterator[type[errors.ImaginebotError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _all_errors(child)


def _raised(kind: type[errors.ImaginebotError]) -> errors.ImaginebotError:
    if kind is errors.UpstreamRejected:
        return errors.UpstreamRejected("code", "Say this to people.")
    return kind("Say this to people.")


@pytest.mark.parametrize("kind", list(_all_errors()))
def test_every_error_of_the_tree_has_a_headline_of_its_own_and_a_sentence(
    presenter: Presenter, kind: type[errors.ImaginebotError]
) -> None:
    error = _raised(kind)
    assert kind in HEADLINES, f"{kind.__name__} is not presented"
    document = _Document(presenter.error(error))
    assert headline(kind, "The chat") in document.text
    assert "Only you can see this" in document.text
    assert 400 <= status_of(error) < 600
    told = "Say this to people." in document.text
    assert told is not issubclass(kind, errors.OperatorError), "what is the admin's business is not told"


def test_what_may_have_been_saved_is_neither_denied_nor_to_be_asked_for_at_once() -> None:
    notice = explain(CommitUnknown())
    assert notice.title == "It is not certain whether that was saved"
    assert "see whether it shows up here in a moment, before you ask" in notice.sentence


def test_an_error_from_deeper_down_is_shown_as_the_kind_that_it_is() -> None:
    assert explain(BlobNotFound()).sentence.startswith("This picture is no longer kept")


def test_an_error_without_words_still_says_something() -> None:
    assert explain(errors.NotReady()).sentence == "Please try again."


def test_a_finished_grid_shows_who_what_and_every_button(presenter: Presenter) -> None:
    document = _shown(presenter, a_view())
    for words in ("Ada Lovelace", "Imagine", "a lighthouse at dusk", "--ar 3:2", "Done in 4 s"):
        assert words in document.text
    presses = [button for button in document.all("button") if "data-press" in button]
    assert [button["data-press"] for button in presses][:3] == ["upscale-1", "upscale-2", "upscale-3"]
    assert all(button["title"] for button in presses)
    assert not document.all("progress")


def test_the_grid_is_one_picture_with_its_size_and_words(presenter: Presenter) -> None:
    (picture,) = _shown(presenter, a_view()).all("img")
    assert picture["alt"] == "A lighthouse at dusk, grid of four"
    assert (picture["width"], picture["height"]) == ("1536", "1024")
    assert picture["src"] == f"/pictures/{'0' * 64}?w=1024"
    assert "1024w" in str(picture["srcset"])


def test_the_lightbox_gets_the_grid_and_its_four_with_their_buttons(presenter: Presenter) -> None:
    gallery = json.loads(str(_shown(presenter, a_view()).all("li")[0]["data-gallery"]))
    assert [each["title"] for each in gallery] == ["The grid", *(f"Picture {index} of 4" for index in range(1, 5))]
    assert gallery[2]["buttons"] == ["upscale-2", "vary-2"]
    assert gallery[0]["buttons"] == []
    assert gallery[1]["name"] == "a-lighthouse-at-dusk-1-00000a.png"


def test_the_frame_has_its_shape_before_there_is_a_picture(presenter: Presenter) -> None:
    waiting = a_view(status=JobStatus.PENDING, progress=0, main=None, images=(), buttons=(), state="Next in the queue")
    painting = replace(a_view(), status=JobStatus.IN_PROGRESS, progress=40, images=(), buttons=())
    assert painting.main is not None
    preview = replace(painting, main=replace(painting.main, role=PictureRole.PREVIEW, width=385, height=255))
    sizes = set()
    for view in (waiting, preview, a_view()):
        sizer = next(each for each in _shown(presenter, view).all("svg") if each.get("class") == "sizer")
        sizes.add((sizer["width"], sizer["height"]))
    assert sizes == {("544", "363")}


def test_progress_is_a_labelled_bar(presenter: Presenter) -> None:
    view = a_view(status=JobStatus.IN_PROGRESS, progress=40, state="Painting, 40%", buttons=())
    document = _shown(presenter, view)
    (bar,) = document.all("progress")
    assert (bar["value"], bar["max"], bar["aria-label"]) == ("40", "100", "Progress of imagine")


def test_a_preview_opens_nothing(presenter: Presenter) -> None:
    main = a_view().main
    assert main is not None
    view = a_view(status=JobStatus.IN_PROGRESS, progress=40, main=replace(main, role=PictureRole.PREVIEW), images=())
    assert all("data-open" not in link for link in _shown(presenter, view).all("a"))


def test_a_failed_job_says_why_and_offers_to_retry(presenter: Presenter) -> None:
    retry = ButtonView(id="r", action=Action.RETRY, label="Retry", hint="Ask for the same again")
    view = a_view(
        status=JobStatus.FAILED, error="The service was busy.", state="Failed", main=None, images=(), buttons=(retry,)
    )
    document = _shown(presenter, view)
    assert "The service was busy." in document.text
    assert "Retry" in document.text
    assert not document.all("img")
    assert not document.all("figure")


def test_a_cancelled_job_says_who_cancelled_it(presenter: Presenter) -> None:
    view = a_view(status=JobStatus.CANCELLED, state="Cancelled by Ada", main=None, images=(), buttons=())
    assert "Cancelled by Ada" in _shown(presenter, view).text


def test_a_description_shows_the_picture_and_a_button_beside_each_prompt(presenter: Presenter) -> None:
    main = a_view().main
    assert main is not None
    buttons = tuple(
        ButtonView(id=f"i{index}", action=Action.IMAGINE_THIS, label=f"Imagine {index}", hint="", index=index)
        for index in range(1, 5)
    )
    view = a_view(
        type=JobType.DESCRIBE,
        title="Describe",
        prompt="",
        parameters=(),
        main=None,
        images=(),
        inputs=(replace(main, role=PictureRole.INPUT, alt="The picture to describe"),),
        prompts=("first way", "second way", "third way", "fourth way"),
        buttons=buttons,
    )
    document = _shown(presenter, view)
    assert "second way Imagine 2" in document.text
    assert [picture["alt"] for picture in document.all("img")] == ["The picture to describe"]


def test_a_blend_shows_what_it_was_made_from(presenter: Presenter) -> None:
    main = a_view().main
    assert main is not None
    inputs = tuple(replace(main, role=PictureRole.INPUT, position=index, alt=f"Part {index}") for index in (1, 2))
    document = _shown(presenter, a_view(type=JobType.BLEND, inputs=inputs, notes=("One could not be fetched.",)))
    assert [picture["alt"] for picture in document.all("img")][:2] == ["Part 1", "Part 2"]
    assert "One could not be fetched." in document.text


def test_a_pressed_button_tells_who_pressed_it(presenter: Presenter) -> None:
    first, *rest = a_view().buttons
    document = _shown(presenter, a_view(buttons=(replace(first, pressed_by="Grace"), *rest)))
    pressed = next(button for button in document.all("button") if button.get("data-press") == first.id)
    assert "pressed" in str(pressed["class"]).split()
    assert "Pressed by Grace" in str(pressed["title"])
    assert "U1 by Grace" in document.text


def test_links_lead_to_the_messages_of_relatives_that_have_one(presenter: Presenter) -> None:
    view = a_view(
        parent=JobLink(job_id="p", label="See the grid it came from", reference="42"),
        origin=JobLink(job_id="o", label="See the one before"),
    )
    document = _shown(presenter, view)
    assert [link["href"] for link in document.all("a") if "data-jump" in link] == ["/m/42"]
    assert "See the one before" not in document.text


def test_the_seed_is_shown_once(presenter: Presenter) -> None:
    assert "seed 12" in _shown(presenter, a_view(seed=12)).text
    assert "seed 12" not in _shown(presenter, a_view(seed=12, parameters=("--seed 12",))).text.replace("--seed 12", "")


@pytest.mark.parametrize("field", ["prompt", "title", "state", "error"])
def test_hostile_words_stay_words(presenter: Presenter, field: str) -> None:
    view = a_view(**{field: HOSTILE}, notes=(HOSTILE,), prompts=(HOSTILE,), status=JobStatus.FAILED)
    view = replace(view, requester=replace(view.requester, name=HOSTILE))
    document = _shown(presenter, view)
    assert not document.all("script")
    assert not any("onload" in attributes for _, attributes in document.tags)
    assert HOSTILE in document.text
    assert "49" not in document.text


def test_hostile_messages_stay_words(presenter: Presenter) -> None:
    html = presenter.message(_message(HOSTILE, MessageKind.TEXT, author=HOSTILE))
    document = _Document(html)
    assert not document.all("script")
    assert "alert('x')" in document.text


def test_a_post_of_another_version_is_owned_up_to(presenter: Presenter) -> None:
    assert "cannot be shown" in presenter.message(_message('{"job_id": 1}'))


def test_addresses_become_links_that_lead_nowhere_else() -> None:
    html = str(linked('see https://a.org/x?y=1&z="><b> and javascript:alert(1).'))
    (link,) = _Document(html).all("a")
    assert link["href"] == "https://a.org/x?y=1&z="
    assert link["rel"] == "noopener noreferrer nofollow"
    assert str(linked("https://a.org.")) == str(linked("https://a.org")) + "."


def test_no_template_carries_script_or_style_inside(presenter: Presenter) -> None:
    for name in ("_post.html", "_text.html", "channel.html", "jobs.html", "base.html", "welcome.html", "_icons.svg"):
        text = (FOLDER / "templates" / name).read_text("utf-8")
        assert not re.search(r"\sstyle=|\son\w+=|<style", text), name
        assert not re.search(r"<script(?! type=\"module\" src=)", text), name


@pytest.mark.parametrize(
    ("prompt", "words", "tail"),
    [
        ("a cat --ar 3:2 --s 5", "a cat", "--ar 3:2 --s 5"),
        ("a cat", "a cat", ""),
        ("--ar 3:2", "", "--ar 3:2"),
        ("a cat —ar 3:2", "a cat", "—ar 3:2"),
        ("black--white", "black--white", ""),
        ("rain — heavy rain", "rain — heavy rain", ""),
    ],
)
def test_a_prompt_is_split_into_words_and_parameters(prompt: str, words: str, tail: str) -> None:
    assert split_prompt(prompt) == (words, tail)


def test_a_parameter_is_kept_on_one_line_and_the_text_stays_as_typed() -> None:
    html = str(unbroken("a <cat>  --ar 3:2 --no red, green and a very long list of other things"))
    assert html.startswith('a &lt;cat&gt;  <span class="keep">--ar 3:2</span> --no red')
    assert _Document(html).all("span") == [{"class": "keep"}]


def test_frames_fit_their_box_whatever_the_shape() -> None:
    for width, height in ((1, 1), (3, 2), (2, 3), (14, 1), (1, 14), (2048, 1024)):
        shown = fit(width, height)
        assert all(64 <= side <= 544 for side in shown), shown
    assert fit(3, 2) == (544, 363)
    assert fit(3, 2, small=True) == (272, 181)


def test_file_names_are_plain_whatever_the_prompt() -> None:
    view = a_view(prompt='../../é "tout" https://a.org/b.png <b> ' + "x" * 400)
    assert view.main is not None
    assert re.fullmatch(r"[a-z0-9-]{1,80}\.png", file_name(view, view.main))
    nameless = a_view(prompt="")
    assert nameless.main is not None
    assert file_name(nameless, nameless.main) == "imagine-grid-00000a.png"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Ada Lovelace", "AL"), ("ada", "A"), ("🎨", "🎨"), ("Jean-Luc P.", "JP"), ("(x) y", "Y")],
)
def test_avatars_carry_initials(name: str, letters: str) -> None:
    assert initials(name) == letters
