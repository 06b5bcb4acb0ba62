"""Requests whose prompt holds parameters, as the contract allows: ``{"prompt": "a cat --ar 3:2"}``."""

from __future__ import annotations

from pydantic import ValidationError

from bot.errors import InvalidPrompt
from bot.midjourney.schema import ImagineRequest
from bot.prompts.fields import to_request
from bot.prompts.model import Prompt
from bot.prompts.parse import parse


def understood(request: ImagineRequest) -> ImagineRequest:
    """Give the request with the parameters that stand in its prompt (``--ar 3:2``) as fields.

    A field that was given on its own wins. What cannot be understood stays in the prompt as it is.
    """
    try:
        return _merged(request, parse(request.prompt))
    except (InvalidPrompt, ValidationError):
        return request


def understood_whole(request: ImagineRequest) -> ImagineRequest:
    """Give the request as ``understood`` does, and refuse a prompt that the chats would refuse.

    Raises:
        InvalidPrompt: the prompt has a mistake, or stands for several.
    """
    prompt = parse(request.prompt)
    if prompt.permuted:
        raise InvalidPrompt("One request makes one job: send one for each choice, or type \\{ and \\} for the signs.")
    if prompt.parameter("r") is not None:
        raise InvalidPrompt("One request makes one job: leave out --repeat, and send one for each.")
    return _merged(request, prompt)


def _merged(request: ImagineRequest, prompt: Prompt) -> ImagineRequest:
    typed = to_request(prompt)
    fields = {name: getattr(typed, name) for name in typed.model_fields_set}
    given = {name: getattr(request, name) for name in request.model_fields_set - {"prompt"}}
    return request.model_copy(update=fields | given)
