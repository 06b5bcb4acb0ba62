"""What the presenter makes of every view, kept as snapshots and held against Discord's own rules.

``SNAPSHOTS=write`` in the environment writes them anew; look at the difference before you commit it.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from discord.ui import LayoutView

from adapters.discord import forms, listing, notices
from adapters.discord.presenter import Look, post
from bot import errors
from bot.errors import ImaginebotError
from bot.headlines import HEADLINES, headline
from bot.jobs.service import Listing
from bot.storage.connection import CommitUnknown
from tests.adapters.discord.views import CASES, CHILD, JOB, done, extreme, upscale, view
from tests.fakes.discord.components import check_modal, component_problems
from tests.fakes.discord.openapi import ABSENT, Contract

SNAPSHOTS = Path(__file__).parent / "snapshots"


def _written(layout: LayoutView) -> Any:
    """Give what is sent; the library says nothing of its type."""
    return layout.to_components()  # type: ignore[no-untyped-call]  # the library's own


def _errors() -> list[type[ImaginebotError]]:
    found = (member for _, member in inspect.getmembers(errors, inspect.isclass))
    return [member for member in found if issubclass(member, ImaginebotError)]


def _matches(name: str, made: Any) -> None:
    path = SNAPSHOTS / f"{re.sub(r'[^a-z]+', '-', name)}.json"
    text = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("SNAPSHOTS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("name", CASES)
async def test_posts_look_as_they_did(name: str) -> None:
    shown = post(*CASES[name])
    uploads = [[upload.name, upload.width, upload.alt[:80]] for upload in shown.uploads]
    _matches(name, {"components": _written(shown.layout), "uploads": uploads})


@pytest.mark.parametrize("name", CASES)
async def test_posts_keep_discords_limits(name: str) -> None:
    assert list(component_problems(_written(post(*CASES[name]).layout), layout=True)) == []


@pytest.mark.parametrize("name", CASES)
async def test_posts_are_as_discords_own_document_wants_them(name: str) -> None:
    contract = Contract.at_hand()
    if contract is None:
        pytest.skip(ABSENT)
    shown = post(*CASES[name])
    files = [
        {"id": number, "filename": upload.name, "description": upload.alt}
        for number, upload in enumerate(shown.uploads)
    ]
    body = {"components": _written(shown.layout), "flags": 1 << 15, "attachments": files, "tts": False}
    assert list(contract.request_problems("POST", "/channels/1/messages", {}, body)) == []
    answer = {"type": 4, "data": body}
    assert list(contract.request_problems("POST", "/interactions/1/token/callback", {}, answer)) == []
    del body["tts"]
    assert list(contract.request_problems("PATCH", "/channels/1/messages/2", {}, body)) == []
    assert list(contract.request_problems("PATCH", "/webhooks/1/token/messages/@original", {}, body)) == []


@pytest.mark.parametrize("kind", _errors())
async def test_every_error_is_a_headline_and_one_sentence(kind: type[ImaginebotError]) -> None:
    error = kind("code", "Do this.") if issubclass(kind, errors.UpstreamRejected) else kind("Do this.")
    text = notices.problem(error)
    assert kind in HEADLINES
    hidden = issubclass(kind, errors.OperatorError)
    assert text == f"**{headline(kind, 'Discord')}.** " + (
        "Please try again later; whoever runs the studio finds the reason in its log." if hidden else "Do this."
    )


async def test_an_error_can_neither_mention_nor_mark_up() -> None:
    assert notices.problem(errors.InvalidPrompt("“@everyone **a**” is too long.")) == (
        "**The prompt needs a change.** “\\@\u200beveryone \\*\\*a\\*\\*” is too long."
    )


def test_what_may_have_been_saved_is_neither_denied_nor_to_be_asked_for_at_once() -> None:
    text = notices.problem(CommitUnknown())
    assert text.startswith("**It is not certain whether that was saved.**")
    assert "see whether it shows up here in a moment, before you ask" in text


async def test_every_view_is_sent_as_finished_so_that_the_library_keeps_nothing_of_it() -> None:
    assert post(done()).layout.is_finished()
    assert post(done()).layout.timeout is None


async def test_names_of_files_tell_the_prompt_and_change_with_the_content() -> None:
    (upload,) = post(done()).uploads
    assert upload.name == "a-lighthouse-at-dusk-grid-g0g0g0g0g0.png"
    (upload,) = post(upscale(prompt="Ünïcode ../.. \\ \x00 海"), Look(smaller=True)).uploads
    assert upload.name == "unicode-image-i0i0i0i0i0-small.webp"
    (upload,) = post(upscale(prompt="海 --ar 1:1")).uploads
    assert upload.name == "picture-image-i0i0i0i0i0.png"


async def test_a_list_of_jobs_keeps_discords_limits() -> None:
    views = tuple(replace(extreme(), job_id=JOB[:-1] + str(number)) for number in range(listing.PAGE_SIZE))
    jobs = Listing(views=views, next=JOB)
    where = listing.Filter(member="4" * 20, status="in_progress")
    links = {each.job_id: f"https://discord.com/channels/{'1' * 19}/{'2' * 19}/{'3' * 19}" for each in views}
    made = _written(listing.jobs_list(jobs, where, links=links, first=False))
    assert list(component_problems(made, layout=True)) == []
    few = Listing(views=(view(), done(job_id=CHILD)), next=None)
    _matches("list", _written(listing.jobs_list(few, where, links=links, first=True)))
    empty = _written(listing.jobs_list(Listing(views=(), next=None), where, links={}, first=True))
    assert list(component_problems(empty, layout=True)) == []


@pytest.mark.parametrize("text", ["", "p" * forms.PROMPT_LIMIT])
async def test_a_form_keeps_discords_limits_and_holds_the_prompt(text: str) -> None:
    form = forms.prompt_form(
        forms.VARY, "a" * 12, title="Vary picture 2", label="Prompt", hint="h", text=text, optional=not text
    )
    made = form.to_dict()
    check_modal(made)
    assert made["components"][0]["component"]["required"] is bool(text)
    contract = Contract.at_hand()
    if contract is not None:
        answer = {"type": 9, "data": made}
        assert list(contract.request_problems("POST", "/interactions/1/token/callback", {}, answer)) == []


async def test_nothing_that_a_filter_or_a_page_says_is_lost_on_the_way() -> None:
    where = listing.Filter(member="123", status="done")
    assert listing.Filter.read(where.page("abc")) == (where, "abc")
    assert listing.Filter.read(listing.Filter().page("")) == (listing.Filter(), None)
    assert listing.Filter.read("") == (listing.Filter(), None)


async def test_the_help_fits_into_a_message() -> None:
    assert len(notices.HELP + notices.REACTIONS_HELP) <= 2000
