"""A bare Bolt app, to show that this Slack speaks with any app and not only with ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.http_server import serve
from tests.fakes.slack import Slack, Workspace

PLAIN = "plain_text"


def client(slack: Slack, token: str) -> AsyncWebClient:
    """Give slack_sdk's own client, pointed here."""
    return AsyncWebClient(token=token, base_url=slack.api_url)


def text(said: str) -> dict[str, Any]:
    """Give a text without formatting."""
    return {"type": PLAIN, "text": said}


def section(said: str) -> dict[str, Any]:
    """Give a section."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": said}}


MODAL: dict[str, Any] = {
    "type": "modal",
    "callback_id": "form",
    "title": text("Imagine"),
    "submit": text("Go"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "prompt",
            "label": text("Prompt"),
            "dispatch_action": True,
            "element": {"type": "plain_text_input", "action_id": "typed"},
        },
        {
            "type": "input",
            "block_id": "pictures",
            "optional": True,
            "label": text("Pictures"),
            "element": {"type": "file_input", "action_id": "files", "max_files": 2, "filetypes": ["png"]},
        },
    ],
}


def bare_app(slack: Slack, workspace: Workspace) -> AsyncApp:
    """Make an app that answers everything; ``seen`` beside its client lists what it was told."""
    token = slack.install(workspace)
    app = AsyncApp(client=client(slack, token), signing_secret=slack.app.signing_secret, process_before_response=True)

    @app.command("/imagine")
    async def imagine(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack(f"You said {body['text']}.")
        if body["text"]:
            await client.chat_postMessage(
                channel=body["channel_id"],
                text=body["text"],
                blocks=[
                    section(body["text"]),
                    {"type": "actions", "elements": [{"type": "button", "text": text("U1"), "action_id": "b:1"}]},
                ],
                metadata={"event_type": "post", "event_payload": {"id": "p1"}},
            )
        else:
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("b:1")
    async def press(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"pressed by {body['user']['name']}"
        )

    @app.action("typed")
    async def typed(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        line = body["actions"][0]["value"]
        blocks = [*body["view"]["blocks"], section(f"Will send {line}.")]
        names = ("type", "callback_id", "title", "submit", "notify_on_close")
        view = {name: body["view"][name] for name in names} | {"blocks": blocks}
        await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)

    @app.view("form")
    async def submitted(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        values = body["view"]["state"]["values"]
        if values["prompt"]["typed"]["value"] == "bad":
            await ack(response_action="errors", errors={"prompt": "Try another one."})
            return
        await ack()
        files = values["pictures"]["files"]["files"]
        names = ", ".join(file["name"] for file in files)
        await client.chat_postEphemeral(
            channel=workspace.general.id, user=body["user"]["id"], text=f"Got {names or 'no pictures'}."
        )

    @app.view_closed("form")
    async def closed(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text="You closed it.")

    @app.shortcut("describe")
    async def describe(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond(f"A message of {body['message']['user']}.")

    @app.event("app_mention")
    async def mentioned(body: dict[str, Any], say: Any) -> None:
        await say(f"Heard {body['event_id']}.", thread_ts=body["event"].get("thread_ts", body["event"]["ts"]))

    @app.event("message")
    async def message() -> None:
        """Take it; what nobody takes is not acknowledged, and comes again."""

    @app.event("app_home_opened")
    async def home(body: dict[str, Any], client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [section("Welcome.")]}
        await client.views_publish(user_id=body["event"]["user"], view=view)

    return app


def events_route(app: AsyncApp) -> Callable[[Request], Awaitable[Response]]:
    """Give what answers Slack's requests for an app."""
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        return await handler.handle(request)

    return receive


@asynccontextmanager
async def over_http(slack: Slack, app: AsyncApp) -> AsyncIterator[str]:
    """Let an app hear over HTTP; gives its address."""
    async with serve(Starlette(routes=[Route("/slack/events", events_route(app), methods=["POST"])])) as url:
        slack.deliver_to(f"{url}/slack/events")
        yield url


@asynccontextmanager
async def over_sockets(slack: Slack, app: AsyncApp) -> AsyncIterator[None]:
    """Let an app hear in Socket Mode."""
    handler: Any = AsyncSocketModeHandler(app, slack.app_token(), ping_interval=1)  # its methods have no types
    try:
        await handler.connect_async()
        await slack.sockets.connected()
        yield
    finally:
        await handler.close_async()
