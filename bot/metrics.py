"""What is counted and timed, in a registry of its own, so that two programs in one process do not mix theirs."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_QUICK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
"""Bounds for what a platform waits for; each gives up after three seconds."""

_SLOW_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

_REMEMBERED = 2_000
"""Jobs whose end is known to have been shown; an edit long afterwards must not count as a slow showing."""

JOB_TYPES = ("imagine", "upscale", "variation", "describe", "blend")
OUTCOMES = ("completed", "failed", "cancelled")
WEBHOOK_VERDICTS = ("taken", "bad_signature", "unknown_job", "invalid", "too_large", "busy")
RETRIED = ("submit", "picture", "post")
CIRCUIT_STATES = ("closed", "open", "unauthorized")


class Metrics:
    """The metrics of one program. Names are those of the exposition, without ``imaginebot_``."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.registry = registry = CollectorRegistry()
        self.jobs_accepted = Counter("imaginebot_jobs_accepted", "Jobs written down.", ["type"], registry=registry)
        self.jobs_submitted = Counter(
            "imaginebot_jobs_submitted", "Jobs that the image service has taken.", ["type"], registry=registry
        )
        self.jobs_finished = Counter(
            "imaginebot_jobs_finished", "Jobs that have ended.", ["type", "outcome"], registry=registry
        )
        self.acknowledged = Histogram(
            "imaginebot_acknowledge_seconds",
            "From a command or press to its commit, after which it is acknowledged.",
            buckets=_QUICK_S,
            registry=registry,
        )
        self.shown = Histogram(
            "imaginebot_end_to_shown_seconds",
            "From the end of a job to the first post that shows it.",
            buckets=_SLOW_S,
            registry=registry,
        )
        self.webhooks = Counter(
            "imaginebot_webhooks",
            "Webhooks of the image service, by what became of them.",
            ["verdict"],
            registry=registry,
        )
        self.retries = Counter("imaginebot_retries", "What had to be tried again.", ["what"], registry=registry)
        self.queue_jobs = Gauge("imaginebot_queue_jobs", "Jobs that wait to be sent.", registry=registry)
        self.queue_age = Gauge("imaginebot_queue_oldest_seconds", "Age of the oldest that waits.", registry=registry)
        self.in_flight = Gauge("imaginebot_jobs_in_flight", "Jobs that the image service has.", registry=registry)
        self.outbox_posts = Gauge("imaginebot_outbox_posts", "Posts that are due.", registry=registry)
        self.outbox_lag = Gauge(
            "imaginebot_outbox_lag_seconds", "For how long the post that has waited longest is due.", registry=registry
        )
        self.circuit = Gauge(
            "imaginebot_circuit_state", "1 for the state that the circuit is in.", ["state"], registry=registry
        )
        ProcessCollector(registry=registry)
        self._children: dict[tuple[Counter, tuple[str, ...]], Counter] = {}
        # Present from the start, so that a rate over them is never about nothing, and the first failure counts.
        for kind in JOB_TYPES:
            self.jobs_accepted.labels(kind)
            self.jobs_submitted.labels(kind)
            for outcome in OUTCOMES:
                self.jobs_finished.labels(kind, outcome)
        for verdict in WEBHOOK_VERDICTS:
            self.webhooks.labels(verdict)
        for what in RETRIED:
            self.retries.labels(what)
        self._ends_shown: OrderedDict[str, None] = OrderedDict()

    def count(self, counter: Counter, *labels: str) -> None:
        """Count one more of a counter that has labels. To find what counts them takes longer than to count, so it is kept."""
        child = self._children.get((counter, labels))
        if child is None:
            child = self._children[counter, labels] = counter.labels(*labels)
        child.inc()

    def end_shown(self, job_id: str, ended_at: datetime, now: datetime) -> None:
        """Note that a post shows a job's end; only the first time counts."""
        if job_id in self._ends_shown:
            return
        self._ends_shown[job_id] = None
        if len(self._ends_shown) > _REMEMBERED:
            self._ends_shown.popitem(last=False)
        self.shown.observe(max(0.0, (now - ended_at).total_seconds()))

    def set_circuit(self, state: str) -> None:
        """Set the circuit's state, one of ``CIRCUIT_STATES``."""
        for each in CIRCUIT_STATES:
            self.circuit.labels(each).set(each == state)

    def exposition(self) -> bytes:
        """Give everything in the text format of Prometheus."""
        return generate_latest(self.registry)
