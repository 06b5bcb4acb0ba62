"""Places between two effects, by name, where a test ends the process as a crash would.

The variable ``IMAGINEBOT_CRASH_AT`` names one: ``submitter.after_call``, or ``submitter.after_call:3`` for the third
time that it is passed. The process then ends at once, with nothing closed or flushed and the exit code ``EXIT_CODE``.
It is for tests alone. Where it is not set, a point is a call that returns.

Every point is listed in ``POINTS``; the tests take the list and try each one, so none can be forgotten.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from bot.errors import InvalidSetting

VARIABLE: Final = "IMAGINEBOT_CRASH_AT"
EXIT_CODE: Final = 77

POINTS: Final = MappingProxyType(
    {
        "app.recovered": "what was being sent is released; nothing runs yet",
        "database.before_commit": "everything of a unit is written, nothing is committed",
        "database.after_commit": "a unit is committed, its caller does not know",
        "blobs.before_flush": "a picture has its name, and is perhaps not on the disk",
        "service.picture_kept": "an uploaded picture is kept, the command that uses it is not",
        "service.picture_fetched": "a picture that a command names is kept, the command is not",
        "service.command_kept": "a command is committed, not acknowledged",
        "service.press_kept": "a press is committed, not acknowledged",
        "service.replied": "an event is answered with a post, which is not recorded",
        "service.reply_recorded": "an answer that is a post is recorded, nobody has been told",
        "service.not_replied": "an event was not answered with its post, which still waits for that",
        "service.handed_over": "a post that was no answer is the publisher's, who has not been told",
        "shelf.fetched": "a picture that somebody named is fetched, and not kept",
        "web.before_answer": "a command is done, its answer is not sent",
        "discord.event_kept": "an event of Discord is written down, nothing has come of it",
        "discord.wish_kept": "a command of Discord is kept whole, not acknowledged",
        "discord.deferred": "a command of Discord is acknowledged, and not carried out",
        "discord.refusal_kept": "why a command of Discord comes to nothing is kept, and told to nobody",
        "discord.before_answer": "a job and the place of its message are written down, its event is not answered",
        "discord.answered": "an event of Discord is answered with the post, the message's name is not recorded",
        "discord.before_message": "a message of our own on Discord is written down as tried, and not sent",
        "discord.message_made": "a message of our own on Discord is sent, its name is not recorded",
        "submitter.claimed": "a job is marked as being sent, and is not",
        "submitter.before_call": "the request to the image service is ready, and not sent",
        "submitter.after_call": "the image service has the job, we have not its id",
        "submitter.adopted": "the id is recorded, nobody has been told",
        "submitter.refused": "the image service said no, which is not recorded",
        "submitter.unavailable": "the image service was not to be had, which is not recorded",
        "submitter.found": "a job without an answer was found at the image service, and is not tied to it yet",
        "submitter.not_found": "a job without an answer is nowhere, and does not wait again yet",
        "canceller.before_call": "a cancel is recorded, the image service has not heard of it",
        "canceller.after_call": "the image service has cancelled, we have not recorded it",
        "tracker.heard": "a webhook was verified, and is not kept",
        "tracker.kept": "a webhook is kept, and neither answered nor applied",
        "tracker.applied": "kept webhooks are applied, nobody has been told",
        "tracker.asked": "the image service has told how jobs fare, nothing of it is recorded",
        "tracker.reported": "one job of a round of polling is recorded, the others are not",
        "collector.fetched": "a picture is fetched, and not kept",
        "collector.kept": "a picture is kept as a file, and has no row",
        "collector.recorded": "a picture has its row, nobody has been told",
        "collector.failed": "a picture could not be had, which is not recorded",
        "collector.given_up": "a job is ended, as what it starts from cannot be had; nobody has been told",
        "publisher.before_post": "a message is about to be made",
        "publisher.posted": "a message is made, its name is not recorded",
        "publisher.referenced": "the name of a message is recorded, what it shows is not",
        "publisher.edited": "a message is changed, what it shows is not recorded",
        "publisher.recorded": "what a message shows is recorded",
        "notifier.written": "events for programs are written down, and not sent",
        "notifier.sent": "a program has taken an event, which is not recorded",
        "notifier.unheard": "a program has not taken an event, which is not recorded",
        "notifier.settled": "what became of an event is recorded",
        "notifier.replayed": "given up events are to be sent again, the admin does not know",
        "keys.made": "a key is made, the admin has not got it",
        "keys.revoked": "a key is revoked, the admin does not know",
        "control.done": "what the admin asked for is done, and not answered",
        "slack.claimed": "a message to Slack is about to be sent, and its row says so",
        "slack.sent": "Slack has a message, its name is not in its row",
        "slack.reserved": "Slack has given a file its id, and not its content",
        "slack.completed": "Slack has a file with its content, which is not recorded",
        "slack.renewed": "Slack has given a new token, which is not recorded",
        "slack.wish_kept": "a wish with pictures from elsewhere is kept, and not acknowledged",
        "slack.wish_fetched": "the pictures of a wish are kept, its job is not made",
        "slack.wish_done": "the job of a wish is made, the wish is not ended",
        "slack.wish_told": "a person knows that nothing will come of a wish, the wish is not ended",
    }
)


def _nothing(_name: str) -> None:
    """Do nothing: no test wants a crash."""


def _armed(setting: str) -> Callable[[str], None]:
    """Give what ends the process at the place and the pass that ``setting`` names."""
    wanted, _, text = setting.partition(":")
    left = int(text) if text.isdecimal() else 1

    def pass_by(name: str) -> None:
        nonlocal left
        if name == wanted:
            left -= 1
            if left <= 0:
                os._exit(EXIT_CODE)

    return pass_by


point: Final[Callable[[str], None]] = _armed(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else _nothing
"""Pass by the place with this name. Decided once, when the program is loaded, as its environment is."""


def check() -> None:
    """Refuse a setting that would never end the process.

    Raises:
        InvalidSetting: it names no place, or no pass from 1.
    """
    name, colon, number = os.environ.get(VARIABLE, "").partition(":")
    if name and name not in POINTS:
        raise InvalidSetting(f"{VARIABLE} names no crash point: {name}. There are {', '.join(POINTS)}.")
    if colon and not (number.isascii() and number.isdecimal() and int(number) > 0):
        raise InvalidSetting(f"{VARIABLE} wants a pass from 1 after the colon, for example submitter.after_call:3.")
