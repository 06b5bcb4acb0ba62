"""What is for one person's eyes only: errors, answers, help. Pure text in Discord's markup."""

from __future__ import annotations

from adapters.discord.wording import escaped
from bot import errors
from bot.storage.connection import CommitUnknown

SENTENCE_LIMIT = 1500

_OPERATOR_SENTENCE = "Please try again later; whoever runs the studio finds the reason in its log."
_UNCERTAIN = "Please see whether it shows up here in a moment, before you ask for it again."
_UNFORESEEN = "Something went wrong here. Please try again; if it stays so, tell whoever runs the studio."

TITLES: dict[type[errors.ImaginebotError], str] = {
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
    errors.UpstreamUnavailable: "The image service is out of reach",
    errors.UpstreamTroubled: "The studio could not do it",
    errors.UpstreamMistaken: "Something else answers there",
    errors.PictureUnavailable: "That picture cannot be had just now",
    errors.UpstreamBusy: "The image service is busy",
    errors.PlatformError: "Discord had a problem",
    errors.PostGone: "That message is gone",
    errors.PlatformUnavailable: "Discord is out of reach",
    errors.PlatformBusy: "Discord is busy",
    errors.OperatorError: "The studio has a problem",
    errors.InvalidSetting: "The studio has a problem",
    errors.DataFolderBusy: "The studio has a problem",
    errors.DatabaseTooNew: "The studio has a problem",
    errors.DatabaseDamaged: "The studio has a problem",
    errors.StorageUnavailable: "Nothing can be saved at the moment",
    CommitUnknown: "It is not certain whether that was saved",
}
"""The headline of every error of the tree."""


def problem(error: errors.ImaginebotError) -> str:
    """Say what ``error`` means for a person. What only the admin can mend is not told in detail."""
    title = next(TITLES[kind] for kind in type(error).__mro__ if kind in TITLES)
    if isinstance(error, CommitUnknown):
        sentence = _UNCERTAIN
    else:
        hidden = isinstance(error, errors.OperatorError)
        sentence = _OPERATOR_SENTENCE if hidden else str(error).strip()
    return f"**{title}.** {escaped(sentence or 'Please try again.', SENTENCE_LIMIT)}"


def unforeseen() -> str:
    """Say that something went wrong which nobody foresaw."""
    return f"**{TITLES[errors.ImaginebotError]}.** {_UNFORESEEN}"


def outdated() -> str:
    """Say that the person's client shows commands that have changed."""
    return f"**{TITLES[errors.InvalidCommand]}.** The commands have changed. Please reload Discord and try again."


def there_already(url: str | None) -> str:
    """Say that what a button leads to has been made before."""
    return f"That is there already: {url}" if url else "That has been asked for already and will show here soon."


def ready(user_id: str) -> str:
    """Call the one who asked when it took a while."""
    return f"<@{user_id}> It is ready."


def failed(user_id: str) -> str:
    """Call the one who asked when it came to nothing after a while."""
    return f"<@{user_id}> It did not work out; the post says why."


def stopping(count: int) -> str:
    """Say that jobs are being stopped."""
    return "It is being stopped." if count == 1 else f"{count} of your jobs are being stopped."


def open_picture(url: str) -> str:
    """Give a picture's address."""
    return f"[Open the picture]({url})"


def remix(*, wanted: bool) -> str:
    """Say what a V button does from now on."""
    if wanted:
        return "A V button now asks for an edited prompt first. `/remix prompt:off` changes that."
    return "A V button now makes variations at once. `/remix prompt:on` changes that."


HELP = """\
**Make pictures with words**
`/imagine` paints four pictures. Type what you would like to see; the options, or parameters at the end of the prompt \
such as `--ar 3:2`, say the rest.
**U1–U4** make a picture large, **V1–V4** make variations of it, 🔄 paints four new ones.
`/describe` puts a picture into four prompts, `/blend` mixes two to five pictures. Both, and starting from a picture, \
are also under *Apps* when you right-click or hold a message.
`/jobs` shows what everybody here is making, `/job` one of them, `/cancel` stops yours.
`/remix` says whether a V button asks for an edited prompt first.
Groups in braces, such as `{red, green} bird`, make several at once."""

REACTIONS_HELP = """
React to your own post with ❌ to cancel it, or to remove it once it has ended; to any post with ✉️ to get the pictures \
that it shows."""
