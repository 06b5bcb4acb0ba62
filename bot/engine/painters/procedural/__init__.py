"""A painter that composes scenes from words: NumPy and Pillow, no weights, no network, the same bits everywhere."""

from __future__ import annotations

from bot.engine.painters.procedural.painter import ProceduralPainter

__all__ = ["ProceduralPainter"]
