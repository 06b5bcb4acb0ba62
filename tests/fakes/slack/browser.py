"""A browser going through an installation: the app's page, Slack's question, and back to the app."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from tests.fakes.slack.tokens import Grant

if TYPE_CHECKING:
    from tests.fakes.slack.member import Member

_AUTHORIZE = re.compile(r'https?://[^"\s]+/oauth/v2/authorize\?[^"\s]+')


async def install(member: Member, app_url: str, *, org_wide: bool, path: str) -> tuple[int, str]:
    """Go from the app's installation page to its end, saying yes to everything; give status and text of the last page.

    Raises:
        AssertionError: the app asks for what Slack would not give, or leads nowhere.
    """
    slack = member.workspace.slack
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{app_url}{path}", allow_redirects=False) as page:
            if page.status >= 400:
                return page.status, await page.text()
            found = _AUTHORIZE.search(page.headers.get("Location", "")) or _AUTHORIZE.search(
                unescape(await page.text())
            )
        assert found is not None, "the page does not lead to Slack"
        asked = {name: values[0] for name, values in parse_qs(urlsplit(found[0]).query).items()}
        assert asked["client_id"] == slack.app.client_id, asked
        scopes = frozenset(asked["scope"].split(","))
        assert scopes <= slack.app.scopes, f"scopes that the manifest does not name: {scopes - slack.app.scopes}"
        back = asked.get("redirect_uri") or f"{app_url}/slack/oauth_redirect"
        assert slack.app.redirect_urls is None or back in slack.app.redirect_urls, back
        grant = Grant(
            workspace=member.workspace,
            user=member.id,
            scopes=scopes,
            org_wide=org_wide,
            redirect_uri=asked.get("redirect_uri"),
        )
        slack.installed(member.workspace)
        query = urlencode({"code": slack.tokens.code(grant), "state": asked.get("state", "")})
        async with http.get(f"{back}?{query}", allow_redirects=False) as end:
            return end.status, await end.text()
