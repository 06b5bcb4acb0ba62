"""Prometheus itself, with its configuration from here, beside the program: it finds what dashboard and alerts ask for."""

from __future__ import annotations

import asyncio
import re
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from bot.app import App, running
from bot.config import read_settings, setting_names
from tests.deploy.files import read_yaml, tool
from tests.deploy.test_watching import PROMETHEUS, asked_of_prometheus
from tests.reliability.processes import free_port

LIMIT_S = 60
WINDOW = "30s"
SCRAPES = 4
"""How often Prometheus has to have read the metrics before rates are asked for."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3 * LIMIT_S)]


@pytest.fixture
async def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    """The whole program, which has made a picture."""
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    async with running(read_settings(data_dir=tmp_path / "studio", http_port=0, mcp_port=0)) as app:
        made = await app.keys.create("robot", channel="web:local:general")
        headers = {"Authorization": f"Bearer {made.key}"}
        async with httpx.AsyncClient(base_url=app.url, headers=headers, trust_env=False) as http:
            answer = await http.post("/v1/imagine", json={"prompt": "a lighthouse at dusk"})
            job = f"/v1/jobs/{answer.json()['data']['job_id']}"
            async with asyncio.timeout(LIMIT_S):
                while (await http.get(job)).json()["status"] != "completed":  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        yield app


@dataclass(frozen=True)
class Prometheus:
    """Where Prometheus answers."""

    http: httpx.AsyncClient

    async def ask(self, path: str, **parameters: str) -> Any:
        """Ask by its own interface."""
        answer = (await self.http.get(f"/api/v1/{path}", params=parameters)).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    async def values(self, expression: str) -> list[Any]:
        """Give what an expression comes to now, row by row."""
        return list((await self.ask("query", query=expression))["result"])


@pytest.fixture
async def prometheus(program: App, tmp_path: Path) -> AsyncIterator[Prometheus]:
    """Prometheus, which reads the metrics of the program every second and has done so a few times."""
    config = read_yaml(PROMETHEUS / "prometheus.yml")
    config["rule_files"] = [str(PROMETHEUS / name) for name in config["rule_files"]]
    (job,) = config["scrape_configs"]
    job["scrape_interval"] = "1s"
    assert [target for each in job["static_configs"] for target in each["targets"]] == ["127.0.0.1:8080"]
    job["static_configs"] = [{"targets": [urlsplit(program.url).netloc]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config | {"global": {"evaluation_interval": "1s"}}))
    address = f"127.0.0.1:{free_port()}"
    options = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/kept"]
    command = [tool("prometheus", "prometheus"), *options, f"--web.listen-address={address}"]
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as http:
            asked = Prometheus(http)
            await _until_read(asked)
            yield asked
    finally:
        process.terminate()
        await process.wait()


async def _until_read(prometheus: Prometheus) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                rows = await prometheus.values(f"count_over_time(imaginebot_jobs_finished_total[{WINDOW}])")
            except (httpx.TransportError, ValueError):  # it is not up, or not yet ready
                rows = []
            if rows and int(rows[0]["value"][1]) >= SCRAPES:
                return
            await asyncio.sleep(0.2)


async def test_prometheus_finds_what_dashboard_and_alerts_ask_for_and_no_alert_goes_off(prometheus: Prometheus) -> None:
    (target,) = (await prometheus.ask("targets"))["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    for place, expression in asked_of_prometheus():
        if expression.startswith("label_values("):
            continue  # Grafana's own
        asked = expression.replace("$__rate_interval", WINDOW).replace("$job", "imaginebot")
        rows = await prometheus.values(asked)
        assert rows or not place.startswith("panel"), f"{place} shows nothing: {asked}"
        # An alert shows nothing as long as all is well, but what it looks at has to be there.
        for name in re.findall(r"\b(?:imaginebot_\w+|process_\w+|up)\b(?=[{\[),\s]|$)", asked):
            assert await prometheus.values(name), f"{place} looks at {name}, which is not there"
    rules = [rule for group in (await prometheus.ask("rules"))["groups"] for rule in group["rules"]]
    assert {rule["health"] for rule in rules} == {"ok"}, rules
    assert {rule["name"]: rule["state"] for rule in rules if rule["state"] != "inactive"} == {}
