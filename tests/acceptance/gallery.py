"""Paint 48 prompts at full size and put them on one sheet, to be looked at: ``make gallery``.

``--blind`` writes them in shuffled order, as 01.png to 48.png without text inside, and the key into ``key.txt``: for
somebody who is to say what is in each without having seen the prompts. ``--upscales`` paints each at twice the size
too, and says how much alike the two are (structural similarity at the small size) and what the upscale cost.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural import ProceduralPainter
from bot.engine.painters.procedural.compose import compose
from bot.engine.painters.procedural.render import render
from bot.engine.requests import parse_ratio
from bot.prompts import parse, to_request
from tests.bot.engine.painters.procedural.pictures import similarity

FOLDER = Path(__file__).parent / "gallery"

SUBJECTS = (
    "a lighthouse at dusk",
    "snowy mountains and a lake at dawn",
    "a great wave at sea",
    "tropical islands at noon",
    "a pine forest in fog",
    "an old oak tree in autumn",
    "desert dunes at golden hour",
    "a river through hills in the morning",
    "a meadow of poppies at noon",
    "a village in winter, falling snow",
    "a city skyline at night",
    "a cottage in spring",
    "a castle at golden hour",
    "a ruin in the moonlight",
    "a suspension bridge at dusk",
    "a road to the horizon at sunset",
    "a planet with rings in space",
    "a nebula",
    "a still life with fruit and a vase",
    "cups on a table",
    "hot air balloons at dawn",
    "a red sailboat at noon",
    "birds over the sea at sunset",
    "koi fish",
)
STYLES = (
    "a lighthouse, ink",
    "mountains, watercolour",
    "a sailboat, oil painting",
    "a castle, pencil sketch",
    "a forest, linocut",
    "a city, travel poster",
    "a bridge, art deco",
    "a wave and a mountain, ukiyo-e",
    "a cat, pixel art",
    "desert dunes, low poly",
    "fish, stained glass",
    "a vase of flowers, mosaic",
)
MIXED = (
    "a black cat under a full moon",
    "portrait of an old man with a beard, flat colours",
    "packed circles in teal and ochre",
    "a woven cloth --tile",
    "city street in the rain, neon",
    "a lighthouse, blueprint",
    "layered hills at dusk, paper cut",
    "a hot air balloon over a village, risograph",
    "portrait of a young woman, film photograph",
    "aurora over a cabin in snowy mountains",
    "a castle in a storm, a boat and a lighthouse, eerie",
    "pastel islands and sails at dawn --ar 14:1",
)
PROMPTS = (*SUBJECTS, *STYLES, *MIXED)

_COLUMNS, _CELL, _MARGIN, _CAPTION = 6, 300, 10, 22


def order_of(prompt: str, *, seed: int = 7) -> Order:
    """Read a prompt as the engine reads it."""
    request = to_request(parse(prompt))
    return Order(prompt=request.prompt, seed=seed, aspect_ratio=parse_ratio(request.aspect_ratio), no=request.no)


def paint(numbered: tuple[int, str]) -> bytes:
    """Paint one prompt; its number decides which picture of four it is."""
    number, prompt = numbered
    painting = ProceduralPainter().paint(order_of(prompt), index=number % 4 + 1, scale=1.0, checkpoint=lambda _: None)
    return painting.content


def contact_sheet(prompts: Sequence[str], pictures: Sequence[Image.Image]) -> Image.Image:
    """Put pictures into cells, each with its prompt under it."""
    rows = -(-len(prompts) // _COLUMNS)
    step, down = _CELL + _MARGIN, _CELL + _MARGIN + _CAPTION
    sheet = Image.new("RGB", (_COLUMNS * step + _MARGIN, rows * down + _MARGIN), "#f4f1ea")
    draw = ImageDraw.Draw(sheet)
    for n, (prompt, picture) in enumerate(zip(prompts, pictures, strict=True)):
        small = picture.copy()
        small.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
        left, top = _MARGIN + n % _COLUMNS * step, _MARGIN + n // _COLUMNS * down
        sheet.paste(small, (left + (_CELL - small.width) // 2, top + (_CELL - small.height) // 2))
        draw.text((left + 2, top + _CELL + 3), prompt[: _CELL // 6], fill="#3a3630")
    return sheet


def main(*, blind: bool) -> None:
    """Paint everything on all processors and say where it lies."""
    folder = FOLDER / "blind" if blind else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    numbered = list(enumerate(PROMPTS))
    if blind:
        random.SystemRandom().shuffle(numbered)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        files = list(workers.map(paint, numbered))
    pictures = [Image.open(BytesIO(file)).convert("RGB") for file in files]
    for place, (picture, file) in enumerate(zip(pictures, files, strict=True), start=1):
        if blind:
            picture.info.clear()
            picture.save(folder / f"{place:02}.png")
        else:
            (folder / f"{place:02}.png").write_bytes(file)
    if blind:
        (folder / "key.txt").write_text(
            "".join(f"{place:02} {prompt}\n" for place, (_, prompt) in enumerate(numbered, start=1))
        )
    else:
        contact_sheet(PROMPTS, pictures).save(folder / "sheet.png")
    Console(soft_wrap=True).print(f"{len(files)} pictures in {folder}" + ("" if blind else f", {folder / 'sheet.png'}"))


def compare(numbered: tuple[int, str]) -> tuple[float, float]:
    """Give the likeness of a picture and its upscale, and the upscale's seconds of processor time without encoding."""
    number, prompt = numbered
    scene = compose(order_of(prompt), number % 4 + 1)
    small = render(scene, scale=1.0, checkpoint=lambda _: None)
    began = time.process_time()
    large = render(scene, scale=2.0, checkpoint=lambda _: None)
    seconds = time.process_time() - began
    image = Image.fromarray(large).resize((small.shape[1], small.shape[0]), Image.Resampling.BOX)
    return similarity(small.astype(np.float64), np.asarray(image, np.float64)), seconds


def upscales() -> None:
    """Compare every prompt's picture with its upscale."""
    out = Console(soft_wrap=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        found = list(workers.map(compare, enumerate(PROMPTS)))
    for prompt, (alike, seconds) in zip(PROMPTS, found, strict=True):
        out.print(f"{alike:.3f}  {seconds:.2f} s  {prompt}")
    out.print(f"least {min(alike for alike, _ in found):.3f}, slowest {max(seconds for _, seconds in found):.2f} s")


if __name__ == "__main__":
    if "--upscales" in sys.argv[1:]:
        upscales()
    else:
        main(blind="--blind" in sys.argv[1:])
