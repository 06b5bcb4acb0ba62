"""Contact sheets: many prompts on one page, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural.painter import ProceduralPainter

_MARGIN = 10
_CAPTION = 22


def contact_sheet(
    prompts: Sequence[str], columns: int, cell: int, *, seed: int = 7, aspect_ratio: tuple[int, int] = (1, 1)
) -> Image.Image:
    """Paint each prompt once into a cell of ``cell`` pixels, with the prompt under it."""
    rows = -(-len(prompts) // columns)
    step, down = cell + _MARGIN, cell + _MARGIN + _CAPTION
    sheet = Image.new("RGB", (columns * step + _MARGIN, rows * down + _MARGIN), "#f4f1ea")
    draw = ImageDraw.Draw(sheet)
    painter = ProceduralPainter()
    for n, prompt in enumerate(prompts):
        order = Order(prompt=prompt, seed=seed, aspect_ratio=aspect_ratio)
        painting = painter.paint(order, index=n % 4 + 1, scale=0.75, checkpoint=lambda _: None)
        picture = Image.open(BytesIO(painting.content)).convert("RGB")
        picture.thumbnail((cell, cell), Image.Resampling.LANCZOS)
        left, top = _MARGIN + n % columns * step, _MARGIN + n // columns * down
        sheet.paste(picture, (left + (cell - picture.width) // 2, top + (cell - picture.height) // 2))
        draw.text((left + 2, top + cell + 3), prompt[: cell // 6], fill="#3a3630")
    return sheet
