"""The line in a modal that says what will be sent, kept up with somebody who types."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from adapters.slack import compose, modals
from adapters.slack.modals import Origin
from adapters.slack.problems import SlackProblem
from adapters.slack.studio import Studio

_AT_MOST: Final = 1_000
"""Modals that are being filled in at the same time; more than that go without the line."""


class Lines:
    """Show the line of each modal for the newest of what was typed, and skip what came before it."""

    def __init__(self, studio: Studio) -> None:
        """Work with ``studio``."""
        self._studio = studio
        self._newest: dict[str, Mapping[str, Any]] = {}

    def follow(self, workspace: str, view: Mapping[str, Any]) -> None:
        """Show the line for a view as it has just been filled in."""
        if not any(block.get("block_id") == modals.LINE for block in view.get("blocks", ())):
            return
        view_id = str(view["id"])
        busy = view_id in self._newest
        if busy or len(self._newest) < _AT_MOST:
            self._newest[view_id] = view
        if not busy:
            self._studio.errands.run("say what will be sent", self._show(workspace, view_id))

    async def _show(self, workspace: str, view_id: str) -> None:
        shown: Mapping[str, Any] | None = None
        try:
            # The updates of a view are sent one after the other, so they need no hash to stay in order.
            while (view := self._newest.get(view_id)) is not shown and view is not None:
                with suppress(SlackProblem):  # the modal may be closed by now
                    await self._studio.call(
                        workspace, "views.update", view_id=view_id, view=modals.with_line(view, self._line_of(view))
                    )
                shown = view
        finally:
            self._newest.pop(view_id, None)

    def _line_of(self, view: Mapping[str, Any]) -> str:
        """Say what a modal will send, as it is filled in."""
        service = self._studio.service
        fields = compose.fields_of(view.get("state") or {})
        if view.get("callback_id") != modals.REMIX:
            text = compose.text_of(fields)
            return compose.line_of(text, blocked=service.blocked_words, cap=service.permutations)
        subject = Origin.of(str(view.get("private_metadata") or "")).subject or {}
        before = str(subject.get("before") or "")
        return compose.remix_line_of(fields.get("prompt"), before, blocked=service.blocked_words)
