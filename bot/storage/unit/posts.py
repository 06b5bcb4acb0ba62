"""Posts, and the buttons under them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.clock import to_millis
from bot.errors import ButtonNotFound
from bot.jobs.model import Action, Button, Conversation, Job, Post, Requester
from bot.storage.identifiers import new_button_id, new_id
from bot.storage.rows import button_of, post_of
from bot.storage.unit.base import UnitBase, moment

TRIES_IN_ORDER = 4
"""So many failed tries of a new message are waited for by those after it in the conversation."""

SOON = timedelta(seconds=30)
"""A new message is waited for where it is due again in so long."""


class PostRows(UnitBase):
    """What is shown of jobs."""

    async def add_post(self, job: Job, *, due_at: datetime | None = None) -> str:
        """Write the post of a new job, due at once or at ``due_at``, and give its id."""
        post_id = new_id()
        self._write(
            "insert_post",
            id=post_id,
            job_id=job.id,
            platform=job.conversation.platform,
            workspace=job.conversation.workspace,
            channel=job.conversation.channel,
            thread=job.conversation.thread,
            wanted_revision=job.revision,
            due_at=self._now if due_at is None else to_millis(due_at),
            created_at=self._now,
        )
        return post_id

    async def post_of(self, job_id: str) -> Post | None:
        """Give the post of a job, or nothing."""
        row = await self._one("post_of_job", job_id=job_id)
        return None if row is None else post_of(row)

    async def due_posts(
        self,
        platform: str,
        limit: int,
        *,
        due_by: datetime | None = None,
        posts: Collection[str] = (),
        conversations: Collection[Conversation] = (),
        channels: Collection[tuple[str, str]] = (),
    ) -> list[Post]:
        """Give posts that are behind their job and due, or were so ``due_by`` then, those of ended jobs first.

        Left out are these ``posts``, new messages of these ``conversations``, and everything in these ``channels``,
        each named with its workspace; and new messages that come after one which was put off for a moment. Where several
        processes share the work, a channel is one's at a time, so that its pace and order are kept.
        """
        await self.hold(f"posts of {platform}")
        rows = await self._all(
            "due_posts",
            platform=platform,
            now=self._now if due_by is None else to_millis(due_by),
            soon=to_millis(self.now + SOON),
            tries=TRIES_IN_ORDER,
            limit=limit,
            holder=self._connection.holder,
            posts=" ".join(posts),
            conversations="".join(f"|{each.workspace}|{each.channel}|{each.thread or ''}|" for each in conversations),
            channels="".join(f"|{workspace}|{channel}|" for workspace, channel in channels),
        )
        return [post_of(row) for row in rows]

    async def take_posts(self, posts: Iterable[Post]) -> None:
        """Mark posts as being sent by this process."""
        self._take("take_posts", [{"id": post.id} for post in posts])

    async def leave_posts(self, posts: Iterable[Post]) -> None:
        """Take the mark off posts that were not sent after all."""
        for post in posts:
            self._free("take_posts", post.id)

    async def next_post_due_at(self, platform: str) -> datetime | None:
        """Say when the next post becomes due, beside those that are."""
        holder = self._connection.holder
        return moment(await self._one("next_post_due_at", platform=platform, now=self._now, holder=holder))

    async def set_post_reference(self, post_id: str, reference: str) -> None:
        """Record the platform's name of the message."""
        self._write("set_post_reference", id=post_id, reference=reference)

    async def set_post_shown(self, post_id: str, revision: int, *, next_at: datetime, its_end: bool = False) -> None:
        """Record what the message shows, its job's end with everything or less, and when it may change next."""
        self._write("set_post_shown", id=post_id, revision=revision, due_at=to_millis(next_at), its_end=int(its_end))
        self._free("take_posts", post_id)

    async def put_post_off(self, post_id: str, due_at: datetime, *, in_order: bool) -> None:
        """Try again at ``due_at``; new messages after it wait where it is ``in_order``, but not for ever."""
        self._write("put_post_off", id=post_id, due_at=to_millis(due_at), least=0 if in_order else TRIES_IN_ORDER + 1)
        self._free("take_posts", post_id)

    async def hold_post(self, post_id: str, due_at: datetime, *, ended: bool) -> None:
        """Leave a post alone until ``due_at``, unless its job has ended since: ``ended`` is whether that was seen."""
        self._write("hold_post", id=post_id, due_at=to_millis(due_at), ended=int(ended))
        self._free("take_posts", post_id)

    async def make_post_due(self, post_id: str) -> None:
        """Let a post be made now that was held for an answer."""
        self._write("make_post_due", id=post_id, now=self._now)

    async def close_post(self, post_id: str) -> None:
        """Give the post up: its message or channel is gone."""
        self._write("close_post", id=post_id)
        self._free("take_posts", post_id)

    # Buttons

    async def add_buttons(self, job_id: str, actions: Iterable[tuple[Action, int | None]]) -> None:
        """Write the buttons that are not there yet."""
        for action, index in actions:
            self._write(
                "insert_button", id=new_button_id(self._now), job_id=job_id, action=str(action), position=index or 0
            )

    async def button(self, button_id: str) -> Button:
        """Give a button.

        Raises:
            ButtonNotFound: there is none with this id.
        """
        row = await self._one("get_button", id=button_id)
        if row is None:
            raise ButtonNotFound("This button belongs to a job that is no longer kept. Please /imagine it again.")
        return button_of(row)

    async def find_button(self, job_id: str, action: Action, index: int | None) -> Button | None:
        """Give the button of a job for an action, or nothing."""
        row = await self._one("find_button", job_id=job_id, action=action.value, position=index or 0)
        return None if row is None else button_of(row)

    async def buttons_of(self, job_id: str) -> list[Button]:
        """Give every button of a job."""
        return [button_of(row) for row in await self._all("buttons_of_job", job_id=job_id)]

    async def came_of_buttons(self, job_id: str) -> set[str]:
        """Give the jobs that came of a job by the latest presses under its post, and under those of its upscales."""
        return {row["id"] for row in await self._all("came_of_buttons", job_id=job_id)}

    async def mark_pressed(self, button_id: str, requester: Requester, outcome_job_id: str) -> None:
        """Record who pressed a button and what came of it."""
        self._write(
            "mark_pressed",
            id=button_id,
            pressed_by=requester.name,
            pressed_by_id=requester.user_id,
            pressed_at=self._now,
            outcome_job_id=outcome_job_id,
        )
