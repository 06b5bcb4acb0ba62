"""Look for what was lost, doubled, orphaned or dead, in everything that a run has left behind.

Read are the program's database (jobs, posts, buttons, keys, webhooks, audit lines), what every platform shows, what
programs are answered and have heard by webhook, the kept pictures, the image service's own jobs, and what people were
told.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from bot.jobs.upstream import WEBHOOK_PATH
from tests.reliability.books import Books, books_of
from tests.reliability.findings import Audit
from tests.reliability.front import Told, Watched
from tests.reliability.mailbox import look_at_webhooks
from tests.reliability.processes import reading
from tests.reliability.screens import look_at_shown


def audit(database: Path, engine: Path, pictures: Path, told: Told, watched: Watched) -> Audit:
    """Look at the databases of a program and an engine that have come to rest, and at everything around them.

    ``pictures`` is the folder of kept pictures, ``watched`` gives what platforms show and programs have heard.
    """
    with closing(reading(database)) as ours, closing(reading(engine)) as theirs:
        books = books_of(ours)
        auditor = _Auditor(books, theirs, pictures, told)
        auditor.look_at_jobs()
        auditor.look_at_words(watched.said(database))
        look_at_shown(books, auditor.found, watched.shown(database))
        look_at_webhooks(books, auditor.found, watched.heard())
        auditor.look_upstream()
        return auditor.found


def at_rest(database: Path, unfinished: Sequence[str] = ()) -> bool:
    """Say whether nothing is left to do: every job ended and shown, every picture there, everybody told."""
    with closing(reading(database)) as ours:
        (left,) = ours.execute(left_to_do(unfinished)).fetchone()
    return bool(left == 0)


def left_to_do(unfinished: Sequence[str] = ()) -> str:
    """Give the statement that counts what is left to do, with the ``unfinished`` of a way in."""
    return f"SELECT {' + '.join(f'(SELECT COUNT(*) FROM {rows})' for rows in (*_UNFINISHED, *unfinished))}"


_UNFINISHED = (
    "jobs WHERE ended_at IS NULL",
    "posts WHERE state = 'open' AND shown_revision < wanted_revision",
    "pictures WHERE due_at IS NOT NULL",
    "webhook_subscriptions WHERE stale = 1",
    "webhook_further_subscriptions",
    "webhook_deliveries WHERE state = 'waiting'",
)


class _Auditor:
    def __init__(self, books: Books, theirs: sqlite3.Connection, pictures: Path, told: Told) -> None:
        self._ours = books.ours
        self._jobs, self._buttons, self._keys = books.jobs, books.buttons, books.keys
        self._pictures = pictures
        self._told = told
        self._theirs = {row["id"]: row for row in theirs.execute("SELECT * FROM jobs")}
        self.found = Audit()

    # Jobs, and what people were told of them

    def look_at_jobs(self) -> None:
        self.found.accepted = len(self._jobs)
        self.found.acknowledged = len(self._told.jobs) + len(self._told.words)
        self.found.ended = sum(job["ended_at"] is not None for job in self._jobs.values())
        self._look_at_keys()
        self._look_at_origins()
        for job in self._jobs.values():
            if job["ended_at"] is None:
                self.found.add("lost", f"job {job['id']} has not ended ({job['submission']}, {job['status']})")
            self._look_at_kept_pictures(job)
        for pressed in self._told.dead:
            self.found.add("dead buttons", f"button {pressed} led nowhere when it was pressed")
        for button in self._buttons.values():
            if button["outcome_job_id"] is not None and button["outcome_job_id"] not in self._jobs:
                self.found.add("dead buttons", f"button {button['id']} led to a job that is gone")

    def _look_at_keys(self) -> None:
        for key, expected in self._told.jobs.items():
            found = self._keys.get(key, [])
            if len(found) < expected:
                self.found.add("lost", f"the command {key} was acknowledged and has {len(found)} of {expected} jobs")
            if len(found) > expected:
                self.found.add("doubled", f"the command {key} has {len(found)} jobs in place of {expected}")
        for key in self._told.denied:
            if made := self._keys.get(key):
                self.found.add("doubled", f"somebody was told to try {key} again, which has {len(made)} jobs")
        for key, job_id in self._told.answers.items():
            if job_id not in self._keys.get(key, []):
                self.found.add("lost", f"the command {key} was answered with {job_id}, which is not its job")
        led_to = {job_id for ids in self._keys.values() for job_id in ids}
        for job_id in led_to - self._jobs.keys():
            self.found.add("lost", f"job {job_id} is gone, which a command led to")
        for job_id in self._jobs.keys() - led_to:
            self.found.add("doubled", f"no command led to job {job_id}")

    def look_at_words(self, said: Iterable[str]) -> None:
        times = Counter(said)
        for key in self._told.words:
            if times[key] == 0:
                self.found.add("lost", f"the message {key} was acknowledged and is gone")
            if times[key] > 1:
                self.found.add("doubled", f"the message {key} was said {times[key]} times")

    def _look_at_origins(self) -> None:
        made: Counter[str] = Counter()
        for row in self._ours.execute("SELECT job_id, act FROM audit WHERE job_id IS NOT NULL AND act <> 'cancel'"):
            made[row["job_id"]] += 1
        for job_id in self._jobs:
            if not made[job_id]:
                self.found.add("lost", f"nothing says who asked for job {job_id}")
        live: Counter[tuple[str, int]] = Counter(
            (job["parent_id"], job["image_index"])
            for job in self._jobs.values()
            if job["type"] == "upscale" and job["status"] not in {"failed", "cancelled"}
        )
        for (parent, index), count in live.items():
            if count > 1:
                self.found.add("doubled", f"picture {index} of job {parent} was upscaled {count} times")

    def _look_at_kept_pictures(self, job: sqlite3.Row) -> None:
        wanted = "role <> 'input' OR digest IS NOT NULL" if job["status"] == "failed" else "TRUE"
        for row in self._ours.execute(f"SELECT * FROM pictures WHERE job_id = ? AND ({wanted})", (job["id"],)):
            digest = row["digest"]
            if digest is None:
                self.found.add("missing pictures", f"{row['role']} {row['position']} of job {job['id']} is not kept")
            elif not self._is_kept(digest):
                self.found.add("missing pictures", f"{row['role']} {row['position']} of job {job['id']} is no file")

    def _is_kept(self, digest: str) -> bool:
        path = self._pictures / digest[:2] / digest[2:4] / digest
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest

    # What the image service has

    def look_upstream(self) -> None:
        tied = {job["upstream_id"]: job for job in self._jobs.values() if job["upstream_id"]}
        sent = Counter(filter(None, (_our_id(row["webhook_url"]) for row in self._theirs.values())))
        for job_id, count in sent.items():
            if count > 1:
                self.found.add("doubled", f"job {job_id} was sent {count} times")
        for row in self._theirs.values():
            if row["id"] not in tied:
                self.found.add("orphaned upstream", f"their job {row['id']} ({row['status']}) belongs to none of ours")
        for upstream_id, job in tied.items():
            theirs = self._theirs.get(upstream_id)
            if theirs is None:
                self.found.add("untrue", f"job {job['id']} is tied to a job that the image service has not")
            elif theirs["status"] != job["status"]:
                self.found.add("untrue", f"job {job['id']} is {job['status']} here and {theirs['status']} there")
        for job in self._jobs.values():
            if job["status"] == "completed" and job["upstream_id"] is None:
                self.found.add("untrue", f"job {job['id']} is completed and was never sent")


def _our_id(webhook_url: str | None) -> str | None:
    return urlsplit(webhook_url).path.removeprefix(WEBHOOK_PATH) if webhook_url else None


def kept_files(pictures: Path) -> Iterator[Path]:
    """Give the files of kept pictures."""
    return (path for path in pictures.glob("??/??/*") if path.is_file())
