"""What ``bot/jobs/adapter.py`` promises, asked of every adapter that is installed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from bot import errors
from bot.app import App
from bot.errors import PlatformBusy, PlatformUnavailable, PostGone
from bot.jobs.adapter import Adapter
from bot.jobs.model import Conversation, JobStatus, Post
from bot.jobs.view import JobView
from tests.adapters.conformance.place import DistantGround, Ground, Message, Place, installed, place_of
from tests.adapters.conformance.states import STATES, Stage
from tests.adapters.conformance.studio import app_in

ADAPTERS = {point.name: point for point in installed()}
PLACES = {name: found for name, point in ADAPTERS.items() if (found := place_of(point)) is not None}
ANSWER_WITHIN_S = 20.0
PATIENCE_S = 90.0
"""What a platform asks for: longer than a client would wait by itself."""

NOWHERE = Conversation(platform="nowhere", workspace="nowhere", channel="nowhere")


@dataclass
class Scene:
    """A ground, and the adapters that have been made on it."""

    point: EntryPoint
    ground: Ground
    made: list[Adapter] = field(default_factory=list)

    @property
    def stage(self) -> Stage:
        """Where jobs are brought into a state."""
        return Stage(app=self.ground.app, conversation=self.ground.conversation)

    def make(self) -> Adapter:
        """Make an adapter that has not been started."""
        return _create(self.point, self.ground.app)

    async def started(self) -> Adapter:
        """Make an adapter as a new process would, and start it."""
        adapter = self.make()
        self.made.append(adapter)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await adapter.start()
        return adapter

    async def message(self) -> Message:
        """Give the only message that there is."""
        (message,) = await self.ground.messages()
        return message


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> tuple[EntryPoint, Place]:
    return ADAPTERS[request.param], PLACES[request.param]


@pytest.fixture
async def scene(place: tuple[EntryPoint, Place], tmp_path: Path) -> AsyncIterator[Scene]:
    async with _scene(place, tmp_path) as scene:
        yield scene


@pytest.fixture
def far(scene: Scene, place: tuple[EntryPoint, Place]) -> DistantGround:
    if place[1].inside:
        pytest.skip("the platform is a part of the program, so it cannot be away while the program runs")
    assert isinstance(scene.ground, DistantGround), "a platform that is elsewhere can be down, and has limits"
    return scene.ground


@asynccontextmanager
async def _scene(place: tuple[EntryPoint, Place], folder: Path) -> AsyncIterator[Scene]:
    async with place[1].open(folder) as ground:
        scene = Scene(place[0], ground)
        try:
            yield scene
        finally:
            for adapter in reversed(scene.made):
                await adapter.stop()


def _create(point: EntryPoint, app: App) -> Adapter:
    adapter = point.load().create(app)
    assert adapter is not None, f"create gives no {point.name} adapter on its own ground"
    made: Adapter = adapter
    return made


async def _post(adapter: Adapter, post: Post, view: JobView) -> str:
    async with asyncio.timeout(ANSWER_WITHIN_S):
        return await adapter.post(post, view)


async def _edit(adapter: Adapter, post: Post, view: JobView) -> None:
    """Edit as the publisher does, which comes again where the adapter's own pace says so."""
    async with asyncio.timeout(ANSWER_WITHIN_S):
        while True:
            try:
                return await adapter.edit(post, view)
            except PlatformBusy as busy:
                await asyncio.sleep(busy.retry_after or 0)


async def _posted(scene: Scene, adapter: Adapter) -> tuple[Post, JobView]:
    """Make the post of a new job."""
    post, view = await scene.stage.shown(await scene.stage.imagine())
    return replace(post, reference=await _post(adapter, post, view)), view


async def _later(scene: Scene, view: JobView) -> JobView:
    """Bring a job on its way, and give what it then shows."""
    job = await scene.ground.app.service.get(view.job_id)
    job = await scene.stage.sent(job, status=JobStatus.IN_PROGRESS, progress=max(40, job.progress + 1))
    return (await scene.stage.shown(job))[1]


# Taking part


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_adapter_that_shows_jobs_has_a_place_in_this_suite(name: str, tmp_path: Path) -> None:
    if name in PLACES:
        return
    async with app_in(tmp_path, mcp_port=0) as app:
        adapter = ADAPTERS[name].load().create(app)
        # One that needs settings of its own is a platform; one that needs none proves that it shows nothing.
        assert adapter is not None, f"tests/adapters/{name}/conformance.py is missing; see tests/adapters/conformance"
        stage = Stage(app=app, conversation=NOWHERE)
        post, view = await stage.shown(await stage.imagine())
        with pytest.raises(PostGone):
            await adapter.post(post, view)
        with pytest.raises(PostGone):
            await adapter.edit(replace(post, reference="1"), view)


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_adapter_can_be_started_and_stopped_again_and_again(name: str, tmp_path: Path) -> None:
    if name in PLACES:
        async with _scene((ADAPTERS[name], PLACES[name]), tmp_path) as scene:
            await _start_and_stop(scene.make())
    else:
        async with app_in(tmp_path, mcp_port=0) as app:
            await _start_and_stop(_create(ADAPTERS[name], app))


async def _start_and_stop(adapter: Adapter) -> None:
    for _ in range(3):
        before = asyncio.all_tasks()
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await adapter.start()
            await adapter.stop()
        await _nothing_left_of(before)
    await adapter.stop()  # once more does no harm


async def _nothing_left_of(before: set[asyncio.Task[object]]) -> None:
    """Wait until every task that was not there before has ended, within a moment."""
    ends = asyncio.get_running_loop().time() + 2.0
    while (left := asyncio.all_tasks() - before) and asyncio.get_running_loop().time() < ends:
        await asyncio.wait(left, timeout=0.05)
    assert not left, f"still there after stop: {[task.get_name() for task in left]}"


async def test_there_is_no_adapter_where_its_settings_are_missing(
    place: tuple[EntryPoint, Place], tmp_path: Path
) -> None:
    async with app_in(tmp_path, **place[1].absent) as app:
        assert place[0].load().create(app) is None


# Starting and stopping


async def test_routes_are_fixed_before_the_start_and_the_name_is_the_conversations(scene: Scene) -> None:
    adapter = scene.make()
    before = list(adapter.routes)
    scene.made.append(adapter)
    await adapter.start()
    assert list(adapter.routes) == before
    assert adapter.name == scene.ground.conversation.platform == scene.point.name
    assert adapter.edit_interval.total_seconds() >= 0


async def test_a_post_before_the_start_is_out_of_reach_and_no_crash(scene: Scene) -> None:
    post, view = await scene.stage.shown(await scene.stage.imagine())
    adapter = scene.make()
    with suppress(PlatformUnavailable):
        await _post(adapter, post, view)
    reference = await _post(await scene.started(), post, view)
    assert (await scene.message()).reference == reference


async def test_after_a_stop_and_a_start_the_same_adapter_finds_its_messages(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    await adapter.stop()
    with suppress(PlatformUnavailable):
        await _edit(adapter, post, view)
    await adapter.start()
    newer = await _later(scene, view)
    await _edit(adapter, post, newer)
    assert newer.state in (await scene.message()).text


async def test_a_start_that_fails_can_be_stopped_and_tried_again(scene: Scene, far: DistantGround) -> None:
    await far.go_down()
    adapter = scene.make()
    scene.made.append(adapter)
    for _ in range(2):
        with suppress(Exception):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await adapter.start()
        await adapter.stop()
    await far.come_back()
    await adapter.start()
    await _posted(scene, adapter)


# Posts


async def test_a_post_makes_one_message_and_gives_its_reference(scene: Scene) -> None:
    post, view = await _posted(scene, await scene.started())
    message = await scene.message()
    assert message.reference == post.reference
    assert view.state in message.text


async def test_every_post_has_a_message_of_its_own(scene: Scene) -> None:
    adapter = await scene.started()
    posts = [await _posted(scene, adapter) for _ in range(3)]
    messages = await scene.ground.messages()
    assert [message.reference for message in messages] == [post.reference for post, _ in posts]
    for message, (_, view) in zip(messages, posts, strict=True):
        assert set(message.buttons) == {button.id for button in view.buttons}


async def test_the_same_post_again_finds_its_message_and_brings_it_up_to_date(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    newer = await _later(scene, view)
    again = await _post(adapter, replace(post, reference=None), newer)
    message = await scene.message()
    assert again == post.reference == message.reference
    assert newer.state in message.text


async def test_a_new_process_finds_the_message_of_a_post_whose_reference_was_never_kept(scene: Scene) -> None:
    first = await scene.started()
    post, view = await _posted(scene, first)
    await first.stop()
    newer = await _later(scene, view)
    again = await _post(await scene.started(), replace(post, reference=None), newer)
    message = await scene.message()
    assert again == post.reference == message.reference
    assert newer.state in message.text


@pytest.mark.parametrize("restarted", [False, True], ids=["same process", "new process"])
async def test_a_lost_answer_makes_no_second_message(scene: Scene, *, restarted: bool) -> None:
    adapter = await scene.started()
    await _posted(scene, adapter)  # so that connections are open
    post, view = await scene.stage.shown(await scene.stage.imagine())
    await scene.ground.lose_answer()
    with suppress(PlatformUnavailable):
        await _post(adapter, post, view)
    assert len(await scene.ground.messages()) == 2, "the platform had carried it out"
    if restarted:
        await adapter.stop()
        adapter = await scene.started()
    newer = await _later(scene, view)
    reference = await _post(adapter, post, newer)
    messages = await scene.ground.messages()
    assert [message.reference for message in messages][1:] == [reference]
    assert newer.state in messages[1].text


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
async def test_a_post_that_is_cut_off_half_way_makes_no_second_message(scene: Scene, steps: int) -> None:
    adapter = await scene.started()
    await _posted(scene, adapter)
    post, view = await scene.stage.shown(await scene.stage.imagine())
    posting = asyncio.create_task(_post(adapter, post, view))
    for _ in range(steps):
        await asyncio.sleep(0)
    posting.cancel()
    await asyncio.gather(posting, return_exceptions=True)
    reference = await _post(await scene.started(), post, view)
    assert [message.reference for message in await scene.ground.messages()][1:] == [reference]


async def test_the_same_post_at_the_same_time_is_one_message(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await scene.stage.shown(await scene.stage.imagine())
    references = await asyncio.gather(*(_post(adapter, post, view) for _ in range(3)), return_exceptions=True)
    message = await scene.message()
    given = {each for each in references if not isinstance(each, PlatformUnavailable)}
    assert given == {message.reference}


async def test_an_edit_can_be_repeated_and_leaves_one_message_with_the_newest_view(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    for _ in range(3):
        view = await _later(scene, view)
        for _ in range(2):
            await _edit(adapter, post, view)
        message = await scene.message()
        assert message.reference == post.reference
        assert view.state in message.text
        assert set(message.buttons) == {button.id for button in view.buttons}


# Trouble


async def test_a_message_that_is_gone_is_gone(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    other, other_view = await _posted(scene, adapter)
    assert post.reference is not None
    await scene.ground.remove_message(post.reference)
    with pytest.raises(PostGone):
        await _edit(adapter, post, await _later(scene, view))
    await _edit(adapter, other, await _later(scene, other_view))
    assert (await scene.message()).reference == other.reference


async def test_a_channel_that_is_gone_takes_neither_posts_nor_edits(scene: Scene) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    new, new_view = await scene.stage.shown(await scene.stage.imagine())
    await scene.ground.remove_channel()
    with pytest.raises(PostGone):
        await _post(adapter, new, new_view)
    with pytest.raises(PostGone):
        await _edit(adapter, post, await _later(scene, view))


async def test_a_platform_that_is_down_is_worth_another_try(scene: Scene, far: DistantGround) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    new, new_view = await scene.stage.shown(await scene.stage.imagine())
    await far.go_down()
    with pytest.raises(PlatformUnavailable):
        await _post(adapter, new, new_view)
    with pytest.raises(PlatformUnavailable):
        await _edit(adapter, post, await _later(scene, view))
    await far.come_back()
    newer = await _later(scene, view)
    await _edit(adapter, post, newer)
    reference = await _post(adapter, new, new_view)
    messages = await far.messages()
    assert [message.reference for message in messages] == [post.reference, reference]
    assert newer.state in messages[0].text


async def test_a_platform_that_asks_for_patience_is_given_it(scene: Scene, far: DistantGround) -> None:
    adapter = await scene.started()
    post, view = await _posted(scene, adapter)
    new, new_view = await scene.stage.shown(await scene.stage.imagine())
    await far.limit(PATIENCE_S)
    with pytest.raises(PlatformUnavailable) as refused:
        await _post(adapter, new, new_view)
    assert (refused.value.retry_after or 0) >= PATIENCE_S - 1
    with pytest.raises(PlatformUnavailable) as refused:
        await _edit(adapter, post, await _later(scene, view))
    assert (refused.value.retry_after or 0) >= PATIENCE_S - 2


# What is shown


@pytest.mark.parametrize("state", STATES)
async def test_every_state_of_a_job_is_shown_with_its_words_and_all_of_its_buttons(scene: Scene, state: str) -> None:
    adapter = await scene.started()
    post, view = await scene.stage.shown(await STATES[state](scene.stage))
    reference = await _post(adapter, post, view)
    for _ in range(2):
        message = await scene.message()
        assert message.reference == reference
        _shows(message, view)
        await _edit(adapter, replace(post, reference=reference), view)


def _shows(message: Message, view: JobView) -> None:
    ids = [button.id for button in view.buttons]
    assert sorted(set(message.buttons)) == sorted(ids), "every button of the view, and none besides"
    text = _plain(message.text)
    for words in (view.title, view.state, view.requester.name, *view.notes, *view.prompts):
        assert _plain(words) in text
    for words in (view.prompt, view.error or ""):  # which may be cut short where they are long
        assert _plain(words)[:60] in text


def _plain(text: str) -> str:
    """Leave out what platforms put between words, and what changes the direction of what follows."""
    return "".join(sign for sign in text if sign.isalnum() or sign in "<>@#*_`~|&[]()!%")


def _all_errors(kind: type[errors.ImaginebotError] = errors.ImaginebotError) -> Iterator[type[errors.ImaginebotError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _all_errors(child)


@pytest.mark.parametrize("kind", list(_all_errors()), ids=lambda kind: kind.__name__)
def test_every_error_can_be_presented(place: tuple[EntryPoint, Place], kind: type[errors.ImaginebotError]) -> None:
    sentence = "Say this to people, and 10.0.0.1 to nobody."
    error = errors.UpstreamRejected("x", sentence) if kind is errors.UpstreamRejected else kind(sentence)
    shown = place[1].present(error)
    assert shown.strip()
    assert ("Say this to people" in shown) is not issubclass(kind, errors.OperatorError)
    silent = errors.UpstreamRejected("x", "") if kind is errors.UpstreamRejected else kind("")
    assert len(place[1].present(silent).split()) >= 2, "an error without words still says something"
