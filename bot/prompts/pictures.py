"""The picture addresses of a prompt, which stand before its words."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, TypeAdapter, ValidationError

from bot.prompts import values
from bot.prompts.braces import has_group, unescape
from bot.prompts.model import Issue, Level, shorten
from bot.prompts.tokens import Token, tokenise

_ADDRESS = TypeAdapter(AnyHttpUrl)
_WEIGHT = re.compile(r"::[0-9.:-]*")
_EXTENSIONS = (".png", ".gif", ".jpg", ".jpeg", ".webp")


def take_pictures(words: list[Token], issues: list[Issue]) -> tuple[str, ...]:
    """Take the leading addresses off ``words``, with what there is to say about them added to ``issues``."""
    pictures: list[str] = []
    for word in words:
        address = values.address(word.text)
        if address is None:
            break
        plain = _without_weight(address)
        issues.extend(_complaints(word, plain, weighted=plain != address))
        pictures.append(plain)
    del words[: len(pictures)]
    issues.extend(_late(word) for word in words if values.address(word.text) is not None)
    return tuple(pictures)


def _without_weight(address: str) -> str:
    at = address.find("::")
    if at < 0 or not _WEIGHT.fullmatch(address, at):
        return address
    rest = values.address(address[:at])
    whole = rest is not None and [token.text for token in tokenise(rest)] == [rest]
    return rest if rest is not None and whole else address


def is_address(text: str) -> bool:
    """Tell whether the API would take ``text`` as the address of a picture."""
    try:
        _ADDRESS.validate_python(unescape(text))
    except ValidationError:
        return False
    return True


def _complaints(word: Token, address: str, *, weighted: bool) -> list[Issue]:
    found: list[Issue] = []
    if weighted:
        message = "The weight behind the address of a picture is left out; type it as --iw, such as --iw 1.5."
        found.append(_issue(Level.WARNING, word, message, address))
    if has_group(address):
        return found
    if not is_address(address):
        message = f"{shorten(address)} is not a whole web address; type one such as https://example.com/cat.png."
        found.append(_issue(Level.ERROR, word, message, None))
    elif not _path(address).lower().endswith(_EXTENSIONS):
        message = f"{shorten(address)} may not be a picture; type an address that ends in .png, .jpg, .gif or .webp."
        found.append(_issue(Level.WARNING, word, message, None))
    return found


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _late(word: Token) -> Issue:
    message = f"{shorten(word.text)} is read as a word; type the addresses of pictures first, before the description."
    return _issue(Level.WARNING, word, message, None)


def _issue(level: Level, word: Token, message: str, replacement: str | None) -> Issue:
    return Issue(level=level, start=word.start, end=word.end, message=message, replacement=replacement)
