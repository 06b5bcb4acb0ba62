"""The prompt grammar: read, check, expand, complete and print what people type after ``/imagine``.

``parse`` never raises: what is wrong with a prompt are its ``issues``, each with a position and a sentence that says
what to type instead. The way from a text to jobs is ``expand``, then ``parse`` and ``to_request`` for each text.
"""

from bot.prompts.completion import Completion, complete
from bot.prompts.expand import expand
from bot.prompts.fields import summary, to_request
from bot.prompts.model import Issue, Level, Parameter, Prompt, Ratio, Value
from bot.prompts.parse import SOURCE_LIMIT, parse, without_parameters
from bot.prompts.understanding import understood, understood_whole
from bot.prompts.wordfilter import blocked_words

__all__ = [
    "SOURCE_LIMIT",
    "Completion",
    "Issue",
    "Level",
    "Parameter",
    "Prompt",
    "Ratio",
    "Value",
    "blocked_words",
    "complete",
    "expand",
    "parse",
    "summary",
    "to_request",
    "understood",
    "understood_whole",
    "without_parameters",
]
