"""Look at a picture: decode it safely, and measure palette, light and layout; or read our own scene from it."""

from __future__ import annotations

import warnings
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural.exact import Plane
from bot.engine.painters.procedural.scene import read_summary
from bot.engine.painters.procedural.styles import all_styles
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.tables import tables
from bot.errors import InvalidPicture

MOST_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_SMALL = 128
_MOST_TEXT = 8000


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a picture shows. ``palette`` runs from dark to light, with ``shares``; ``horizon`` is a share of the height.

    Means are in 0…1 (lightness, chroma) of OKLab; ``texture`` is how busy it is. ``subjects`` and what follows are known for
    our own pictures, and guessed from colour and layout for others.
    """

    size: tuple[int, int]
    palette: tuple[str, ...]
    lightness: float
    contrast: float
    chroma: float
    warmth: float
    texture: float
    horizon: float | None
    bright_x: float | None
    light: str | None
    subjects: tuple[str, ...]
    season: str | None = None
    weather: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    prompt: str | None = None


def open_picture(content: bytes) -> Image.Image:
    """Decode a picture, upright, in RGB; its size is checked before its pixels are read.

    Raises:
        InvalidPicture: it is not one, is damaged, or has more than 40 megapixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(BytesIO(content), formats=_FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise InvalidPicture("This picture has more than 40 megapixels; please send a smaller one.")
            image.draft("RGB", (1024, 1024))
            image.load()
            upright = ImageOps.exif_transpose(image)
            found = upright.convert("RGBA")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InvalidPicture("This picture has more than 40 megapixels; please send a smaller one.") from error
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        MemoryError,
        IndexError,
        TypeError,
        KeyError,
        ZeroDivisionError,
    ) as error:
        raise InvalidPicture("This picture cannot be read; please send a PNG, JPEG, WebP or GIF.") from error
    ground = Image.new("RGBA", found.size, (255, 255, 255, 255))
    ground.alpha_composite(found)
    result = ground.convert("RGB")
    result.info.update({key: value for key, value in image.info.items() if isinstance(value, str)})
    return result


def measure(content: bytes) -> Measured:
    """Measure a picture.

    Raises:
        InvalidPicture: it cannot be read.
    """
    image = open_picture(content)
    size = image.size
    small = image.resize((_SMALL, _SMALL), Image.Resampling.BOX)
    labs = _labs(small)
    lightness, a, b = labs
    chroma = np.sqrt(a * a + b * b)
    rows = lightness.mean(axis=1)
    palette = _palette(small)
    horizon = _horizon(labs)
    bright = lightness[: int((horizon or 0.6) * _SMALL)].mean(axis=0)
    peak = int(np.argmax(np.convolve(bright, np.ones(15) / 15, mode="same")[10:-10])) + 10
    mean = float(lightness.mean())
    upper = [float(plane[: _SMALL // 3].mean()) for plane in labs]
    own = image.info.get("scene", "")
    known = read_summary(own) if isinstance(own, str) and len(own) < _MOST_TEXT * 4 else None
    measured = Measured(
        size=size,
        palette=palette,
        lightness=round(mean, 4),
        contrast=round(float(lightness.std()), 4),
        chroma=round(float(chroma.mean()), 4),
        warmth=round(float(b.mean()), 4),
        texture=round(float(np.abs(np.diff(lightness, axis=1)).mean() + np.abs(np.diff(lightness, axis=0)).mean()), 4),
        horizon=horizon,
        bright_x=round(peak / _SMALL, 3) if bright.max() - bright.min() > 0.06 else None,
        light=_light(mean, upper, rows),
        subjects=_guess(labs, horizon),
    )
    return _with_truth(measured, known, image.info.get("prompt")) if known else measured


def _labs(image: Image.Image) -> Plane:
    rgb = np.asarray(image, np.float64).reshape(-1, 3) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_lms = np.array(
        (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        )
    )
    to_lab = np.array(
        (
            (0.2104542553, 0.7936177850, -0.0040720468),
            (1.9779984951, -2.4285922050, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.8086757660),
        )
    )
    lms = np.cbrt(linear @ to_lms.T)
    labs: Plane = np.round((lms @ to_lab.T).T, 4).reshape(3, image.height, image.width)
    return labs


def _palette(image: Image.Image) -> tuple[str, ...]:
    """Give up to six colours that the picture is made of, dark to light."""
    few = image.quantize(7, method=Image.Quantize.MEDIANCUT, kmeans=2)
    table = few.getpalette() or []
    counts = sorted(enumerate(few.histogram()[: len(table) // 3]), key=lambda one: -one[1])
    colours = [
        c.from_rgb((table[3 * n] / 255, table[3 * n + 1] / 255, table[3 * n + 2] / 255)) for n, count in counts if count
    ]
    kept: list[c.Lab] = []
    for one in colours:
        if all(sum((p - q) ** 2 for p, q in zip(one, other, strict=True)) > 0.0016 for other in kept):
            kept.append(one)
    return tuple(c.to_hex(one) for one in sorted(kept[:6]))


def _horizon(labs: Plane) -> float | None:
    """Find the row where the picture changes most, in its middle part."""
    means = labs.mean(axis=2)
    gap = 6
    change = np.sqrt(((means[:, gap:] - means[:, :-gap]) ** 2).sum(axis=0))
    low, high = int(0.25 * _SMALL), int(0.85 * _SMALL) - gap
    best = int(np.argmax(change[low:high])) + low
    return round((best + gap / 2) / _SMALL, 3) if change[best] > 0.05 else None


def _light(mean: float, upper: list[float], rows: Plane) -> str:
    sky_light, sky_a, sky_b = upper
    if mean < 0.36:
        return "night" if sky_a < 0.03 else "dusk"
    if sky_b > 0.045 or sky_a > 0.045:
        return "dusk" if mean < 0.55 else "golden"
    if abs(sky_b) < 0.018 and abs(sky_a) < 0.015:
        return "overcast"
    return "noon" if sky_light > 0.6 and rows[0] > 0.45 else "bluehour" if mean < 0.5 else "dawn"


def _guess(labs: Plane, horizon: float | None) -> tuple[str, ...]:
    """Guess a setting from the colour of the lower third."""
    lower = labs[:, _SMALL * 2 // 3 :]
    lightness, a, b = (float(plane.mean()) for plane in lower)
    if horizon is None:
        return ("flow",)
    if lightness > 0.82 and abs(a) + abs(b) < 0.05:
        return ("snowfield", "mountains")
    if a < -0.03 and b > 0.02:
        return ("meadow", "hills")
    if b < -0.012 or (a < -0.012 and b < 0.02):
        return ("sea", "islands")
    if b > 0.04 and lightness > 0.5:
        return ("desert",)
    return ("lake", "mountains")


def _with_truth(measured: Measured, known: Mapping[str, Any], prompt: object) -> Measured:
    """Replace guesses by what the picture says of itself; whatever it says is checked against what exists."""
    places = known["places"] if isinstance(known["places"], list) else []
    light = known["light"] if isinstance(known["light"], dict) else {}
    names = [known.get("ground"), *(place.get("name") for place in places if isinstance(place, dict))]
    subjects = tuple(name for name in _known(names, all_subjects()) if name not in ("headland", "sandbank"))
    return replace(
        measured,
        subjects=subjects or measured.subjects,
        light=next(iter(_known([light.get("name")], tables()["light"])), measured.light),
        season=next(iter(_known([known.get("season")], tables()["season"])), None),
        weather=_known(known.get("weather"), tables()["weather"]),
        styles=_known(known.get("styles"), all_styles())[:2],
        prompt=prompt[:_MOST_TEXT] if isinstance(prompt, str) else None,
    )


def _known(values: object, allowed: Container[str]) -> tuple[str, ...]:
    """Keep the strings that are names of something, each once."""
    if not isinstance(values, list):
        return ()
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value in allowed))
