"""What the auditor finds of webhooks to programs: written down, delivered, and heard."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tests.reliability.books import Books
from tests.reliability.findings import Audit
from tests.reliability.front import Heard


def look_at_webhooks(books: Books, found: Audit, heard: Sequence[Heard] | None) -> None:
    """Look at the program's outbox, and at what programs have ``heard`` where they were listened to."""
    _Mailbox(books, found).look(heard)


class _Mailbox:
    def __init__(self, books: Books, found: Audit) -> None:
        self._jobs, self._keys, self._ours = books.jobs, books.keys, books.ours
        self.found = found

    def look(self, heard: Sequence[Heard] | None) -> None:
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
        newest: dict[tuple[str, ...], str] = {}
        for event in heard:
            if not event.signed:
                self.found.add("untrue", f"webhook {event.event_id} is not signed with the key's secret")
            delivery = written.get(event.event_id)
            if delivery is None:
                # Progress that is not known to have arrived is dropped once there is newer.
                if _told(event) != "progress" or (event.job_id not in self._jobs):
                    self.found.add("untrue", f"webhook {event.event_id} about {event.job_id} was never written down")
                continue
            if (delivery["job_id"], delivery["event"]) != (event.job_id, f"job.{_told(event)}"):
                self.found.add("untrue", f"webhook {event.event_id} about job {event.job_id} says something else")
            whose = (delivery["job_id"], delivery["key_id"], delivery["url"])
            if newest.setdefault(whose, event.event_id) > event.event_id:
                self.found.add("untrue", f"webhook {event.event_id} came after a newer one about job {event.job_id}")
            else:
                newest[whose] = event.event_id


def _told(event: Heard) -> str:
    """Give the last part of the name of an event that says this."""
    return event.status if event.status in {"completed", "failed", "cancelled"} else "progress"
