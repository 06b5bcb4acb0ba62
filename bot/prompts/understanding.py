"""Requests whose prompt holds parameters, as the contract allows: ``{"prompt": "a cat --ar 3:2"}``."""

from __future__ import annotations

from pydantic import ValidationError

from bot.errors import InvalidPrompt
from bot.midjourney.schema import ImagineRequest
from bot.prompts.fields import to_request
from bot.prompts.parse import parse


def understood(request: ImagineRequest) -> ImagineRequest:
    """Give the request with the parameters that stand in its prompt (``--ar 3:2``) as fields.

    A field that was given on its own wins. What cannot be understood stays in the prompt as it is.
    """
    try:
        typed = to_request(parse(request.prompt))
    except (InvalidPrompt, ValidationError):
        return request
    fields = {name: getattr(typed, name) for name in typed.model_fields_set}
    given = {name: getattr(request, name) for name in request.model_fields_set - {"prompt"}}
    return request.model_copy(update=fields | given)
