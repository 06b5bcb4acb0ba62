"""What a person is told of an error: its headline and its sentence, the same on every platform."""

from __future__ import annotations

from bot import errors
from bot.storage.connection import CommitUnknown

FOR_THE_ADMIN = "Please try again later; whoever runs the studio finds the reason in its log."
UNCERTAIN = "Please see whether it shows up here in a moment, before you ask for it again."

HEADLINES: dict[type[errors.ImaginebotError], str] = {
    errors.ImaginebotError: "That did not work",
    errors.UserError: "That did not work",
    errors.InvalidPrompt: "The prompt needs a change",
    errors.InvalidPicture: "That picture cannot be used",
    errors.InvalidCommand: "Not quite",
    errors.NotAllowed: "That is not possible",
    errors.NotAuthenticated: "We do not know each other",
    errors.QuotaExceeded: "A moment, please",
    errors.JobNotFound: "That job is gone",
    errors.ButtonNotFound: "That button no longer works",
    errors.NotReady: "That cannot be done",  # not "yet": to wait helps with the least of it
    errors.AlreadyEnded: "Too late to cancel",
    errors.UpstreamError: "The image service had a problem",
    errors.UpstreamRejected: "The image service said no",
    errors.UpstreamUnauthorized: "The image service does not know us",
    errors.UpstreamBarred: "Something is in the way",
    errors.UpstreamUnavailable: "The image service is out of reach",
    errors.UpstreamTroubled: "The studio could not do it",
    errors.UpstreamMistaken: "Something else answers there",
    errors.PictureUnavailable: "That picture cannot be had just now",
    errors.UpstreamBusy: "The image service is busy",
    errors.PlatformError: "{platform} had a problem",
    errors.PostGone: "That message is gone",
    errors.PlatformUnavailable: "{platform} is out of reach",
    errors.PlatformBusy: "{platform} is busy",
    errors.OperatorError: "The studio has a problem",
    errors.InvalidSetting: "The studio has a problem",
    errors.DataFolderBusy: "The studio has a problem",
    errors.DatabaseTooNew: "The studio has a problem",
    errors.DatabaseDamaged: "The studio has a problem",
    errors.StorageUnavailable: "Nothing can be saved at the moment",
    CommitUnknown: "It is not certain whether that was saved",
}
"""The headline of every error of the tree; ``{platform}`` stands for the platform's name."""


def headline(kind: type[errors.ImaginebotError], platform: str) -> str:
    """Give the headline of an error of this kind, or of the nearest kind above it that has one."""
    return next(HEADLINES[each] for each in kind.__mro__ if each in HEADLINES).format(platform=platform)


def sentence_of(error: errors.ImaginebotError) -> str:
    """Say what happened, and what to do. What only the admin can mend is not told, as it may name files and addresses."""
    if isinstance(error, CommitUnknown):
        return UNCERTAIN
    hidden = isinstance(error, errors.OperatorError)
    return (FOR_THE_ADMIN if hidden else str(error).strip()) or "Please try again."
