"""This Slack with a bare Bolt app, in Socket Mode and over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.bot.images.pictures import plain as png
from tests.fakes.slack import Member, Slack, Workspace, fake_slack
from tests.fakes.slack.bare import bare_app, client, over_http, over_sockets


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with fake_slack() as slack:
        yield slack


@pytest.fixture
def acme(slack: Slack) -> Workspace:
    workspace = slack.workspace("Acme")
    workspace.general.invite_bot()
    return workspace


@pytest.fixture
def ann(acme: Workspace) -> Member:
    return acme.member("Ann")


@pytest.fixture(params=["sockets", "http"])
async def hearing(request: pytest.FixtureRequest, slack: Slack, acme: Workspace) -> AsyncIterator[None]:
    app = bare_app(slack, acme)
    way = over_sockets if request.param == "sockets" else over_http
    async with way(slack, app):
        yield


@pytest.mark.usefixtures("hearing")
async def test_a_command_is_answered_and_its_button_works(acme: Workspace, ann: Member) -> None:
    answer = await ann.command("/imagine", "a lighthouse")
    assert answer.acknowledged
    assert answer.text == "You said a lighthouse."
    assert [message.text for message in ann.ephemerals] == ["You said a lighthouse."]
    message = await acme.slack.until(lambda: acme.general.find("a lighthouse"))
    assert message.labels == ["U1"]
    assert (await ann.press(message, "U1")).acknowledged
    await acme.slack.until(lambda: message.text == "pressed by ann")
    assert message.blocks == [], "text without blocks takes them away"


@pytest.mark.usefixtures("hearing")
async def test_a_modal_is_opened_typed_into_refused_and_taken(slack: Slack, ann: Member) -> None:
    await ann.command("/imagine")
    view = await ann.modal("Imagine")
    await ann.types(view, typed="a cat")
    await slack.until(lambda: "Will send a cat." in view.read)
    refused = await ann.submit(view, prompt="bad")
    assert refused.errors == {"prompt": "Try another one."}
    assert ann.views == [view]
    with pytest.raises(AssertionError, match="text"):
        await ann.submit(view, files=[ann.uploads("notes.txt", b"words")])
    taken = await ann.submit(view, prompt="a dog", files=[ann.uploads("red.png", png((9, 9, 9)))])
    assert taken.acknowledged
    assert ann.views == []
    await ann.told("Got red.png.")


@pytest.mark.usefixtures("hearing")
async def test_what_is_needed_has_to_be_filled_in_before_a_modal_can_be_sent(slack: Slack, ann: Member) -> None:
    await ann.command("/imagine")
    view = await ann.modal()
    sent = len(slack.deliveries)
    with pytest.raises(AssertionError, match="has to be filled in"):
        await ann.submit(view)
    assert len(slack.deliveries) == sent
    closed = await ann.closes(view)
    assert closed is not None
    assert closed.acknowledged
    await slack.until(lambda: ann.dm().find("You closed it."))


@pytest.mark.usefixtures("hearing")
async def test_shortcuts_mentions_and_the_home_tab_reach_the_app(slack: Slack, acme: Workspace, ann: Member) -> None:
    ben = acme.member("Ben")
    message = (await ben.says("look")).message
    assert message is not None
    assert (await ann.shortcut("describe", message)).acknowledged
    await ann.told(f"A message of {ben.id}.")
    mention = await ann.mentions("hello")
    assert mention.acknowledged
    assert mention.message is not None
    heard = await slack.until(lambda: acme.general.find("Heard Ev"))
    assert heard.thread_ts == mention.message.ts
    home = await ann.opens_home()
    assert home.texts == ["Welcome."]


@pytest.mark.usefixtures("hearing")
async def test_an_app_that_is_not_in_the_channel_hears_nothing(slack: Slack, acme: Workspace, ann: Member) -> None:
    acme.general.remove_bot()
    mention = await ann.mentions("hello")
    assert mention.error == "not_in_channel"
    assert slack.deliveries == []


async def test_a_request_with_a_wrong_signature_or_an_old_one_is_refused(
    slack: Slack, acme: Workspace, ann: Member
) -> None:
    async with over_http(slack, bare_app(slack, acme)):
        slack.app.signing_secret = "another"
        answer = await ann.command("/imagine", "a cat")
    assert (answer.acknowledged, answer.status, answer.error) == (False, 401, "dispatch_failed")


async def test_an_event_that_is_not_acknowledged_comes_again_and_says_so(
    slack: Slack, acme: Workspace, ann: Member
) -> None:
    app = bare_app(slack, acme)
    seen: list[tuple[str, str]] = []

    @app.middleware
    async def stumble(req, resp, next):  # type: ignore[no-untyped-def]  # noqa: A002 - Bolt fills in by these names
        seen.append((req.headers.get("x-slack-retry-num", [""])[0], req.headers.get("x-slack-retry-reason", [""])[0]))
        if len(seen) < 3:
            raise RuntimeError("not yet")
        await next()

    async with over_http(slack, app):
        answer = await ann.mentions("hello")
    assert answer.acknowledged
    assert answer.attempts == 3
    assert seen == [("", ""), ("1", "http_error"), ("2", "http_error")]


async def test_sockets_are_refreshed_and_an_envelope_can_come_twice(slack: Slack, acme: Workspace, ann: Member) -> None:
    app = bare_app(slack, acme)
    async with over_sockets(slack, app), over_sockets(slack, app):
        await slack.sockets.connected(2)
        first = await ann.mentions("hello")
        second = await slack.again(first)
        assert second.acknowledged
        assert second.link is not first.link
        assert second.envelope_id == first.envelope_id
        await slack.until(lambda: len(acme.general.from_bot) == 2)
        assert len({message.text for message in acme.general.from_bot}) == 1, "one event, one id"
        await slack.sockets.refresh()
        assert (await ann.command("/imagine", "a cat")).acknowledged
        slack.sockets.cut()
        await slack.until(lambda: slack.sockets.opened >= 5)
        assert (await ann.command("/imagine", "a dog")).acknowledged


async def test_nobody_there_is_said_as_slack_says_it(slack: Slack, acme: Workspace, ann: Member) -> None:
    slack.install(acme)
    assert (await ann.command("/imagine", "a cat")).error == "dispatch_failed"
    answer = await ann.mentions("hello")
    assert (answer.error, answer.attempts) == ("connection_failed", 4)


async def test_a_trigger_opens_one_modal_and_soon_none(slack: Slack, acme: Workspace, ann: Member) -> None:
    from slack_sdk.errors import SlackApiError

    from tests.fakes.slack.bare import MODAL

    web = client(slack, slack.install(acme))
    trigger = slack.new_trigger(ann)
    await web.views_open(trigger_id=trigger, view=MODAL)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await web.views_open(trigger_id=trigger, view=MODAL)
    late = slack.new_trigger(ann)
    slack.clock.advance(3.5)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await web.views_open(trigger_id=late, view=MODAL)


async def test_what_the_manifest_does_not_name_does_not_happen() -> None:
    manifest = {
        "features": {
            "slash_commands": [{"command": "/imagine"}],
            "shortcuts": [{"callback_id": "describe", "type": "message"}],
        },
        "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
        "settings": {
            "interactivity": {"is_enabled": True},
            "event_subscriptions": {"bot_events": ["app_mention", "app_uninstalled"]},
        },
    }
    async with fake_slack(manifest=manifest) as slack:
        acme = slack.workspace("Acme")
        acme.general.invite_bot()
        ann = acme.member("Ann")
        async with over_http(slack, bare_app(slack, acme)):
            assert (await ann.command("/imagine", "a cat")).acknowledged
            with pytest.raises(AssertionError, match="no command"):
                await ann.command("/describe")
            with pytest.raises(AssertionError, match="no global shortcut"):
                await ann.shortcut("describe")
            mention = await ann.mentions("hello")
            assert mention.error == "not_subscribed", "the scope app_mentions:read is missing"
            assert (await ann.says("hello")).error == "not_subscribed"
