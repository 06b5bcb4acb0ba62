"""From a prompt to the API's fields. What the API has no field for stays in the text of the prompt."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from bot.errors import InvalidPrompt
from bot.midjourney.schema import ImagineRequest, ModelVersion, ProcessMode, Quality
from bot.prompts.braces import has_group, unescape
from bot.prompts.model import Parameter, Prompt, Ratio, Value, value_text

API_VERSIONS: MappingProxyType[str, ModelVersion] = MappingProxyType(
    {"5.2": ModelVersion.V5_2, "6": ModelVersion.V6_0, "6.1": ModelVersion.V6_1, "7": ModelVersion.V7_0}
)
"""The versions that the API has a value for, by what people type."""

API_QUALITIES = frozenset(quality.value for quality in Quality)

_MODES = frozenset(mode.value for mode in ProcessMode)
_INTEGERS: MappingProxyType[str, str] = MappingProxyType({"s": "stylize", "c": "chaos", "seed": "seed"})


def to_request(prompt: Prompt) -> ImagineRequest:
    """Give the request for ``prompt``: fields where the API has them, the rest inside the prompt's text.

    Parameters that became fields are no longer in the text. The first picture becomes ``image_url``, any others
    stay before the words. Repeats are not sent: ``expand`` makes one text for each.

    Raises:
        InvalidPrompt: the prompt has errors (the first one's sentence), or stands for several.
    """
    if prompt.errors:
        raise InvalidPrompt(prompt.errors[0].message)
    if prompt.permuted:
        raise InvalidPrompt("The braces stand for several prompts; type one choice, or \\{ and \\} for the signs.")
    text, fields = outgoing(prompt)
    return ImagineRequest(prompt=text, **fields)


def outgoing(prompt: Prompt) -> tuple[str, dict[str, Any]]:
    """Give the text that is sent, and the other fields of the API that have a value.

    The text is further pictures, the words, and the parameters without a field.
    """
    fields: dict[str, Any] = {}
    left: list[str] = []
    for parameter in prompt.parameters:
        field = _field(parameter)
        if field is not None:
            name, value = field
            fields[name] = value
        elif parameter.name != "r":
            left.append(str(parameter))
    if prompt.pictures:
        fields["image_url"] = unescape(prompt.pictures[0])
    return unescape(" ".join(filter(None, (*prompt.pictures[1:], prompt.text, *left)))), fields


def summary(prompt: Prompt) -> tuple[str, ...]:
    """Give each parameter that was typed in its canonical form, such as ``--ar 3:2``."""
    return tuple(str(parameter) for parameter in prompt.parameters)


def _field(parameter: Parameter) -> tuple[str, Any] | None:
    """Give the name and the value of the API's field for ``parameter``, ``None`` if it has none."""
    name, value = parameter.name, parameter.value
    if name in _MODES:
        return "process_mode", ProcessMode(name)
    if isinstance(value, str) and has_group(value):
        return None
    return _field_of_value(name, value)


def _field_of_value(name: str, value: Value) -> tuple[str, Any] | None:
    if isinstance(value, Ratio):
        return "aspect_ratio", str(value)
    if name in _INTEGERS and isinstance(value, int):
        return _INTEGERS[name], value
    if name == "v" and isinstance(value, str) and value in API_VERSIONS:
        return "model_version", API_VERSIONS[value]
    if name == "q" and isinstance(value, float) and value in API_QUALITIES:
        return "quality", Quality(value)
    if name == "no" and isinstance(value, tuple):
        return "no", unescape(value_text(value, separator=", "))
    return None
