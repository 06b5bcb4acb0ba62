"""What ``imaginebot doctor`` looks at in Slack: tokens, scopes, workspaces, and the address that Slack sends to."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import httpx

from adapters.slack.offers import SCOPES
from adapters.slack.setup import EVENTS_PATH, Setup, read_setup
from bot.config import Settings
from bot.doctor import Finding, Verdict
from bot.errors import InvalidSetting, OperatorError
from bot.storage.database import Database

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

WORKSPACES: Final = 20
"""Installed workspaces that are asked after, at the most."""

_ASK_WITHIN_S: Final = 10.0
_INSTALL_AGAIN: Final = "Update the Slack app from `imaginebot slack manifest`, and install it again."


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Check what Slack needs; find nothing where Slack is switched off."""
    try:
        setup = read_setup(settings)
    except InvalidSetting as error:
        yield Finding(name="Slack", verdict=Verdict.BAD, seen="a setting is missing", advice=str(error))
        return
    if setup is None:
        return
    from slack_sdk.web.async_client import AsyncWebClient

    client = AsyncWebClient(base_url=setup.api_url, retry_handlers=[], timeout=round(_ASK_WITHIN_S))
    if setup.bot_token is not None:
        yield await _workspace(client, "SLACK_BOT_TOKEN", setup.bot_token)
    if setup.client is not None:
        for name, token in await _installed(settings):
            yield await _workspace(client, name, token)
        yield _install_address(setup)
    yield await (_socket(client, setup.app_token) if setup.app_token is not None else _events(setup))


async def _workspace(client: AsyncWebClient, name: str, token: str) -> Finding:
    from adapters.slack.calls import called
    from adapters.slack.problems import LOST_TOKEN, SlackProblem

    title = f"Slack, {name}"
    try:
        answer = await called(client, "auth.test", token=token)
    except SlackProblem as problem:
        advice = _INSTALL_AGAIN if problem.name in LOST_TOKEN else "Check the network, and IMAGINEBOT_SLACK_API_URL."
        return Finding(name=title, verdict=Verdict.BAD, seen=f"Slack says {problem.name}", advice=advice)
    seen = f"{answer.get('user')} in {answer.get('team')}"
    missing = _missing(answer)
    if missing:
        return Finding(
            name=title,
            verdict=Verdict.BAD,
            seen=f"{seen}, without {', '.join(missing)}",
            advice=f"It lacks rights {'; '.join(SCOPES[scope] for scope in missing)}. {_INSTALL_AGAIN}",
        )
    return Finding(name=title, verdict=Verdict.GOOD, seen=seen)


def _missing(answer: Mapping[str, Any]) -> Sequence[str]:
    granted = {scope.strip() for scope in str(answer.get("scopes", "")).split(",") if scope.strip()}
    return sorted(SCOPES.keys() - granted) if granted else ()


async def _socket(client: AsyncWebClient, app_token: str) -> Finding:
    from adapters.slack.calls import called
    from adapters.slack.problems import SlackProblem

    try:
        await called(client, "apps.connections.open", app_token=app_token)
    except SlackProblem as problem:
        return Finding(
            name="Slack, SLACK_APP_TOKEN",
            verdict=Verdict.BAD,
            seen=f"Slack says {problem.name}",
            advice="Make an app token with the scope connections:write under Basic Information, and switch Socket "
            "Mode on.",
        )
    return Finding(name="Slack, SLACK_APP_TOKEN", verdict=Verdict.GOOD, seen="Socket Mode can be opened")


async def _events(setup: Setup) -> Finding:
    """Knock at our own address as Slack does, with its signature and a challenge."""
    name = "Slack, event address"
    if setup.public_origin is None:
        return Finding(
            name=name,
            verdict=Verdict.NOTE,
            seen=f"no PUBLIC_URL, so {EVENTS_PATH} cannot be tried",
            advice="Set PUBLIC_URL to the https:// address that Slack sends to, or use Socket Mode with "
            "SLACK_APP_TOKEN.",
        )
    address = f"{setup.public_origin}{EVENTS_PATH}"
    wrong = await _knock(address, setup.signing_secret or "")
    if wrong is not None:
        advice = f"Start imaginebot, see that {address} leads to its port 8080, and that both have the same secret."
        return Finding(name=name, verdict=Verdict.BAD, seen=wrong, advice=advice)
    if not address.startswith("https://"):
        advice = "Slack sends to https:// addresses only; put a proxy with a certificate in front."
        return Finding(name=name, verdict=Verdict.NOTE, seen=f"{address} answers, without https", advice=advice)
    return Finding(name=name, verdict=Verdict.GOOD, seen=f"{address} answers Slack's challenge")


async def _knock(address: str, signing_secret: str) -> str | None:
    """Give what is wrong with the address, or nothing."""
    from slack_sdk.signature import SignatureVerifier

    body = json.dumps({"type": "url_verification", "challenge": "imaginebot doctor", "token": ""})
    stamp = str(round(time.time()))
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=stamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature or "",
    }
    try:
        async with httpx.AsyncClient(timeout=_ASK_WITHIN_S) as client:
            answer = await client.post(address, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{address} does not answer ({type(error).__name__})"
    if answer.status_code == 401:
        return f"{address} does not accept our signature"
    if answer.status_code != 200 or "imaginebot doctor" not in answer.text:
        return f"{address} answers with {answer.status_code}, and not as imaginebot does"
    return None


def _install_address(setup: Setup) -> Finding:
    name = "Slack, installs"
    if setup.public_origin is None:
        return Finding(
            name=name,
            verdict=Verdict.BAD,
            seen="no PUBLIC_URL, so nobody can install the app",
            advice="Set PUBLIC_URL to the https:// address at which people reach this program.",
        )
    return Finding(name=name, verdict=Verdict.GOOD, seen=f"at {setup.public_origin}/slack/install")


async def _installed(settings: Settings) -> Sequence[tuple[str, str]]:
    """Give the newest workspaces that have installed the app with their tokens, as far as the database can be read."""
    if settings.postgresql is None and not settings.database_path.exists():
        return []
    try:
        async with await Database.open_read_only(settings.database) as database, database.transaction() as connection:
            rows = await connection.rows(
                "SELECT name, id, token FROM slack_workspaces ORDER BY installed_at DESC LIMIT :limit",
                {"limit": WORKSPACES},
            )
    except (OperatorError, sqlite3.Error):  # the doctor's own check of the database says what is wrong with it
        return []
    return [(str(row["name"] or row["id"]), str(row["token"])) for row in rows]
