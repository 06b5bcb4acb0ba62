"""``imaginebot discord``."""

from __future__ import annotations

import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from typer.testing import CliRunner

from adapters.discord.cli import cli
from adapters.discord.permissions import NEEDED
from bot.errors import InvalidSetting


def test_the_invitation_asks_for_what_is_needed_and_no_more() -> None:
    result = CliRunner().invoke(cli, ["invite", "--application", "12345"])
    assert result.exit_code == 0
    address = urlsplit(result.stdout.strip())
    query = parse_qs(address.query)
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://discord.com/oauth2/authorize"
    assert query["client_id"] == ["12345"]
    assert set(query["scope"][0].split()) == {"bot", "applications.commands"}
    assert int(query["permissions"][0]) == discord.Permissions(**dict.fromkeys(NEEDED, True)).value


def test_without_a_token_the_application_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    result = CliRunner().invoke(cli, ["invite"])
    assert isinstance(result.exception, InvalidSetting)
    assert "--application" in str(result.exception)


def test_the_commands_are_listed_without_loading_the_library() -> None:
    code = (
        "import sys, adapters.discord.cli, adapters.discord.checks, adapters.discord; print('discord' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
