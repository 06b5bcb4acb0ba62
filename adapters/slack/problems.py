"""What Slack says no with, by name, and what each means here.

The names are those of Slack's Web API. A few are our own, for what never reached Slack or never came back:
``unreachable``, ``no_answer``, ``paced``, ``not_installed``, ``unsettled``, ``upload_refused``, ``between_people``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.errors import ImaginebotError, NotAllowed, PlatformBusy, PlatformError, PlatformUnavailable, PostGone

WAIT_FOR_INVITE: Final = timedelta(days=1)
"""How long a post waits for the bot to be let into its channel, or for a token that counts."""

CLOSED: Final = frozenset({"channel_not_found", "not_in_channel"})
"""We are not in the channel: a private one is not even there for those outside."""

ARCHIVED: Final = frozenset({"is_archived", "is_inactive"})
"""Nothing changes in the channel, unless somebody brings it back."""

GONE: Final = ARCHIVED | frozenset(
    {
        "cannot_reply_to_message",
        "ekm_access_denied",
        "message_not_found",
        "messages_tab_disabled",
        "not_installed",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
"""Nothing more will come of a message there."""

FROZEN: Final = frozenset({"cant_update_message", "edit_window_closed"})
"""The message stands, and cannot be changed."""

TOO_LONG: Final = frozenset({"msg_blocks_too_long", "msg_too_long"})

LOST_TOKEN: Final = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
"""The token does not count any more."""

LATE: Final = frozenset({"exchanged_trigger_id", "expired_trigger_id", "trigger_exchanged", "trigger_expired"})
"""A modal can be opened for three seconds after a press, and once."""

UNCERTAIN: Final = frozenset({"fatal_error", "internal_error", "no_answer", "request_timeout", "service_unavailable"})
"""It may have been done all the same."""

_SENTENCES: Final = {
    "channel_not_found": "I am not in this channel. Type /invite @{bot} there, and the picture comes by itself.",
    "not_in_channel": "I am not in this channel. Type /invite @{bot} there, and the picture comes by itself.",
    "between_people": "I cannot join a conversation between people. Please ask in a channel, or write to me directly.",
    "is_archived": "This channel is archived, so nothing can be posted here. Please ask in another one.",
    "is_inactive": "This channel is archived, so nothing can be posted here. Please ask in another one.",
    "msg_too_long": "That is too long for Slack. Please use fewer words.",
    "msg_blocks_too_long": "That is too long for Slack. Please use fewer words.",
    "message_not_found": "That message is gone. /jobs shows what there is.",
    "edit_window_closed": "Slack no longer lets me change that message. /jobs shows how it stands.",
    "cant_update_message": "Slack does not let me change that message. /jobs shows how it stands.",
    "invalid_blocks": "Slack could not show that. Please try again in a moment.",
    "expired_trigger_id": "That took too long to open. Please try once more.",
    "exchanged_trigger_id": "That was opened already. Please try once more.",
    "trigger_exchanged": "That was opened already. Please try once more.",
    "trigger_expired": "That took too long to open. Please try once more.",
    "token_revoked": "The app has been removed from this workspace. Ask an admin to install it again.",
    "account_inactive": "The app has been removed from this workspace. Ask an admin to install it again.",
    "invalid_auth": "The app is no longer connected to this workspace. Ask an admin to install it again.",
    "not_authed": "The app is no longer connected to this workspace. Ask an admin to install it again.",
    "token_expired": "The app is no longer connected to this workspace. Ask an admin to install it again.",
    "not_installed": "The app is not installed in this workspace. Ask an admin to install it.",
    "missing_scope": "The app may not do that here yet. Ask an admin to install it again, so that it gets its new rights.",
    "fatal_error": "Slack had a problem of its own. Please try again in a moment.",
    "internal_error": "Slack had a problem of its own. Please try again in a moment.",
    "ratelimited": "Slack asks us to go slower. Please try again in a moment.",
    "file_not_found": "That file is gone from Slack. Please upload it again.",
    "file_deleted": "That file is gone from Slack. Please upload it again.",
    "restricted_action": "I am not allowed to post in this channel. Please ask in another one.",
}
_OTHERWISE: Final = "Slack is out of reach for the moment. Please try again."


class SlackProblem(Exception):
    """Slack refused a call, or did not answer it.

    ``name`` is Slack's error, ``method`` what was called, ``retry_after`` in seconds where it is known, ``needed`` the
    scope that is missing.
    """

    def __init__(
        self,
        name: str,
        *,
        method: str = "",
        retry_after: float | None = None,
        needed: str = "",
        uncertain: bool = False,
    ) -> None:
        """Keep what is known of it."""
        super().__init__(f"{name} in answer to {method}" + (f" (needs {needed})" if needed else ""))
        self.name = name
        self.method = method
        self.retry_after = retry_after
        self.needed = needed
        self.uncertain = uncertain or name in UNCERTAIN


def sentence(name: str, *, bot: str = "imaginebot") -> str:
    """Say to a person what a refusal means and what to do."""
    return _SENTENCES.get(name, _OTHERWISE).format(bot=bot)


def for_people(problem: SlackProblem, *, bot: str = "imaginebot") -> ImaginebotError:
    """Give the error of ours that a person is to see."""
    if problem.name in CLOSED | GONE | LATE | LOST_TOKEN | TOO_LONG | {"missing_scope"}:
        return NotAllowed(sentence(problem.name, bot=bot))
    return PlatformUnavailable(sentence(problem.name, bot=bot), retry_after=problem.retry_after)


def for_post(problem: SlackProblem, *, age: timedelta) -> PlatformError:
    """Give the error of ours that tells the publisher what becomes of a post which was asked for ``age`` ago."""
    reason = str(problem)
    if problem.name in GONE or problem.name in TOO_LONG or problem.name in FROZEN:
        return PostGone(reason)
    if problem.name in CLOSED | LOST_TOKEN and age >= WAIT_FOR_INVITE:
        return PostGone(reason)
    if problem.name == "paced":  # Slack was not asked
        return PlatformBusy(reason, retry_after=problem.retry_after)
    return PlatformUnavailable(reason, retry_after=problem.retry_after)


def age_of(created_at: datetime, now: datetime) -> timedelta:
    """Give how long ago something was."""
    return now - created_at
