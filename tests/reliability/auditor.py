"""Look for what was lost, doubled, orphaned or dead, in everything that a run has left behind.

Read are the program's database (jobs, posts, buttons, keys, audit lines), the web adapter's messages, which are
everything that it was asked to show, the kept pictures, the image service's own jobs, and what people were told.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rich.table import Table

from bot.jobs.upstream import WEBHOOK_PATH
from bot.jobs.view import JobView

FAULTS = ("lost", "doubled", "orphaned upstream", "dead buttons", "untrue", "missing pictures")

_GRIDS = {"imagine", "variation", "blend"}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people were told: ``jobs`` says for each key of an acknowledged command or press to how many jobs it leads,
    ``words`` are the keys of acknowledged messages, ``dead`` the buttons that led nowhere when they were pressed.
    """

    jobs: Mapping[str, int] = field(default_factory=dict)
    words: Sequence[str] = ()
    dead: Sequence[str] = ()


@dataclass(kw_only=True)
class Audit:
    """The counts, and every finding as a sentence under the name of its fault."""

    accepted: int = 0
    acknowledged: int = 0
    ended: int = 0
    shown_once: int = 0
    findings: dict[str, list[str]] = field(default_factory=lambda: {fault: [] for fault in FAULTS})

    @property
    def clean(self) -> bool:
        """Whether nothing is amiss."""
        return not any(self.findings.values())

    @property
    def sentences(self) -> list[str]:
        """Every finding."""
        return [f"{fault}: {sentence}" for fault, found in self.findings.items() for sentence in found]

    def table(self, **more: object) -> Table:
        """Give everything as a table; ``more`` are rows to put first."""
        rows: dict[str, object] = {
            **{name.replace("_", " "): value for name, value in more.items()},
            "acknowledged": self.acknowledged,
            "accepted": self.accepted,
            "ended": self.ended,
            "shown once": self.shown_once,
            **{fault: len(found) for fault, found in self.findings.items()},
        }
        table = Table("what", "count", box=None, header_style="dim")
        for name, value in rows.items():
            table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
        return table

    def add(self, fault: str, sentence: str) -> None:
        """Write a finding down."""
        self.findings[fault].append(sentence)


def audit(database: Path, engine: Path, pictures: Path, told: Told | None = None) -> Audit:
    """Look at the databases of a program and an engine that have come to rest, and at a folder of kept pictures."""
    with closing(_open(database)) as ours, closing(_open(engine)) as theirs:
        return _Auditor(ours, theirs, pictures, told or Told()).run()


def at_rest(database: Path) -> bool:
    """Say whether nothing is left to do: every job ended, every post up to date, every picture fetched."""
    with closing(_open(database)) as ours:
        (left,) = ours.execute(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL)"
            " + (SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision)"
            " + (SELECT COUNT(*) FROM pictures WHERE due_at IS NOT NULL)"
        ).fetchone()
    return bool(left == 0)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    connection.row_factory = sqlite3.Row
    return connection


class _Auditor:
    def __init__(self, ours: sqlite3.Connection, theirs: sqlite3.Connection, pictures: Path, told: Told) -> None:
        self._ours = ours
        self._pictures = pictures
        self._told = told
        self._audit = Audit()
        self._jobs = {row["id"]: row for row in ours.execute("SELECT * FROM jobs")}
        self._posts = {row["job_id"]: row for row in ours.execute("SELECT * FROM posts")}
        self._buttons = {row["id"]: row for row in ours.execute("SELECT * FROM buttons")}
        self._theirs = {row["id"]: row for row in theirs.execute("SELECT * FROM jobs")}
        self._messages: defaultdict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in ours.execute("SELECT * FROM web_messages WHERE kind = 'post'"):
            self._messages[row["job_id"]].append(row)

    def run(self) -> Audit:
        self._audit.accepted = len(self._jobs)
        self._audit.acknowledged = len(self._told.jobs) + len(self._told.words)
        self._audit.ended = sum(job["ended_at"] is not None for job in self._jobs.values())
        self._look_at_keys()
        self._look_at_words()
        self._look_at_origins()
        for job in self._jobs.values():
            self._look_at_end(job)
            self._look_at_kept_pictures(job)
        self._look_at_strays()
        self._look_upstream()
        for button in self._told.dead:
            self._audit.add("dead buttons", f"button {button} led nowhere when it was pressed")
        return self._audit

    def _look_at_keys(self) -> None:
        keys = {
            row["key"].rpartition(":")[2]: json.loads(row["job_ids"])
            for row in self._ours.execute("SELECT * FROM idempotency_keys")
        }
        for key, expected in self._told.jobs.items():
            found = keys.get(key, [])
            if len(found) < expected:
                self._audit.add("lost", f"the command {key} was acknowledged and has {len(found)} of {expected} jobs")
            if len(found) > expected:
                self._audit.add("doubled", f"the command {key} has {len(found)} jobs in place of {expected}")
        led_to = {job_id for ids in keys.values() for job_id in ids}
        for job_id in led_to - self._jobs.keys():
            self._audit.add("lost", f"job {job_id} is gone, which a command led to")
        for job_id in self._jobs.keys() - led_to:
            self._audit.add("doubled", f"no command led to job {job_id}")

    def _look_at_words(self) -> None:
        said = Counter(
            row["idempotency_key"].rpartition(":")[2]
            for row in self._ours.execute("SELECT * FROM web_messages WHERE kind = 'text'")
        )
        for key in self._told.words:
            if said[key] == 0:
                self._audit.add("lost", f"the message {key} was acknowledged and is gone")
            if said[key] > 1:
                self._audit.add("doubled", f"the message {key} was said {said[key]} times")

    def _look_at_origins(self) -> None:
        made: Counter[str] = Counter()
        for row in self._ours.execute("SELECT job_id, act FROM audit WHERE job_id IS NOT NULL AND act <> 'cancel'"):
            made[row["job_id"]] += 1
        for job_id in self._jobs:
            if not made[job_id]:
                self._audit.add("lost", f"nothing says who asked for job {job_id}")
        live: Counter[tuple[str, int]] = Counter(
            (job["parent_id"], job["image_index"])
            for job in self._jobs.values()
            if job["type"] == "upscale" and job["status"] not in {"failed", "cancelled"}
        )
        for (parent, index), count in live.items():
            if count > 1:
                self._audit.add("doubled", f"picture {index} of job {parent} was upscaled {count} times")

    def _look_at_end(self, job: sqlite3.Row) -> None:
        if job["ended_at"] is None:
            self._audit.add("lost", f"job {job['id']} has not ended ({job['submission']}, {job['status']})")
            return
        messages = self._messages[job["id"]]
        if len(messages) > 1:
            self._audit.add("doubled", f"job {job['id']} has {len(messages)} messages")
        if not messages:
            self._audit.add("lost", f"job {job['id']} has no message")
            return
        view = JobView.from_json(messages[0]["body"])
        if view.status != job["status"]:
            self._audit.add("lost", f"job {job['id']} is {job['status']} and shown as {view.status}")
        elif not self._up_to_date(job, messages[0], view):
            self._audit.add("untrue", f"job {job['id']} is not shown as it ended: {view.state}")
        elif len(messages) == 1:
            self._audit.shown_once += 1
        self._look_at_buttons(job, view)
        self._look_at_shown_pictures(job, view)

    def _up_to_date(self, job: sqlite3.Row, message: sqlite3.Row, view: JobView) -> bool:
        post = self._posts.get(job["id"])
        return (
            post is not None
            and post["reference"] == str(message["id"])
            and post["shown_revision"] == job["revision"] == message["revision"]
            and view.state != "Fetching the pictures"
        )

    def _look_at_buttons(self, job: sqlite3.Row, view: JobView) -> None:
        expected = _buttons_under(job)
        if len(view.buttons) != expected:
            self._audit.add("dead buttons", f"job {job['id']} shows {len(view.buttons)} buttons, not {expected}")
        for shown in view.buttons:
            row = self._buttons.get(shown.id)
            if row is None or (row["job_id"], row["action"]) != (job["id"], shown.action):
                self._audit.add("dead buttons", f"{shown.label} of job {job['id']} leads nowhere")
            elif row["outcome_job_id"] is not None and row["outcome_job_id"] not in self._jobs:
                self._audit.add("dead buttons", f"{shown.label} of job {job['id']} led to a job that is gone")

    def _look_at_shown_pictures(self, job: sqlite3.Row, view: JobView) -> None:
        wanted = {"upscale": 1, "describe": 0}.get(job["type"], 5) if job["status"] == "completed" else 0
        shown = [each for each in (view.main, *view.images) if each is not None]
        if len(shown) < wanted:
            self._audit.add("missing pictures", f"job {job['id']} shows {len(shown)} of {wanted} pictures")

    def _look_at_kept_pictures(self, job: sqlite3.Row) -> None:
        for row in self._ours.execute("SELECT * FROM pictures WHERE job_id = ?", (job["id"],)):
            digest = row["digest"]
            if digest is None:
                self._audit.add("missing pictures", f"{row['role']} {row['position']} of job {job['id']} is not kept")
            elif not self._is_kept(digest):
                self._audit.add("missing pictures", f"{row['role']} {row['position']} of job {job['id']} is no file")

    def _is_kept(self, digest: str) -> bool:
        path = self._pictures / digest[:2] / digest[2:4] / digest
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest

    def _look_at_strays(self) -> None:
        for job_id in self._messages.keys() - self._jobs.keys():
            self._audit.add("lost", f"a message shows job {job_id}, which is gone")

    def _look_upstream(self) -> None:
        tied = {job["upstream_id"]: job for job in self._jobs.values() if job["upstream_id"]}
        sent = Counter(filter(None, (_our_id(row["webhook_url"]) for row in self._theirs.values())))
        for job_id, count in sent.items():
            if count > 1:
                self._audit.add("doubled", f"job {job_id} was sent {count} times")
        for row in self._theirs.values():
            if row["id"] not in tied:
                self._audit.add("orphaned upstream", f"their job {row['id']} ({row['status']}) belongs to none of ours")
        for upstream_id, job in tied.items():
            row = self._theirs.get(upstream_id)
            if row is None:
                self._audit.add("untrue", f"job {job['id']} is tied to a job that the image service has not")
            elif row["status"] != job["status"]:
                self._audit.add("untrue", f"job {job['id']} is {job['status']} here and {row['status']} there")
        for job in self._jobs.values():
            if job["status"] == "completed" and job["upstream_id"] is None:
                self._audit.add("untrue", f"job {job['id']} is completed and was never sent")


def _buttons_under(job: sqlite3.Row) -> int:
    """Give how many buttons belong under a job that has ended: retry, U1 to U4 with V1 to V4 and reroll, and so on."""
    if job["status"] != "completed":
        return 1
    if job["type"] in _GRIDS:
        return 9
    return 2 if job["type"] == "upscale" else 4


def _our_id(webhook_url: str | None) -> str | None:
    return urlsplit(webhook_url).path.removeprefix(WEBHOOK_PATH) if webhook_url else None


def kept_files(pictures: Path) -> Iterator[Path]:
    """Give the files of kept pictures."""
    return (path for path in pictures.glob("??/??/*") if path.is_file())
