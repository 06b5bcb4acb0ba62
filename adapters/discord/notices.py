"""What is for one person's eyes only: errors, answers, help. Pure text in Discord's markup."""

from __future__ import annotations

from adapters.discord.wording import escaped
from bot import errors
from bot.headlines import headline, sentence_of

SENTENCE_LIMIT = 1500

_UNFORESEEN = "Something went wrong here. Please try again; if it stays so, tell whoever runs the studio."


def problem(error: errors.ImaginebotError) -> str:
    """Say what ``error`` means for a person. What only the admin can mend is not told in detail."""
    return f"**{_headline(type(error))}.** {escaped(sentence_of(error), SENTENCE_LIMIT)}"


def unforeseen() -> str:
    """Say that something went wrong which nobody foresaw."""
    return f"**{_headline(errors.ImaginebotError)}.** {_UNFORESEEN}"


def outdated() -> str:
    """Say that the person's client shows commands that have changed."""
    return f"**{_headline(errors.InvalidCommand)}.** The commands have changed. Please reload Discord and try again."


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


def _headline(kind: type[errors.ImaginebotError]) -> str:
    return headline(kind, "Discord")
