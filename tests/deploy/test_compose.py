"""The compose files: Docker Compose reads them, and what they name exists."""

from __future__ import annotations

import json
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from bot.app import ACKNOWLEDGE_WITHIN, FLUSH_WITHIN
from bot.config import read_settings, secret_names, setting_names
from bot.exposure import open_doors
from tests.deploy.dockerfile import read_dockerfile
from tests.deploy.files import DEPLOY, read_yaml, said, tool
from tests.deploy.programs import compose

FILES = ("compose.yaml", "compose.scale.yaml")
GIVEN = {"DOMAIN": "studio.example", "S3_ACCESS_KEY_ID": "a-key", "S3_SECRET_ACCESS_KEY": "a-secret"}
MOST_OF_A_STOP = ACKNOWLEDGE_WITHIN + FLUSH_WITHIN + timedelta(seconds=5)

pytestmark = pytest.mark.timeout(300)  # docker compose may have to be fetched


def services(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(DEPLOY / name)["services"]
    return found


def mounts(service: dict[str, Any]) -> list[list[str]]:
    return [volume.split(":") for volume in service.get("volumes", [])]


@pytest.fixture(scope="module", params=FILES)
def understood(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A compose file as Docker Compose understands it."""
    text = said(*compose(), "--file", DEPLOY / request.param, "config", "--format", "json", variables=GIVEN)
    found: dict[str, Any] = json.loads(text)
    return found


def test_docker_compose_understands_every_file(understood: dict[str, Any]) -> None:
    assert "bot" in understood["services"]
    build = understood["services"]["bot"]["build"]
    assert (Path(build["context"]) / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")


def test_docker_compose_asks_for_what_has_to_be_given() -> None:
    for name in GIVEN:
        others = {other: value for other, value in GIVEN.items() if other != name}
        with pytest.raises(AssertionError, match=name):
            said(*compose(), "--file", DEPLOY / "compose.scale.yaml", "config", "--quiet", variables=others)


@pytest.mark.parametrize("name", FILES)
def test_the_bot_has_no_rights_and_writes_to_its_volume_alone(name: str) -> None:
    bot = services(name)["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in bot["security_opt"]
    stage = read_dockerfile(DEPLOY / "Dockerfile")[1][-1]
    writable = [mount[1] for mount in mounts(bot) if mount[2:] != ["ro"]] + [
        each.split(":")[0] for each in bot.get("tmpfs", [])
    ]
    assert set(writable) - {"/backups"} == {stage.environment["IMAGINEBOT_DATA_DIR"]}


@pytest.mark.parametrize("name", FILES)
def test_a_stop_has_the_time_that_it_needs(name: str) -> None:
    assert timedelta(seconds=int(services(name)["bot"]["stop_grace_period"].rstrip("s"))) >= MOST_OF_A_STOP


@pytest.mark.parametrize("name", FILES)
def test_the_bot_is_given_settings_and_no_secret_in_the_clear(name: str) -> None:
    variables = services(name)["bot"]["environment"]
    ours = {variable for variable in variables if not variable.startswith("AWS_")} - {"CREDENTIALS_DIRECTORY"}
    assert ours <= set(setting_names()) - set(secret_names())
    handed = [mount for mount in mounts(services(name)["bot"]) if mount[1] == variables["CREDENTIALS_DIRECTORY"]]
    assert handed == [["./secrets/bot", "/run/credentials", "ro"]]


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_is_mounted_is_there_or_is_the_admins_own(name: str) -> None:
    for service in services(name).values():
        for source in (mount[0] for mount in mounts(service) if mount[0].startswith(".")):
            assert source.startswith(("./secrets/", "./backups")) or (DEPLOY / source).is_file(), source


def test_no_door_is_open_with_the_settings_of_the_replicas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    variables = services("compose.scale.yaml")["bot"]["environment"]
    for variable in set(variables) & set(setting_names()):
        monkeypatch.setenv(variable, variables[variable].replace("${DOMAIN}", "studio.example"))
    monkeypatch.setenv("MIDJOURNEY_TOKEN", "t")
    monkeypatch.setenv("MIDJOURNEY_WEBHOOK_SECRET", "s")
    settings = read_settings()
    assert open_doors(settings) == []
    assert not settings.on_loopback
    files = read_yaml(DEPLOY / "compose.scale.yaml")
    (network,) = (ip_network(each["subnet"]) for each in files["networks"]["front"]["ipam"]["config"])
    proxy = files["services"]["proxy"]["networks"]["front"]["ipv4_address"]
    assert ip_address(proxy) in network
    assert settings.trusted_proxies == (proxy,)


def test_what_is_kept_is_out_of_reach_from_outside() -> None:
    files = read_yaml(DEPLOY / "compose.scale.yaml")
    assert files["networks"]["back"]["internal"] is True
    for name in ("postgres", "s3", "bucket"):
        assert files["services"][name]["networks"] == ["back"]
    assert [name for name, service in files["services"].items() if "ports" in service] == ["proxy"]


def test_caddy_understands_its_file_and_it_is_formatted() -> None:
    caddy, file = tool("caddy", "caddy"), DEPLOY / "caddy" / "Caddyfile"
    said(caddy, "validate", "--config", file, "--adapter", "caddyfile", variables={"DOMAIN": "studio.example"})
    assert said(caddy, "fmt", file).strip() == file.read_text("utf-8").strip()


def test_caddy_leads_to_the_ports_of_the_bot_and_keeps_its_state_inside() -> None:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text("utf-8")
    exposed = read_dockerfile(DEPLOY / "Dockerfile")[1][-1].only("EXPOSE").words
    assert [f"dynamic a bot {port}" in text for port in exposed] == [True] * len(exposed)
    assert "@inside path /metrics /healthz /readyz" in text
