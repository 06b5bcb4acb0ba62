"""Reactions under posts."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.scene import TIME_LIMIT_S, Scene, done, job_of, until
from tests.fakes.discord import Message
from tests.fakes.engines import png

AGAIN = "Once it is done, take your reaction off its post and put it on again"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _asked(scene: Scene, prompt: str) -> Message:
    return (await scene.ann.types(scene.channel, "imagine", prompt=prompt)).message


async def _ended(scene: Scene, post: Message, *, shown: bool) -> None:
    """Wait until the job of a post has ended, and until it is known that the post shows that."""
    job_id = (await job_of(scene, post)).id
    async with asyncio.timeout(TIME_LIMIT_S):
        while True:
            async with scene.app.service.reading() as unit:
                job, row = await unit.job(job_id), await unit.post_of(job_id)
            if job.status.ended and row is not None and (row.shown_revision == job.revision or not shown):
                return
            await asyncio.sleep(0.01)


async def test_a_cross_cancels_what_is_under_way(scene: Scene) -> None:
    post = await _asked(scene, "a gated ship")
    await scene.ann.reacts(post, "❌")
    assert "Cancelled by Ann" in (await done(post)).text
    assert not post.deleted


async def test_a_cross_removes_what_has_ended(scene: Scene) -> None:
    post = await done(await _asked(scene, "a ship"))
    await scene.ann.reacts(post, "❌")
    await until(lambda: post.deleted)


async def test_a_cross_removes_what_a_cross_has_cancelled(scene: Scene) -> None:
    post = await _asked(scene, "a gated ship")
    await scene.ann.reacts(post, "❌")
    await _ended(scene, post, shown=True)
    await scene.ann.reacts(post, "❌")
    await until(lambda: post.deleted)


async def test_a_cross_that_comes_twice_cancels_and_removes_nothing(scene: Scene) -> None:
    post = await _asked(scene, "a gated ship")
    await until(lambda: "Painting" in post.text)
    scene.world.faults.delay("PATCH", "/webhooks/*", 0.5, times=3, before=True)
    await scene.ann.reacts(post, "❌")
    await _ended(scene, post, shown=False)
    assert "Painting" in post.text
    await scene.ann.reacts(post, "❌")
    await done(post)
    assert not post.deleted


async def test_a_cross_of_somebody_else_does_nothing(scene: Scene) -> None:
    post = await _asked(scene, "a gated ship")
    await scene.ben.reacts(post, "❌")
    await scene.ben.reacts(post, "👍")
    scene.open_gate()
    assert "Done" in (await done(post)).text
    await scene.ben.reacts(post, "❌")
    await scene.ann.reacts(post, "❌")  # comes after the other, so that one has been dealt with
    await until(lambda: post.deleted)


async def test_a_letter_sends_the_pictures_to_whom_it_is_from(scene: Scene) -> None:
    post = await done(await _asked(scene, "a ship"))
    await scene.ben.reacts(post, "✉️")
    await until(lambda: scene.ben.direct.posts)
    (copy,) = scene.ben.direct.posts
    assert "**a ship**" in copy.text
    assert len(copy.pictures) == 1
    assert list(copy.buttons) == []
    assert scene.ann.direct.posts == []


async def test_a_letter_sends_the_picture_that_was_described(scene: Scene) -> None:
    post = await done((await scene.ann.types(scene.channel, "describe", image=png())).message)
    await scene.ben.reacts(post, "✉️")
    await until(lambda: scene.ben.direct.posts)
    (copy,) = scene.ben.direct.posts
    assert len(copy.pictures) == 1
    assert "way 4" in copy.text


async def test_a_letter_at_the_end_brings_the_picture_that_one_before_could_not(scene: Scene) -> None:
    post = await _asked(scene, "a slowly ship")
    await until(lambda: post.pictures)
    await scene.ben.reacts(post, "✉️")
    await until(lambda: scene.ben.direct.posts)
    scene.open_gate()
    await done(post)
    await scene.ben.reacts(post, "✉️")
    await until(lambda: len(scene.ben.direct.posts) == 2)
    early, late = scene.ben.direct.posts
    assert "Painting" in early.text
    assert AGAIN in early.text
    assert "Done" in late.text
    assert AGAIN not in late.text
    assert late.pictures[0].content == post.pictures[0].content != early.pictures[0].content


async def test_a_letter_that_comes_before_there_is_a_picture_is_answered_all_the_same(scene: Scene) -> None:
    post = await _asked(scene, "a gated ship")
    await scene.ben.reacts(post, "✉️")
    await until(lambda: scene.ben.direct.posts)
    (early,) = scene.ben.direct.posts
    assert "**a gated ship**" in early.text
    assert AGAIN in early.text
    assert early.pictures == []


async def test_a_letter_to_what_ended_without_a_picture_brings_nothing(scene: Scene) -> None:
    post = await done(await _asked(scene, "a broken ship"))
    await scene.ben.reacts(post, "✉️")
    await scene.ann.reacts(post, "❌")  # comes after the other, so that one has been dealt with
    await until(lambda: post.deleted)
    assert scene.ben.direct.posts == []


async def test_a_letter_that_comes_twice_is_answered_once(scene: Scene) -> None:
    post = await done(await _asked(scene, "a ship"))
    before = len(scene.world.asked("POST", "/channels/.*/messages$"))
    await scene.ben.reacts(post, "✉️")
    await scene.ben.reacts(post, "✉️")
    await until(lambda: len(scene.world.asked("POST", "/channels/.*/messages$")) == before + 2)
    (copy,) = scene.ben.direct.posts
    assert len(str(copy.nonce)) <= 25


async def test_who_takes_no_messages_bothers_nobody(scene: Scene) -> None:
    post = await done(await _asked(scene, "a ship"))
    scene.ben.user.closed = True
    await scene.ben.reacts(post, "✉️")
    await scene.ann.reacts(post, "✉️")
    await until(lambda: scene.ann.direct.posts)
    assert scene.ben.direct.posts == []
