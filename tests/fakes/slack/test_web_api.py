"""The Web API in the hands of slack_sdk: what is kept, what is refused, and what goes wrong on demand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.images.pictures import plain
from tests.fakes.slack import AppConfig, File, Rates, Slack, Workspace, fake_slack
from tests.fakes.slack.bare import client, section

PNG = plain((9, 9, 9))


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with fake_slack() as slack:
        slack.event_retries_s = ()
        yield slack


@pytest.fixture
def acme(slack: Slack) -> Workspace:
    workspace = slack.workspace("Acme")
    workspace.member("Ann")
    workspace.general.invite_bot()
    return workspace


@pytest.fixture
def web(slack: Slack, acme: Workspace) -> AsyncWebClient:
    return client(slack, slack.install(acme))


async def _error(awaitable: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await awaitable
    return str(caught.value.response["error"])


async def test_a_message_keeps_its_metadata_for_those_who_ask_for_it(acme: Workspace, web: AsyncWebClient) -> None:
    metadata = {"event_type": "post", "event_payload": {"id": "p1"}}
    general = acme.general.id
    posted = await web.chat_postMessage(channel=general, text="a", metadata=metadata)
    reply = await web.chat_postMessage(channel=general, text="b", thread_ts=posted["ts"], metadata=metadata)
    await web.chat_update(channel=general, ts=posted["ts"], text="c")
    without = await web.conversations_history(channel=general)
    assert "metadata" not in without["messages"][0]
    history = await web.conversations_history(channel=general, include_all_metadata=True)
    assert [m["metadata"]["event_payload"] for m in history["messages"]] == [{"id": "p1"}]
    assert history["messages"][0]["text"] == "c"
    thread = await web.conversations_replies(channel=general, ts=posted["ts"], include_all_metadata=True)
    assert [m["ts"] for m in thread["messages"]] == [posted["ts"], reply["ts"]]
    assert all(m["metadata"] == metadata for m in thread["messages"])
    assert (
        await _error(web.chat_postMessage(channel=general, text="x", metadata={"id": 1})) == "invalid_metadata_format"
    )


async def test_history_is_given_in_pages_between_two_times(slack: Slack, acme: Workspace, web: AsyncWebClient) -> None:
    slack.rates = Rates.none()
    general = acme.general.id
    stamps = [(await web.chat_postMessage(channel=general, text=str(n)))["ts"] for n in range(5)]
    page = await web.conversations_history(channel=general, limit=2, oldest=stamps[0])
    assert [m["text"] for m in page["messages"]] == ["4", "3"]
    assert page["has_more"]
    rest = await web.conversations_history(
        channel=general, limit=2, oldest=stamps[0], cursor=page["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in rest["messages"]] == ["2", "1"]
    assert not rest["has_more"]
    both = await web.conversations_history(channel=general, oldest=stamps[1], latest=stamps[2], inclusive=True)
    assert [m["text"] for m in both["messages"]] == ["2", "1"]


async def test_what_a_bot_may_not_do_has_its_name(slack: Slack, acme: Workspace, web: AsyncWebClient) -> None:
    secret = acme.channel("secret", private=True)
    public = acme.channel("public")
    other = slack.workspace("Globex")
    old = acme.channel("old")
    old.invite_bot()
    old.archived = True
    narrow = client(slack, slack.install(acme, scopes=frozenset({"chat:write"})))
    assert await _error(web.chat_postMessage(channel=secret.id, text="x")) == "channel_not_found"
    assert await _error(web.chat_postMessage(channel=other.general.id, text="x")) == "channel_not_found"
    assert await _error(web.chat_postMessage(channel=old.id, text="x")) == "is_archived"
    assert await _error(narrow.chat_postMessage(channel=public.id, text="x")) == "not_in_channel"
    assert (await web.chat_postMessage(channel=public.id, text="x"))["ok"], "chat:write.public"
    assert await _error(narrow.files_info(file="F1")) == "missing_scope"
    assert await _error(narrow.conversations_history(channel=acme.general.id)) == "missing_scope"
    assert await _error(web.conversations_history(channel=public.id)) == "not_in_channel"
    assert await _error(web.chat_postMessage(channel=acme.general.id, text="x" * 40_001)) == "msg_too_long"
    assert await _error(web.api_call("chat.postMessage", json={"channel": acme.general.id})) == "no_text"
    ts = (await web.chat_postMessage(channel=acme.general.id, text="x"))["ts"]
    assert await _error(web.chat_update(channel=acme.general.id, ts=ts, text="x" * 4_001)) == "msg_too_long"
    assert await _error(web.chat_update(channel=acme.general.id, ts="1.1", text="x")) == "message_not_found"
    theirs = (await acme.members[0].says("mine")).message
    assert theirs is not None
    assert await _error(web.chat_update(channel=acme.general.id, ts=theirs.ts, text="x")) == "cant_update_message"
    slack.edit_window_s = 60
    slack.clock.advance(61)
    assert await _error(web.chat_update(channel=acme.general.id, ts=ts, text="x")) == "edit_window_closed"
    outsider = other.member("Eve")
    assert (
        await _error(web.chat_postEphemeral(channel=acme.general.id, user=outsider.id, text="x"))
        == "user_not_in_channel"
    )


async def test_tokens_end_as_they_do_at_slack(slack: Slack, acme: Workspace, web: AsyncWebClient) -> None:
    assert (await web.auth_test())["team_id"] == acme.id
    assert await _error(client(slack, "xoxb-unknown").auth_test()) == "invalid_auth"
    await slack.revoke_tokens(acme)
    assert await _error(web.auth_test()) == "token_revoked"
    again = client(slack, slack.install(acme))
    await acme.uninstall()
    assert await _error(again.auth_test()) == "account_inactive"
    assert await _error(client(slack, slack.app_token()).chat_postMessage(channel="C", text="x")) == "missing_scope"
    assert await _error(web.api_call("chat.unheardOf")) == "unknown_method"


async def test_rotated_tokens_expire_and_are_renewed_once(slack: Slack, acme: Workspace) -> None:
    slack.app.rotation_s = 43_200
    web = client(slack, slack.install(acme))
    slack.clock.advance(43_201)
    assert await _error(web.auth_test()) == "token_expired"
    from tests.fakes.slack.tokens import Grant

    grant = Grant(workspace=acme, user="U1", scopes=frozenset({"chat:write"}), redirect_uri="https://a.example/back")
    code = slack.tokens.code(grant)
    about = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    anybody = AsyncWebClient(base_url=slack.api_url)
    assert await _error(anybody.oauth_v2_access(**(about | {"client_secret": "x"}), code=code)) == "bad_client_secret"
    given = await anybody.oauth_v2_access(**about, code=code, redirect_uri="https://a.example/back")
    assert given["expires_in"] == 43_200
    assert await _error(anybody.oauth_v2_access(**about, code=code)) == "invalid_code"
    refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    renewed = await anybody.oauth_v2_access(**about, **refresh)
    assert (await client(slack, renewed["access_token"]).auth_test())["team_id"] == acme.id
    assert await _error(anybody.oauth_v2_access(**about, **refresh)) == "invalid_refresh_token"


async def _upload(web: AsyncWebClient, name: str, content: bytes) -> str:
    asked = await web.files_getUploadURLExternal(filename=name, length=len(content), alt_txt="a picture")
    async with aiohttp.ClientSession() as http, http.post(asked["upload_url"], data=content) as answer:
        assert answer.status == 200
    return str(asked["file_id"])


def _showing(file_id: str) -> list[dict[str, Any]]:
    return [{"type": "image", "alt_text": "a picture", "slack_file": {"id": file_id}}]


async def test_a_file_can_be_shown_once_it_is_completed_and_processed(
    slack: Slack, acme: Workspace, web: AsyncWebClient
) -> None:
    slack.processing_s = None
    general = acme.general.id
    file_id = await _upload(web, "grid.png", PNG)
    assert await _error(web.files_info(file=file_id)) == "file_not_found"
    await web.files_completeUploadExternal(files=[{"id": file_id, "title": "grid"}])
    assert (await web.files_info(file=file_id))["file"]["mimetype"] == ""
    with pytest.raises(SlackApiError) as caught:
        await web.chat_postMessage(channel=general, text="x", blocks=_showing(file_id))
    assert caught.value.response["errors"] == ["invalid slack file [json-pointer:/blocks/0/slack_file]"]
    slack.files.by_id[file_id].process()
    assert (await web.files_info(file=file_id))["file"]["mimetype"] == "image/png"
    await web.chat_postMessage(channel=general, text="x", blocks=_showing(file_id))
    shown = acme.general.from_bot[-1].images[0]
    assert shown.file is not None
    assert shown.file.content == PNG
    assert (await web.files_info(file=file_id))["file"]["channels"] == [general]


async def test_webp_and_files_of_other_workspaces_cannot_be_shown(
    slack: Slack, acme: Workspace, web: AsyncWebClient
) -> None:
    webp = plain((1, 2, 3), form="WEBP")
    globex = slack.workspace("Globex")
    globex.general.invite_bot()
    foreign = client(slack, slack.install(globex))
    file_id = await _upload(web, "grid.webp", webp)
    await web.files_completeUploadExternal(files=[{"id": file_id}])
    await slack.until(lambda: slack.files.by_id[file_id].mimetype)
    assert (
        await _error(web.chat_postMessage(channel=acme.general.id, text="x", blocks=_showing(file_id)))
        == "invalid_blocks"
    )
    own = await _upload(web, "grid.png", PNG)
    await web.files_completeUploadExternal(files=[{"id": own}])
    await slack.until(lambda: slack.files.by_id[own].mimetype)
    assert (
        await _error(foreign.chat_postMessage(channel=globex.general.id, text="x", blocks=_showing(own)))
        == "invalid_blocks"
    )
    assert await _error(foreign.files_info(file=own)) == "file_not_found"


async def _fetch(file: File, token: str | None) -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as http, http.get(file.url, headers=headers) as answer:
        return await answer.read()


async def test_a_shared_file_is_given_to_the_bot_and_a_login_page_to_others(slack: Slack, acme: Workspace) -> None:
    token = slack.install(acme)
    file = acme.members[0].uploads("red.png", PNG)
    assert b"Sign in" in await _fetch(file, token), "not shared yet"
    await acme.members[0].says("look", files=[file])
    assert await _fetch(file, token) == PNG
    assert b"Sign in" in await _fetch(file, None)
    assert b"Sign in" in await _fetch(file, slack.install(slack.workspace("Globex")))


async def test_too_many_calls_are_told_when_to_come_again(slack: Slack, acme: Workspace, web: AsyncWebClient) -> None:
    general = acme.general.id
    ts = (await web.chat_postMessage(channel=general, text="x"))["ts"]
    for _ in range(50):
        await web.chat_update(channel=general, ts=ts, text="x")
    with pytest.raises(SlackApiError) as caught:
        await web.chat_update(channel=general, ts=ts, text="x")
    assert caught.value.response.status_code == 429
    wait = int(caught.value.response.headers["Retry-After"])
    assert 50 <= wait <= 60
    slack.clock.advance(wait)
    await web.chat_update(channel=general, ts=ts, text="x")


async def test_a_channel_takes_a_few_messages_at_once_and_then_one_a_second(
    slack: Slack, acme: Workspace, web: AsyncWebClient
) -> None:
    for _ in range(5):
        await web.chat_postMessage(channel=acme.general.id, text="x")
    assert await _error(web.chat_postMessage(channel=acme.general.id, text="x")) == "ratelimited"
    assert (await web.chat_postMessage(channel=acme.channel("art").id, text="x"))["ok"]
    slack.clock.advance(1)
    assert (await web.chat_postMessage(channel=acme.general.id, text="x"))["ok"]


async def test_an_app_outside_the_marketplace_reads_fifteen_messages_a_minute() -> None:
    async with fake_slack(app=AppConfig(history_restricted=True)) as slack:
        acme = slack.workspace("Acme")
        acme.general.invite_bot()
        web = client(slack, slack.install(acme))
        for _ in range(20):
            await web.chat_postMessage(channel=acme.general.id, text="x")
            slack.clock.advance(1)
        history = await web.conversations_history(channel=acme.general.id, limit=100)
        assert len(history["messages"]) == 15
        assert history["has_more"]
        assert await _error(web.conversations_history(channel=acme.general.id)) == "ratelimited"


async def test_trouble_comes_as_often_as_it_was_asked_for(slack: Slack, acme: Workspace) -> None:
    web = AsyncWebClient(token=slack.install(acme), base_url=slack.api_url, retry_handlers=[])
    general = acme.general.id
    slack.trouble("chat.postMessage", error="fatal_error")
    assert await _error(web.chat_postMessage(channel=general, text="a")) == "fatal_error"
    slack.trouble("chat.postMessage", lost=True, when=lambda arguments: arguments["text"] == "b")
    assert (await web.chat_postMessage(channel=general, text="a"))["ok"]
    with pytest.raises(aiohttp.ClientError):
        await web.chat_postMessage(channel=general, text="b")
    assert acme.general.find("b"), "it was done"
    slack.trouble("chat.postMessage", cut=True)
    with pytest.raises(aiohttp.ClientError):
        await web.chat_postMessage(channel=general, text="c")
    assert acme.general.find("c") is None
    slack.trouble("chat.postMessage", retry_after=7)
    assert await _error(web.chat_postMessage(channel=general, text="d")) == "ratelimited"
    assert [call.error for call in slack.calls_of("chat.postMessage")] == [
        "fatal_error",
        None,
        None,
        "cut",
        "ratelimited",
    ]


async def test_a_response_address_works_five_times_for_half_an_hour(slack: Slack, acme: Workspace) -> None:
    ann = acme.members[0]
    address = slack.responses.new(ann, acme.general)
    async with aiohttp.ClientSession() as http:

        async def say(said: str, **more: Any) -> tuple[int, str]:
            async with http.post(address, json={"text": said} | more) as answer:
                return answer.status, await answer.text()

        assert await say("one") == (200, "ok")
        assert ann.ephemerals[-1].text == "one"
        assert await say("two", response_type="in_channel") == (200, "ok")
        assert acme.general.from_bot[-1].text == "two"
        assert await say("", blocks=[section("")]) == (400, "invalid_blocks")
        for _ in range(2):
            await say("more")
        assert await say("six") == (404, "used_url")
        address = slack.responses.new(ann, acme.general)
        slack.clock.advance(1801)
        assert await say("late") == (404, "expired_url")
