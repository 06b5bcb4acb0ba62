"""The options of ``/imagine`` put into the prompt as parameters, so that both ways of typing lead to the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot import prompts
from bot.errors import InvalidPrompt

MODES = ("fast", "relax", "turbo")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was chosen beside the prompt; ``None`` where nothing was."""

    aspect: str | None = None
    mode: str | None = None
    seed: int | None = None
    stylize: int | None = None
    chaos: int | None = None
    no: str | None = None


def joined(prompt: str, options: Options) -> str:
    """Give ``prompt`` with the options as parameters at its end.

    Raises:
        InvalidPrompt: an option says something else than the prompt; the sentence names both.
    """
    read = prompts.parse(prompt)
    added = [text for name, text in _parameters(options) if not _said(read, name, text)]
    return " ".join([prompt.strip(), *added])


def _parameters(options: Options) -> Iterator[tuple[str, str]]:
    if options.aspect:
        yield "ar", f"--ar {options.aspect.strip()}"
    if options.mode:
        yield options.mode, f"--{options.mode}"
    if options.seed is not None:
        yield "seed", f"--seed {options.seed}"
    if options.stylize is not None:
        yield "s", f"--s {options.stylize}"
    if options.chaos is not None:
        yield "c", f"--c {options.chaos}"
    if options.no:
        yield "no", f"--no {options.no.strip()}"


def _said(read: prompts.Prompt, name: str, text: str) -> bool:
    """Say whether the prompt has the parameter already, with the same value."""
    names = MODES if name in MODES else (name,)
    typed = next((found for each in names if (found := read.parameter(each)) is not None), None)
    if typed is None:
        return False
    chosen = prompts.parse(f"a {text}").parameter(name)
    if typed == chosen:
        return True
    raise InvalidPrompt(f"The prompt says {typed} and the option says {chosen or text}. Please leave out one of them.")
