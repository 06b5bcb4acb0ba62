"""Paint one prompt here and now: no queue, no database, no server."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.engine import grid, requests
from bot.engine.orders import StoredOrder
from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter
from bot.engine.settings import DEFAULT_BLOCKED_WORDS
from bot.engine.worker import write_by_rename
from bot.errors import InvalidPrompt, InvalidSetting, StorageUnavailable
from bot.images.fetcher import PictureFetcher
from bot.midjourney.schema import PROMPT_LIMIT, SEED_LIMIT
from bot.prompts import parse, to_request


@dataclass(frozen=True, kw_only=True)
class Written:
    """A picture that has been painted into a file."""

    path: Path
    width: int
    height: int
    seed: int


async def paint(prompt: str, out: Path | None, *, whole_grid: bool = False) -> Written:
    """Paint ``prompt``, its parameters read as the engine reads them, into ``out`` (a free name by default).

    One picture is a PNG, the first of the four that the engine would paint; a grid of all four is a WebP.

    Raises:
        InvalidPrompt: there is nothing to paint, or it is too long.
        InvalidSetting: ``out`` asks for another type of file.
        UpstreamRejected: the engine refuses a word or the aspect ratio.
        InvalidPicture, UpstreamUnavailable: a picture named in the prompt cannot be fetched.
        StorageUnavailable: the file cannot be written.
    """
    suffix = ".webp" if whole_grid else ".png"
    if out is not None and out.suffix.lower() != suffix:
        raise InvalidSetting(f"{'A grid' if whole_grid else 'A picture'} is written as {suffix}; please name it so.")
    order = await read(prompt)
    painter = ProceduralPainter()
    paintings = [
        painter.paint(order, index=index, scale=1.0, checkpoint=lambda _: None)
        for index in (range(1, 5) if whole_grid else range(1, 2))
    ]
    content, width, height = paintings[0].content, paintings[0].width, paintings[0].height
    if whole_grid:
        content, width, height = grid.compose([painting.content for painting in paintings])
    path = out or Path(f"imaginebot-{order.seed}{suffix}")
    try:
        write_by_rename(path, content)
    except OSError as error:
        raise StorageUnavailable(f"The picture cannot be written to {path}: {error.strerror}.") from error
    return Written(path=path, width=width, height=height, seed=order.seed)


async def read(prompt: str) -> Order:
    """Give the order that the engine would paint for ``prompt``; a seed is drawn where none is named.

    Raises:
        InvalidPrompt: there is nothing to paint, it is too long, or a parameter is wrong.
        UpstreamRejected: the engine refuses a word or the aspect ratio.
        InvalidPicture, UpstreamUnavailable: a picture named in the prompt cannot be fetched.
    """
    try:
        request = to_request(parse(prompt))
    except ValidationError:
        raise InvalidPrompt(f"Please say what to paint, in at most {PROMPT_LIMIT:,} characters.") from None
    requests.check_words(prompt, DEFAULT_BLOCKED_WORDS)
    stored, _ = requests.imagine(request).draft(secrets.randbelow(SEED_LIMIT + 1))
    pictures = await _fetch(stored)
    return stored.for_painter(pictures.__getitem__)


async def _fetch(stored: StoredOrder) -> Mapping[str, bytes]:
    if not stored.own.pictures:
        return {}
    async with PictureFetcher() as fetcher:
        return {address: await fetcher.fetch(address) for address in stored.own.pictures}
