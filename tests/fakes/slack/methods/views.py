"""Modals and Home tabs."""

from __future__ import annotations

import secrets
from typing import Any

from tests.fakes.slack.blocks import inspect_view, kept, too_large
from tests.fakes.slack.methods.asked import Asked
from tests.fakes.slack.methods.chat import file_trouble
from tests.fakes.slack.model import Workspace
from tests.fakes.slack.refusal import Refused, refused_for
from tests.fakes.slack.shown import View

TRIGGER_S = 3.0
MOST_VIEWS = 3


async def open_view(asked: Asked) -> dict[str, Any]:
    """Open a modal, in place of what is open for the person."""
    workspace, user = _use_trigger(asked)
    view = new_view(workspace, user, checked(asked.data("view", "invalid_arguments"), workspace, "modal"))
    asked.slack.open_views[user] = [view]
    return {"ok": True, "view": view.to_json()}


async def push(asked: Asked) -> dict[str, Any]:
    """Put a modal on top of what is open."""
    workspace, user = _use_trigger(asked)
    stack = asked.slack.open_views.get(user, [])
    if not stack:
        raise Refused("not_found")
    view = push_on(stack, checked(asked.data("view", "invalid_arguments"), workspace, "modal"))
    return {"ok": True, "view": view.to_json()}


async def update(asked: Asked) -> dict[str, Any]:
    """Change a modal that is open."""
    view = _find(asked)
    if view.workspace is not asked.workspace:
        raise Refused("not_found")
    content = checked(asked.data("view", "invalid_arguments"), view.workspace, view.content["type"])
    if asked.get("hash") not in {"", view.hash}:
        raise Refused("hash_conflict")
    change(view, content)
    return {"ok": True, "view": view.to_json()}


async def publish(asked: Asked) -> dict[str, Any]:
    """Put something on somebody's Home tab."""
    workspace = asked.workspace
    user = asked.need("user_id")
    if user not in {member.id for member in workspace.members}:
        raise Refused("user_not_found")
    if not asked.slack.app.home:
        raise Refused("not_enabled")
    content = checked(asked.data("view", "invalid_arguments"), workspace, "home")
    old = asked.slack.homes.get(user)
    if old is not None and asked.get("hash") not in {"", old.hash}:
        raise Refused("hash_conflict")
    if old is None:
        asked.slack.homes[user] = old = new_view(workspace, user, content)
    else:
        change(old, content)
    return {"ok": True, "view": old.to_json()}


def checked(content: Any, workspace: Workspace, kind: str) -> dict[str, Any]:
    """Give a view as it can be shown.

    Raises:
        Refused: it cannot; the answer says why.
    """
    found = inspect_view(content, file_trouble(workspace))
    if not found.wrongs and content["type"] != kind:
        found.wrong(f"must be a {kind}", "/view/type")
    if found.wrongs:
        raise refused_for("invalid_arguments", found.reasons)
    if too_large(content):
        raise Refused("view_too_large")
    external = content.get("external_id")
    if external and any(view.content.get("external_id") == external for view in _all_open(workspace)):
        raise Refused("duplicate_external_id")
    return {**content, "blocks": kept(content["blocks"])}


def new_view(workspace: Workspace, user: str, content: dict[str, Any]) -> View:
    """Make a view that nobody has filled in yet."""
    view_id = workspace.slack.new_id("V")
    return View(id=view_id, workspace=workspace, user=user, content=content, hash=secrets.token_hex(6), root_id=view_id)


def push_on(stack: list[View], content: dict[str, Any]) -> View:
    """Put a view on top of others.

    Raises:
        Refused: there are three already.
    """
    if len(stack) >= MOST_VIEWS:
        raise Refused("push_limit_reached")
    view = new_view(stack[-1].workspace, stack[-1].user, content)
    view.previous_id, view.root_id = stack[-1].id, stack[0].id
    stack.append(view)
    return view


def change(view: View, content: dict[str, Any]) -> None:
    """Replace what a view shows; what was filled in stays where block and action are the same."""
    view.content = content
    view.hash = secrets.token_hex(6)
    present = {(block["block_id"], element["action_id"]) for block, element in view.elements}
    view.state = {
        block_id: {action: value for action, value in actions.items() if (block_id, action) in present}
        for block_id, actions in view.state.items()
        if any((block_id, action) in present for action in actions)
    }


def _all_open(workspace: Workspace) -> list[View]:
    return [view for stack in workspace.slack.open_views.values() for view in stack if view.workspace is workspace]


def _find(asked: Asked) -> View:
    for view in _all_open(asked.workspace):
        if asked.get("view_id") == view.id or asked.get("external_id") == (view.content.get("external_id") or None):
            return view
    raise Refused("not_found")


def _use_trigger(asked: Asked) -> tuple[Workspace, str]:
    trigger = asked.slack.triggers.get(asked.need("trigger_id"))
    if trigger is None or trigger.workspace is not asked.workspace:
        raise Refused("invalid_trigger")
    if asked.slack.clock.now() - trigger.born > TRIGGER_S:
        raise Refused("expired_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    trigger.used = True
    return trigger.workspace, trigger.user
