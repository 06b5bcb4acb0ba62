"""What the texts for admins name exists: commands, settings, files, targets, services, ports, metrics, links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.config import Settings, secret_file_names, secret_names, setting_names
from bot.crash import VARIABLE
from bot.metrics import Metrics
from tests.deploy.commands import runs
from tests.deploy.files import DEPLOY, ROOT, read_yaml

TEXTS = (
    "deploy/README.md",
    "SECURITY.md",
    "README.md",
    "CONTRIBUTING.md",
    "deploy/env.example",
    "deploy/litestream.yml",
)
HOWTO = "deploy/README.md"

OWN = ("deploy/env", "deploy/.env", "deploy/secrets", "deploy/backups")
"""What admins make themselves; Git and the image know nothing of it."""

MENTIONED = {"CREDENTIALS_DIRECTORY", "NAME_FILE", "MIDJOURNEY_TOKEN_FILE", VARIABLE}


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> str:
    """A text for admins."""
    read: str = (ROOT / request.param).read_text("utf-8")
    return read


def test_every_setting_that_is_named_is_one(text: str) -> None:
    named = set(re.findall(r"\b((?:IMAGINEBOT|MIDJOURNEY|DISCORD|SLACK)_[A-Z_]*[A-Z]|PUBLIC_URL|DATABASE_URL)\b", text))
    assert named <= {*setting_names(), *secret_file_names(), *MENTIONED}


def test_every_command_that_is_named_runs(text: str) -> None:
    spans = re.findall(r"`([^`\n]+)`|^ {4,}(.+)$", text, re.MULTILINE)
    for line in (span or block for span, block in spans):
        for words in re.findall(r"(?:^|bin/| bot )imaginebot((?: [a-z][\w-]*| --[\w-]+| [^\s`]+)*)", line):
            placeholder = not re.match(r" [a-z-]", words)
            assert placeholder or runs(words.split()), f"imaginebot{words}"
        for words in re.findall(r"run --rm bot ((?:[a-z]+ ?)+)", line):
            assert runs(words.split()), words


def test_a_command_that_is_not_there_is_noticed() -> None:
    assert runs(["db", "backup", "/backups/today.tar"])
    assert not runs(["db", "backpu"])
    assert not runs(["doctor", "--dada", "/srv"])
    assert not runs(["draw"])


def test_every_target_of_make_that_is_named_exists(text: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


def test_every_file_that_is_named_is_there(text: str) -> None:
    for name in re.findall(r"(?<![\w/.])deploy/[\w./-]*\w", text):
        assert name.startswith(OWN) or (ROOT / name).exists(), name


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith(".md")])
def test_every_link_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    headings = {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in re.findall(r"^#+ (.+)$", text, re.M)
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        assert "://" in target or (not path and heading in headings) or ((ROOT / name).parent / path).exists(), target


def test_every_metric_that_is_named_is_exposed(text: str) -> None:
    names = {family.name for family in text_string_to_metric_families(Metrics().exposition().decode())}
    named = set(re.findall(r"`(imaginebot_\w+)`", text))
    assert {name.removesuffix("_total") for name in named} <= names


def test_every_port_is_one_that_we_listen_on_or_that_everybody_knows(text: str) -> None:
    ours = {str(Settings.model_fields[name].default) for name in ("http_port", "mcp_port")}
    assert set(re.findall(r"(?:127\.0\.0\.1:|[Pp]orts? )(\d{2,5})\b", text)) <= ours | {"80", "443"}


def test_every_service_of_compose_that_is_named_is_in_its_file() -> None:
    text = (ROOT / HOWTO).read_text("utf-8")
    for file, service in re.findall(r"--file deploy/(compose[\w.]*\.yaml) (?:exec|stop|run --rm) (\w+)", text):
        assert service in read_yaml(DEPLOY / file)["services"]


def test_every_secret_has_a_way_to_be_rotated() -> None:
    table = (ROOT / HOWTO).read_text("utf-8").partition("## Rotate a secret")[2].partition("\n## ")[0]
    missing = [name for name in secret_names() if f"`{name}`" not in table]
    assert not missing, f"Say in {HOWTO}, 'Rotate a secret', how these are rotated: {', '.join(missing)}"


def test_the_steps_are_for_the_places_of_the_unit() -> None:
    text, unit = (ROOT / HOWTO).read_text("utf-8"), (DEPLOY / "systemd/imaginebot.service").read_text("utf-8")
    for path in ("/opt/imaginebot/bin", "/etc/imaginebot/env"):
        assert path in text
        assert path in unit
    stored = set(re.findall(r"/etc/credstore/(imaginebot\.[A-Z_]+)", text))
    assert stored
    assert all(f":{name}\n" in unit for name in stored)


def test_the_top_of_the_repository_holds_what_belongs_there() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    files = {path.name for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert folders - {"build", "dist", "data", "node_modules"} <= {"bot", "adapters", "tests", "deploy"}
    assert files - {"imaginebot.toml"} == {
        *("pyproject.toml", "Makefile", "requirements.lock", "requirements-dev.lock", "LICENSE"),
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    }


def test_security_rules_are_on_and_hardly_anything_is_let_through() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith(("S1", "S6"))] == ["S608"]
    loose = {path for path, rules in lint["per-file-ignores"].items() if any(rule.startswith("S1") for rule in rules)}
    assert loose == {"tests/**"}


def test_no_file_to_deploy_is_forgotten_by_the_tests() -> None:
    checked = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py"))
    for path in DEPLOY.iterdir():
        assert path.name in checked or path.stem in checked or f"deploy/{path.name}".startswith(OWN), path


def test_continuous_integration_installs_every_tool_that_the_tests_read_with() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    packages = {package for _, package in re.findall(r'\btool\("([\w-]+)", "([\w-]+)"\)', tests)} - {"make"}
    assert {"caddy", "prometheus", "systemd"} <= packages
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert all(f"missing+=({package})" in script for package in packages)
