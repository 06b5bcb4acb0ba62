"""The suite finds the faults that it is there to find: each is planted in the parlour's adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import PlatformUnavailable, PostGone
from bot.jobs.model import Post
from bot.jobs.view import JobView
from bot.storage.identifiers import new_id
from tests.adapters.conformance import test_conformance as suite
from tests.adapters.conformance.place import PARLOUR
from tests.fakes.parlour import adapter as adapters
from tests.fakes.parlour.adapter import ParlourAdapter, message_of
from tests.fakes.parlour.conformance import PLACE, ParlourGround


class _Forgetful(ParlourAdapter):
    """Make another message at each call."""

    async def post(self, post: Post, view: JobView) -> str:
        made = await self._ask("POST", "/messages", message_of(new_id(), view))
        return str(made["reference"])


class _Remembering(ParlourAdapter):
    """Remember messages, but not beyond the end of the process."""

    async def post(self, post: Post, view: JobView) -> str:
        message = message_of(f"{id(self)} {post.id}", view)
        return str((await self._ask("POST", "/messages", message))["reference"])


class _Content(ParlourAdapter):
    """Leave a message that is found as it is."""

    async def post(self, post: Post, view: JobView) -> str:
        return str((await self._ask("POST", "/messages", message_of(post.id, view)))["reference"])


class _Clinging(ParlourAdapter):
    """Leave a task behind."""

    async def start(self) -> None:
        self._left = asyncio.create_task(asyncio.sleep(60), name="left behind")
        await super().start()


class _Patient(ParlourAdapter):
    """Take what is gone for what is away."""

    async def _ask(self, method: str, path: str, body: object) -> Any:
        try:
            return await super()._ask(method, path, body)
        except PostGone as error:
            raise PlatformUnavailable("The message is away.") from error


class _Impatient(ParlourAdapter):
    """Forget how long the platform asked to be left alone."""

    async def _ask(self, method: str, path: str, body: object) -> Any:
        try:
            return await super()._ask(method, path, body)
        except PlatformUnavailable as error:
            raise PlatformUnavailable("Busy.") from error


def _without_a_button(nonce: str, view: JobView) -> dict[str, Any]:
    message = message_of(nonce, view)
    message["buttons"] = dict(list(message["buttons"].items())[:8])
    return message


Test = Callable[[suite.Scene, ParlourGround], Awaitable[None]]

FAULTS: dict[str, tuple[type[ParlourAdapter], Test]] = {
    "a second message": (_Forgetful, lambda scene, _: suite.test_the_same_post_again_finds_its_message_and_brings_it_up_to_date(scene)),
    "a second message after a lost answer": (_Forgetful, lambda scene, _: suite.test_a_lost_answer_makes_no_second_message(scene, restarted=False)),
    "a second message at the same time": (_Forgetful, lambda scene, _: suite.test_the_same_post_at_the_same_time_is_one_message(scene)),
    "a second message by a new process": (_Remembering, lambda scene, _: suite.test_a_new_process_finds_the_message_of_a_post_whose_reference_was_never_kept(scene)),
    "an old view": (_Content, lambda scene, _: suite.test_the_same_post_again_finds_its_message_and_brings_it_up_to_date(scene)),
    "a message that is gone and tried again": (_Patient, lambda scene, _: suite.test_a_message_that_is_gone_is_gone(scene)),
    "a channel that is gone and tried again": (_Patient, lambda scene, _: suite.test_a_channel_that_is_gone_takes_neither_posts_nor_edits(scene)),
    "no patience": (_Impatient, suite.test_a_platform_that_asks_for_patience_is_given_it),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty, test = FAULTS[fault]
    monkeypatch.setattr(adapters, "ParlourAdapter", faulty)
    await _is_found(tmp_path, test)


async def test_a_missing_button_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "message_of", _without_a_button)
    await _is_found(
        tmp_path,
        lambda scene, _: suite.test_every_state_of_a_job_is_shown_with_its_words_and_all_of_its_buttons(
            scene, "a grid"
        ),
    )


async def test_a_task_that_is_left_behind_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "ParlourAdapter", _Clinging)
    with pytest.raises(AssertionError, match="left behind"):
        await suite.test_an_adapter_can_be_started_and_stopped_again_and_again("parlour", tmp_path)


async def _is_found(folder: Path, test: Test) -> None:
    async with suite._scene((PARLOUR, PLACE), folder) as scene:
        assert isinstance(scene.ground, ParlourGround)
        with pytest.raises((AssertionError, ValueError, PlatformUnavailable, pytest.fail.Exception)):
            await test(scene, scene.ground)


@pytest.mark.parametrize("name", ["web", "parlour"])
async def test_a_platform_without_a_place_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "PLACES", {})
    with pytest.raises((AssertionError, PlatformUnavailable)):
        await suite.test_an_adapter_that_shows_jobs_has_a_place_in_this_suite(name, tmp_path)
