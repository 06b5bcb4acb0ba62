"""What schemathesis cannot know of the program besides: texts that are no prompts; loaded by its command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemathesis
from pydantic import ValidationError

import tests.contract.schemathesis_hooks  # noqa: F401 - for the formats and the hook that it registers
from bot.errors import InvalidPrompt
from bot.jobs.drafts import blend_request
from bot.jobs.requests import printable
from bot.midjourney.schema import ImagineRequest
from bot.prompts import understood_whole

_NOBODY = ("https://192.0.2.1/", "http://192.0.2.1:")
"""How the addresses begin that the formats of the contract's hooks draw from."""

_MEANT: dict[str, Callable[[ImagineRequest], object]] = {
    "/v1/imagine": understood_whole,
    "/v1/blend": lambda request: blend_request(printable(request.prompt)),
}
"""What reads the prompts of an operation."""


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _options: dict[str, Any]) -> None:
    """Put something to draw in the place of a prompt that only has the right length: `` ``, ``{``, ``--ar``.

    A ``webhook_url`` of nobody is refused at once here; by a name it is not.
    """
    if isinstance(case.body, dict) and str(case.body.get("webhook_url")).startswith(_NOBODY):
        case.body["webhook_url"] = "https://hooks.invalid/"
    if case.operation.path in _MEANT and isinstance(case.body, dict):
        try:
            _MEANT[case.operation.path](ImagineRequest(prompt=case.body.get("prompt")))
        except ValidationError:
            pass  # what is no text of that length is to be refused
        except InvalidPrompt:
            case.body["prompt"] = "a bird"
