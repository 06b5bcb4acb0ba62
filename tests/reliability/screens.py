"""What the auditor sees of jobs on the platforms, and in what programs are answered."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.jobs.model import API_PLATFORM
from tests.reliability.books import Books
from tests.reliability.findings import Audit
from tests.reliability.front import Shown

_GRIDS = {"imagine", "variation", "blend"}


def look_at_shown(books: Books, found: Audit, shown: Mapping[str, Sequence[Shown]]) -> None:
    """Look at what is shown, by platform."""
    _Screens(books, found).look(shown)


class _Screens:
    def __init__(self, books: Books, found: Audit) -> None:
        self._jobs, self._posts, self._buttons = books.jobs, books.posts, books.buttons
        self.found = found

    def look(self, shown: Mapping[str, Sequence[Shown]]) -> None:
        found: defaultdict[tuple[str, str], list[Shown]] = defaultdict(list)
        for platform, messages in shown.items():
            for message in messages:
                job_id = self._job_of(platform, message)
                if job_id is None:
                    self.found.add("doubled", f"message {message.reference} on {platform} shows no job of ours")
                elif job_id not in self._jobs:
                    self.found.add("lost", f"a message on {platform} shows job {job_id}, which is gone")
                else:
                    found[platform, job_id].append(message)
        for job in self._jobs.values():
            if job["ended_at"] is not None:
                self._look_at_post(job, shown.keys())
                places = [place for place in self._places_of(job) if place in shown]
                fine = [self._is_shown_well(job, place, found[place, job["id"]]) for place in places]
                self.found.shown_once += all(fine)

    def _job_of(self, platform: str, message: Shown) -> str | None:
        if message.job_id is not None:
            return message.job_id
        for job_id, post in self._posts.items():
            if (post["platform"], post["reference"]) == (platform, message.reference):
                return str(job_id)
        of_buttons = {self._buttons[each]["job_id"] for each in message.buttons or () if each in self._buttons}
        return of_buttons.pop() if len(of_buttons) == 1 else None

    def _places_of(self, job: sqlite3.Row) -> list[str]:
        """Give where a job is to be seen: in its post, and by programs where one has asked for it."""
        post = self._posts.get(job["id"])
        places = [] if post is None else [post["platform"]]
        return [*places, API_PLATFORM] if job["platform"] == API_PLATFORM else places

    def _look_at_post(self, job: sqlite3.Row, watched: Iterable[str]) -> None:
        post = self._posts.get(job["id"])
        if post is None:
            if job["platform"] != API_PLATFORM:
                self.found.add("lost", f"job {job['id']} has no post")
            return
        if post["state"] != "open":
            self.found.add("lost", f"the post of job {job['id']} was given up")
        elif post["reference"] is None or post["shown_revision"] != job["revision"]:
            # Where the platform is looked at too, the message itself tells more.
            fault = "untrue" if post["platform"] in watched else "lost"
            self.found.add(fault, f"the post of job {job['id']} on {post['platform']} is not known to be up to date")

    def _is_shown_well(self, job: sqlite3.Row, place: str, messages: Sequence[Shown]) -> bool:
        before = len(self.found.sentences)
        if len(messages) > 1:
            self.found.add("doubled", f"job {job['id']} has {len(messages)} messages on {place}")
        if not messages:
            self.found.add("lost", f"job {job['id']} has no message on {place}")
            return False
        message = messages[0]
        if message.status != job["status"]:
            self.found.add("lost", f"job {job['id']} is {job['status']} and shown as {message.status}")
        elif not self._is_up_to_date(job, place, message):
            self.found.add("untrue", f"job {job['id']} is not shown as it ended: {message.state}")
        self._look_at_buttons(job, message)
        self._look_at_shown_pictures(job, message)
        return len(self.found.sentences) == before

    def _is_up_to_date(self, job: sqlite3.Row, place: str, message: Shown) -> bool:
        post = self._posts.get(job["id"])
        known = place == API_PLATFORM or (post is not None and post["reference"] == message.reference)
        return known and message.revision in {None, job["revision"]} and message.state != "Fetching the pictures"

    def _look_at_buttons(self, job: sqlite3.Row, message: Shown) -> None:
        if message.buttons is None:
            return
        rows = [row for row in self._buttons.values() if row["job_id"] == job["id"]]
        expected = _buttons_under(job)
        wanted = {row["id"] for row in rows if (row["action"], row["position"]) in expected}
        if len(wanted) < len(expected) or len(message.buttons) != len(expected):
            self.found.add(
                "dead buttons", f"job {job['id']} has {len(wanted)} buttons and shows {len(message.buttons)}"
            )
        for shown in set(message.buttons) - wanted:
            self.found.add("dead buttons", f"a button under job {job['id']} leads nowhere: {shown}")

    def _look_at_shown_pictures(self, job: sqlite3.Row, message: Shown) -> None:
        wanted = {"upscale": 1, "describe": 0}.get(job["type"], 5) if job["status"] == "completed" else 0
        if message.pictures is not None and message.pictures < wanted:
            self.found.add("missing pictures", f"job {job['id']} shows {message.pictures} of {wanted} pictures")


def _buttons_under(job: sqlite3.Row) -> set[tuple[str, int]]:
    """Give the buttons that belong under a job that has ended: retry, U1 to U4 with V1 to V4 and reroll, and so on."""
    if job["status"] != "completed":
        return {("retry", 0)}
    if job["type"] in _GRIDS:
        return {("reroll", 0), *((action, index) for action in ("upscale", "vary") for index in (1, 2, 3, 4))}
    if job["type"] == "upscale":
        return {("vary", 0), ("describe", 0)}
    return {("imagine_this", index) for index in range(1, len(json.loads(job["prompts"])) + 1)}
