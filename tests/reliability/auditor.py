"""Look for what was lost, doubled, orphaned or dead, in everything that a run has left behind.

Read are the program's database (jobs, posts, buttons, keys, webhooks, audit lines), what every platform shows, what
programs are answered and have heard by webhook, the kept pictures, the image service's own jobs, and what people were
told.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rich.table import Table

from bot.jobs.model import API_PLATFORM
from bot.jobs.upstream import WEBHOOK_PATH
from tests.reliability.front import Heard, Shown, Told, Watched
from tests.reliability.processes import reading

FAULTS = ("lost", "doubled", "orphaned upstream", "dead buttons", "untrue", "missing pictures")

_GRIDS = {"imagine", "variation", "blend"}


@dataclass(kw_only=True)
class Audit:
    """The counts, and every finding as a sentence under the name of its fault."""

    accepted: int = 0
    acknowledged: int = 0
    ended: int = 0
    shown_once: int = 0
    told_by_webhook: int = 0
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
            "told by webhook": self.told_by_webhook,
            **{fault: len(found) for fault, found in self.findings.items()},
        }
        table = Table("what", "count", box=None, header_style="dim")
        for name, value in rows.items():
            table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
        return table

    def add(self, fault: str, sentence: str) -> None:
        """Write a finding down."""
        self.findings[fault].append(sentence)


def audit(database: Path, engine: Path, pictures: Path, told: Told, watched: Watched) -> Audit:
    """Look at the databases of a program and an engine that have come to rest, and at everything around them.

    ``pictures`` is the folder of kept pictures, ``watched`` gives what platforms show and programs have heard.
    """
    with closing(reading(database)) as ours, closing(reading(engine)) as theirs:
        auditor = _Auditor(ours, theirs, pictures, told)
        auditor.look_at_jobs()
        auditor.look_at_words(watched.said(database))
        auditor.look_at_shown(watched.shown(database))
        auditor.look_at_webhooks(watched.heard())
        auditor.look_upstream()
        return auditor.found


def at_rest(database: Path) -> bool:
    """Say whether nothing is left to do: every job ended and shown, every picture there, everybody told."""
    with closing(reading(database)) as ours:
        (left,) = ours.execute(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL)"
            " + (SELECT COUNT(*) FROM posts WHERE state = 'open' AND shown_revision < wanted_revision)"
            " + (SELECT COUNT(*) FROM pictures WHERE due_at IS NOT NULL)"
            " + (SELECT COUNT(*) FROM webhook_subscriptions WHERE stale = 1)"
            " + (SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'waiting')"
        ).fetchone()
    return bool(left == 0)


class _Auditor:
    def __init__(self, ours: sqlite3.Connection, theirs: sqlite3.Connection, pictures: Path, told: Told) -> None:
        self._ours = ours
        self._pictures = pictures
        self._told = told
        self.found = Audit()
        self._jobs = {row["id"]: row for row in ours.execute("SELECT * FROM jobs")}
        self._posts = {row["job_id"]: row for row in ours.execute("SELECT * FROM posts")}
        self._buttons = {row["id"]: row for row in ours.execute("SELECT * FROM buttons")}
        self._keys = {
            row["key"].rpartition(":")[2]: json.loads(row["job_ids"])
            for row in ours.execute("SELECT * FROM idempotency_keys")
        }
        self._theirs = {row["id"]: row for row in theirs.execute("SELECT * FROM jobs")}

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
        for button in self._told.dead:
            self.found.add("dead buttons", f"button {button} led nowhere when it was pressed")
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

    # What is shown

    def look_at_shown(self, shown: Mapping[str, Sequence[Shown]]) -> None:
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

    # What programs were told

    def look_at_webhooks(self, heard: Sequence[Heard] | None) -> None:
        ends: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        written = {row["id"]: row for row in self._ours.execute("SELECT * FROM webhook_deliveries ORDER BY id")}
        for row in written.values():
            if row["state"] != "delivered":
                self.found.add("lost", f"webhook {row['id']} about job {row['job_id']} is {row['state']}")
            if row["event"] != "job.progress":
                ends[row["job_id"], row["key_id"]].append(row["event"])
        asked = Counter(job_id for ids in self._keys.values() for job_id in ids)
        for row in self._ours.execute("SELECT * FROM webhook_subscriptions"):
            self._look_at_ends(row["job_id"], ends[row["job_id"], row["key_id"]], most=asked[row["job_id"]])
        self.found.told_by_webhook = sum(map(len, ends.values()))
        if heard is not None:
            self._look_at_heard(written, heard)

    def _look_at_ends(self, job_id: str, told: Sequence[str], *, most: int) -> None:
        if not told:
            self.found.add("lost", f"a program was not told of the end of job {job_id}")
        if len(told) > most:  # a program that asks again for what is there is told again
            self.found.add("doubled", f"a program was told {len(told)} times of the end of job {job_id}")
        if set(told) - {f"job.{self._jobs[job_id]['status']}"}:
            self.found.add("untrue", f"a program was told another end of job {job_id}: {', '.join(told)}")

    def _look_at_heard(self, written: Mapping[str, sqlite3.Row], heard: Sequence[Heard]) -> None:
        first = {event.event_id: event for event in reversed(heard)}
        for event_id, row in written.items():
            if row["state"] == "delivered" and event_id not in first:
                self.found.add("lost", f"webhook {event_id} counts as delivered and was heard by nobody")
        newest: dict[tuple[str, str], str] = {}
        for event in heard:
            if not event.signed:
                self.found.add("untrue", f"webhook {event.event_id} is not signed with the key's secret")
            delivery = written.get(event.event_id)
            if (
                delivery is None
                or delivery["job_id"] != event.job_id
                or delivery["event"].removeprefix("job.") != _told(event)
            ):
                self.found.add("untrue", f"webhook {event.event_id} about job {event.job_id} was never written down")
            elif newest.setdefault((delivery["job_id"], delivery["key_id"]), event.event_id) > event.event_id:
                self.found.add("untrue", f"webhook {event.event_id} came after a newer one about job {event.job_id}")
            else:
                newest[delivery["job_id"], delivery["key_id"]] = event.event_id

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


def _buttons_under(job: sqlite3.Row) -> set[tuple[str, int]]:
    """Give the buttons that belong under a job that has ended: retry, U1 to U4 with V1 to V4 and reroll, and so on."""
    if job["status"] != "completed":
        return {("retry", 0)}
    if job["type"] in _GRIDS:
        return {("reroll", 0), *((action, index) for action in ("upscale", "vary") for index in (1, 2, 3, 4))}
    if job["type"] == "upscale":
        return {("vary", 0), ("describe", 0)}
    return {("imagine_this", index) for index in range(1, len(json.loads(job["prompts"])) + 1)}


def _told(event: Heard) -> str:
    """Give the last part of the name of an event that says this."""
    return event.status if event.status in {"completed", "failed", "cancelled"} else "progress"


def _our_id(webhook_url: str | None) -> str | None:
    return urlsplit(webhook_url).path.removeprefix(WEBHOOK_PATH) if webhook_url else None


def kept_files(pictures: Path) -> Iterator[Path]:
    """Give the files of kept pictures."""
    return (path for path in pictures.glob("??/??/*") if path.is_file())
