"""Dashboard and alerts: their own tools read them, and every metric and label value in them is one that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.config import setting_names
from bot.jobs.model import JobStatus
from bot.metrics import CIRCUIT_STATES, RETRIED, WEBHOOK_VERDICTS, Metrics
from tests.deploy.commands import runs
from tests.deploy.files import DEPLOY, read_yaml, said, tool

PROMETHEUS = DEPLOY / "prometheus"
DASHBOARD = DEPLOY / "grafana" / "imaginebot.json"

LABELS = {
    "state": set(CIRCUIT_STATES),
    "verdict": set(WEBHOOK_VERDICTS),
    "what": set(RETRIED),
    "outcome": {status.value for status in JobStatus},
    "job": {"imaginebot"},
}


def alerts() -> list[dict[str, Any]]:
    return [rule for group in read_yaml(PROMETHEUS / "alerts.yml")["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def asked_of_prometheus() -> Iterator[tuple[str, str]]:
    """Give every expression with where it stands."""
    for rule in alerts():
        yield f"alert {rule['alert']}", rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield f"variable {variable['name']}", variable["query"]["query"]
    for mark in dashboard()["annotations"]["list"]:
        yield f"annotation {mark['name']}", mark["expr"]


EXPRESSIONS = list(asked_of_prometheus())


def exposed() -> set[str]:
    """Give the name of every sample that the program exposes once each of its counters has a value."""
    metrics = Metrics()
    metrics.jobs_accepted.labels("imagine").inc()
    metrics.jobs_submitted.labels("imagine").inc()
    metrics.jobs_finished.labels("imagine", "completed").inc()
    metrics.set_circuit("closed")
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {sample.name for family in families for sample in family.samples} | {"up"}


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS, ids=[place for place, _ in EXPRESSIONS])
def test_every_metric_that_is_named_is_exposed(place: str, expression: str) -> None:
    named = set(re.findall(r"\b(?:imaginebot_\w+|process_\w+|up)\b(?=[{\[),\s]|$)", expression))
    assert named, f"{place} asks for no metric"
    assert named <= exposed(), f"{place} names what is not exposed: {sorted(named - exposed())}"


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS, ids=[place for place, _ in EXPRESSIONS])
def test_every_label_value_that_is_named_can_occur(place: str, expression: str) -> None:
    for label, value in re.findall(r'(\w+)="([^"$]+)"', expression):
        assert value in LABELS[label], f"{place}: {label} is never {value}"


def test_every_metric_of_ours_is_on_the_dashboard() -> None:
    text = DASHBOARD.read_text("utf-8")
    names = {family.name for family in text_string_to_metric_families(Metrics().exposition().decode())}
    ours = {name for name in names if name.startswith("imaginebot_") and not name.endswith("_created")}
    unseen = sorted(name for name in ours if name not in text)
    assert not unseen, f"Give these a panel in deploy/grafana/imaginebot.json: {', '.join(unseen)}"


def test_promtool_understands_alerts_and_configuration() -> None:
    promtool = tool("promtool", "prometheus")
    said(promtool, "check", "rules", PROMETHEUS / "alerts.yml")
    said(promtool, "check", "config", PROMETHEUS / "prometheus.yml")


def test_the_alerts_go_off_when_they_should_and_not_before() -> None:
    said(tool("promtool", "prometheus"), "test", "rules", PROMETHEUS / "alerts_test.yml")


@pytest.mark.parametrize(("place", "expression"), EXPRESSIONS, ids=[place for place, _ in EXPRESSIONS])
def test_promtool_understands_what_the_dashboard_asks(
    place: str, expression: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if expression.startswith("label_values("):
        return  # Grafana's own, not PromQL
    asked = expression.replace("$__rate_interval", "5m").replace("$job", "imaginebot")
    file = tmp_path_factory.mktemp("rules") / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": [{"record": "asked", "expr": asked}]}]}))
    said(tool("promtool", "prometheus"), "check", "rules", file)


def test_every_alert_says_what_is_the_matter_and_what_to_do() -> None:
    for rule in alerts():
        assert set(rule["annotations"]) == {"summary", "action"}
        assert all(text.endswith(".") for text in rule["annotations"].values())
        assert rule["labels"]["severity"] in {"warning", "critical"}
        for name in re.findall(r"\b(?:MIDJOURNEY|IMAGINEBOT)_[A-Z_]+\b", rule["annotations"]["action"]):
            assert name in setting_names()
        for command in re.findall(r"(?<!-u )imaginebot ((?:doctor|jobs|db|keys)\b)", rule["annotations"]["action"]):
            assert runs([command])


def test_the_panels_of_the_dashboard_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(numbers) == len(set(numbers))


def test_every_panel_says_what_it_shows_and_asks_the_source_that_was_chosen() -> None:
    for panel in panels():
        assert panel["description"].endswith("."), panel["title"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
