"""Put a picture into words: four prompts, each from another side."""

from __future__ import annotations

from math import gcd

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.measure import Measured
from bot.engine.painters.procedural.styles import all_styles
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.tables import tables

_LIGHTS = {
    "noon": ("at noon", "bright daylight"),
    "dawn": ("at dawn", "first light of morning"),
    "golden": ("at golden hour", "warm light of late afternoon"),
    "dusk": ("at dusk", "afterglow of sunset"),
    "bluehour": ("at blue hour", "twilight"),
    "night": ("at night", "moonlight"),
    "overcast": ("under an overcast sky", "soft grey light, cloudy"),
    "storm": ("under a stormy sky", "thundery storm light"),
}
_RATIOS = (
    (1, 1),
    (4, 3),
    (3, 4),
    (3, 2),
    (2, 3),
    (16, 9),
    (9, 16),
    (5, 4),
    (4, 5),
    (2, 1),
    (1, 2),
    (21, 9),
    (7, 5),
    (5, 7),
    (3, 1),
    (1, 3),
)


def describe(measured: Measured) -> tuple[str, ...]:
    """Give four different prompts, each ending in its ``--ar``."""
    ratio = _ratio(*measured.size)
    known = all_subjects()
    says = [known[name].say for name in measured.subjects if name in known] or ["an abstract composition"]
    figures = [known[name].say for name in measured.subjects if name in known and known[name].role == "figure"]
    main = figures[0] if figures else says[0]
    rest = [say for say in says if say != main]
    at, light = _LIGHTS.get(measured.light or "", ("in soft light", "soft light"))
    colours = _colour_words(measured.palette)
    manner = [all_styles()[name].say for name in measured.styles] or [_manner(measured)]
    air = [*measured.weather, *([measured.season] if measured.season else [])]
    mood = (
        "dramatic"
        if measured.contrast > 0.22
        else "calm"
        if measured.texture < 0.05
        else "vivid"
        if measured.chroma > 0.11
        else "quiet"
    )
    setting = f"{main} with {' and '.join(rest[:2])}" if rest else main
    drafts = (
        ", ".join([f"{setting} {at}", *air, *manner]),
        ", ".join([f"{main}, {' and '.join(colours[:2])} palette", light, *manner, *air]),
        ", ".join([f"{mood} view of {setting}", light, *air, f"{colours[0]} tones"]),
        ", ".join([*manner, f"{main} {at}", *rest[1:], *colours[:3], *air, mood]),
    )
    return tuple(f"{draft} --ar {ratio[0]}:{ratio[1]}" for draft in drafts)


def _ratio(width: int, height: int) -> tuple[int, int]:
    """Name the nearest common format, or the exact one where none is near."""
    ratio = width / height
    best = min(_RATIOS, key=lambda one: abs(one[0] / one[1] / ratio - 1))
    if abs(best[0] / best[1] / ratio - 1) < 0.012:
        return best
    if ratio >= 1:
        w, h = min(round(ratio * 20), 280), 20
    else:
        w, h = 20, min(round(20 / ratio), 280)
    shared = gcd(w, h)
    return w // shared, h // shared


def _colour_words(palette: tuple[str, ...]) -> list[str]:
    """Name the palette's colours by the nearest words of the lexicon, the strongest first."""
    words: dict[str, float] = {}
    for code in palette:
        one = c.lab(code)
        name = min(
            tables()["colour"],
            key=lambda word: sum((p - q) ** 2 for p, q in zip(one, c.lab(tables()["colour"][word][1]), strict=True)),
        )
        words[name] = max(words.get(name, 0.0), one[1] ** 2 + one[2] ** 2)
    ordered = sorted(words, key=lambda word: -words[word])
    return [*ordered, "grey", "cream"][:4] if len(ordered) < 2 else ordered[:4]


def _manner(measured: Measured) -> str:
    if measured.chroma < 0.02:
        return "black and white"
    return "digital painting" if measured.texture < 0.06 else "film photograph"
