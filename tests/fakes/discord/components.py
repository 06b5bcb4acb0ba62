"""What Discord asks of components beyond the shape of each: numbers, lengths, names, and files that are really there.

Limits: Discord's "Component Reference" (40 components and 4,000 characters a message, custom_id 1 to 100 characters
and once a message, ids once a message, 10 pictures a gallery, 80 characters a label, 5 buttons a row).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.fakes.discord.messages import Attachment, walk
from tests.fakes.discord.rules import invalid

MOST_COMPONENTS = 40
MOST_TEXT = 4000
MOST_PICTURES = 10
MOST_IN_A_ROW = 5
LONGEST_LABEL = 80
LONGEST_CUSTOM_ID = 100
LINK = 5

_OLD_STYLE = {1, 2, 3, 5, 6, 7, 8}


def check_components(components: Sequence[Mapping[str, Any]], *, layout: bool) -> None:
    """Refuse a message's components that Discord would refuse.

    Raises:
        Refusal: 50035.
    """
    for problem in component_problems(components, layout=layout):
        raise invalid("components", problem)


def component_problems(components: Sequence[Mapping[str, Any]], *, layout: bool) -> Iterator[str]:
    """Say what is amiss with a message's components."""
    every = walk(components)
    if not layout:
        if any(each["type"] not in _OLD_STYLE for each in every):
            yield "components of the new kind need the flag IS_COMPONENTS_V2"
        if len(components) > 5:
            yield f"{len(components)} rows; 5 are the most"
    if len(every) > MOST_COMPONENTS:
        yield f"{len(every)} components; {MOST_COMPONENTS} are the most"
    length = sum(len(each["content"]) for each in every if each["type"] == 10)
    if length > MOST_TEXT:
        yield f"{length} characters of text; {MOST_TEXT} are the most"
    yield from _twice("id", [each.get("id") for each in every])
    yield from _twice("custom_id", [each.get("custom_id") for each in every])
    for each in every:
        yield from _one(each)


def _twice(name: str, values: Sequence[Any]) -> Iterator[str]:
    for value, count in Counter(each for each in values if each).items():
        if count > 1:
            yield f"{name} {value!r} is there {count} times"


def _one(component: Mapping[str, Any]) -> Iterator[str]:
    match component["type"]:
        case 1:
            if not 1 <= len(component["components"]) <= MOST_IN_A_ROW:
                yield f"a row of {len(component['components'])}"
        case 2:
            yield from _button(component)
        case 12 if not 1 <= len(component["items"]) <= MOST_PICTURES:
            yield f"a gallery of {len(component['items'])}"
        case 9 if not 1 <= len(component["components"]) <= 3:
            yield f"a section of {len(component['components'])}"
        case 10 if not component["content"].strip():
            yield "a text that says nothing"


def _button(component: Mapping[str, Any]) -> Iterator[str]:
    label, custom_id = component.get("label") or "", component.get("custom_id")
    if not label and not component.get("emoji"):
        yield "a button with neither label nor emoji"
    if len(label) > LONGEST_LABEL:
        yield f"a label of {len(label)} characters"
    if component["style"] == LINK:
        if not component.get("url") or custom_id:
            yield "a link button has a url and no custom_id"
    elif not custom_id or not 1 <= len(custom_id) <= LONGEST_CUSTOM_ID:
        yield f"a custom_id of {len(custom_id or '')} characters"


def check_modal(data: Mapping[str, Any]) -> None:
    """Refuse a modal that Discord would refuse.

    Raises:
        Refusal: 50035.
    """
    components = data["components"]
    if not 1 <= len(components) <= 5:
        raise invalid("components", f"a modal of {len(components)} components")
    for problem in _twice("custom_id", [each.get("custom_id") for each in walk(components)]):
        raise invalid("components", problem)
    for each in walk(components):
        value = each.get("value")
        if each["type"] == 4 and value is not None and len(value) > (each.get("max_length") or 4000):
            raise invalid("components", "a text input's value is longer than its max_length")


def shown(components: Sequence[Mapping[str, Any]], attachments: Mapping[int, Attachment]) -> list[dict[str, Any]]:
    """Write components as Discord sends them out: every one with an id, and files in place of their names.

    Raises:
        Refusal: 50035, as a name belongs to no file.
    """
    names = {each.filename: each for each in attachments.values()}
    taken = {each["id"] for each in walk(components) if each.get("id")}
    free = (number for number in range(1, 10_000) if number not in taken)
    return [_shown(each, names, free) for each in components]


def _shown(component: Mapping[str, Any], names: Mapping[str, Attachment], free: Iterator[int]) -> dict[str, Any]:
    told = {name: value for name, value in component.items() if value is not None}
    told["id"] = component.get("id") or next(free)
    if "components" in told:
        told["components"] = [_shown(each, names, free) for each in component["components"]]
    if "accessory" in told:
        told["accessory"] = _shown(component["accessory"], names, free)
    match component["type"]:
        case 2 if component.get("emoji"):
            told["emoji"] = {name: value for name, value in component["emoji"].items() if value is not None}
        case 11:
            told |= _described(component) | {"media": _media(component["media"], names)}
        case 12:
            told["items"] = [_described(item) | {"media": _media(item["media"], names)} for item in component["items"]]
        case 13:
            if not component["file"]["url"].startswith("attachment://"):
                raise invalid("components", "a file component shows files of the message alone")
            media = _media(component["file"], names)
            file = names[component["file"]["url"].removeprefix("attachment://")]
            told |= {
                "file": media,
                "name": file.filename,
                "size": len(file.content),
                "spoiler": bool(told.get("spoiler")),
            }
        case 14:
            told |= {"spacing": told.get("spacing", 1), "divider": told.get("divider", True)}
        case 17:
            told |= {"accent_color": component.get("accent_color"), "spoiler": bool(told.get("spoiler"))}
    return told


def _described(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": item.get("description"), "spoiler": bool(item.get("spoiler"))}


def _media(media: Mapping[str, Any], names: Mapping[str, Attachment]) -> dict[str, Any]:
    url = media["url"]
    if not url.startswith("attachment://"):
        if not url.startswith(("http://", "https://")):
            raise invalid("components", f"no scheme that Discord knows: {url}")
        return {"id": "1", "url": url, "proxy_url": url, "width": None, "height": None}
    file = names.get(url.removeprefix("attachment://"))
    if file is None:
        raise invalid("components", f"The referenced attachment was not found: {url}")
    return file.media()
