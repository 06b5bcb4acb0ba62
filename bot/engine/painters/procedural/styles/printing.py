"""Printed: linocut, poster, Art Deco, ukiyo-e, risograph, comic."""

from __future__ import annotations

from functools import partial

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, falloff, smoothstep, wave
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles.style import style
from bot.engine.painters.procedural.surface import (
    banded,
    blur,
    edges,
    flat,
    frame,
    grey,
    lay,
    on_paper,
    saturated,
    soft,
    stretch,
)


@style(
    "linocut",
    ("linocut", "lino print", "woodcut", "block print", "linoleum", "engraving", "etching"),
    broad=True,
    say="linocut print",
)
def linocut(stage: Stage, picture: Plane) -> Plane:
    """Cut the picture into black with grooves that follow the tone."""
    light = blur(stage, stretch(stage, banded(stage, grey, picture)), 0.004 * stage.canvas.px)
    bend = noise.coarse(stage.canvas, stage.stream("gouge"), (2.4, 2.4), 3)
    breaks = noise.field(stage.canvas, stage.stream("breaks"), (26, 70), 2)
    specks = noise.field(stage.canvas, stage.stream("specks"), (120, 120), 2)
    line = banded(stage, lambda part: smoothstep(0.35, 0.6, part), edges(stage, picture, width=2.0))
    clear = blur(stage, line, 0.0042 * stage.canvas.px)
    page = frame(stage, 0.035, rough=0.012, key="block")
    sharp, one = np.float32(stage.canvas.px * 0.012), np.float32(1)

    slope_x, slope_y = _gouged(stage)

    def work(
        tone: Plane,
        bow: Plane,
        down: Plane,
        gaps: Plane,
        dust: Plane,
        own: Plane,
        near: Plane,
        sheet: Plane,
        thing: Plane,
    ) -> Plane:
        along = across * slope_x[thing] + down * slope_y[thing]
        groove = wave(along + bow * np.float32(5) + tone * np.float32(2.6))
        tone = np.where(thing == 0, tone + np.float32(0.14), tone)
        cut = tone * np.float32(1.05) - np.float32(0.28) - groove * np.float32(0.26)
        cut = cut - (gaps - np.float32(0.5)) * np.float32(0.22)
        shows = clamp(cut * sharp + np.float32(0.5))
        # A clear rim is cut about each outline, so that a thing stands off from what is as dark as it is.
        shows = np.maximum(shows, smoothstep(0.16, 0.42, near))
        bright = tone > np.float32(0.30)
        shows = shows * (one - own * bright) + own * ~bright * np.float32(0.9) * (one - shows)
        return clamp(one - shows - smoothstep(0.78, 0.84, dust) * np.float32(0.7)) * sheet

    across, down = stage.canvas.x[None, :], stage.canvas.y[:, None]
    inked = banded(stage, work, light, bend, down, breaks, specks, line, clear, page, stage.canvas.ids)
    return on_paper(stage, lay(stage, (0.955, 0.93, 0.87), _ink(stage), inked * np.float32(0.96)), "lino", amount=0.05)


def _gouged(stage: Stage) -> tuple[Plane, Plane]:
    """Give the way the gouge went in each layer (256, 256): level over land, water and sky, slanting down upright things."""
    ids = stage.canvas.ids
    slope_x, slope_y = np.zeros(256, np.float32), np.full(256, 62, np.float32)
    wide = np.intersect1d(ids[:, 0], ids[:, -1])
    upright = np.setdiff1d(np.arange(1, 256), wide)
    slope_x[upright] = np.where(upright % 2 == 0, np.float32(58), np.float32(-58))
    slope_y[upright] = 24
    return slope_x, slope_y


def _ink(stage: Stage) -> c.Rgb:
    """Take the print's ink from the palette, or black."""
    codes = stage.scene.grade.colours
    return c.to_rgb((0.26, *c.lab(codes[len(codes) // 2])[1:])) if codes else (0.085, 0.09, 0.11)


@style(
    "poster",
    (
        "poster",
        "travel poster",
        "vintage poster",
        "screen print",
        "screenprint",
        "flat design",
        "vector",
        "vector art",
        "graphic",
    ),
    broad=True,
    say="travel poster",
)
def poster(stage: Stage, picture: Plane) -> Plane:
    """Reduce to flat colours within a cream border."""
    colours = 12 if stage.scene.ornament > 0.2 else 7
    stage.canvas.check()
    printed = flat(stage, picture, colours=colours, amount=6.0, tone=lambda one: saturated(stage, one, 1.18))
    cream = (0.965, 0.935, 0.865)
    stage.canvas.check()
    done = lay(stage, cream, printed, frame(stage, 0.045))
    return on_paper(stage, done, "poster", amount=0.035)


@style("artdeco", ("art deco", "deco", "1920s", "gatsby", "art nouveau"), broad=True, say="Art Deco poster")
def artdeco(stage: Stage, picture: Plane) -> Plane:
    """Flatten the colours, send gold rays from the light, and frame it all in stepped gold lines."""
    light = stage.scene.light
    printed = flat(stage, picture, colours=9, amount=3.4, tone=lambda one: saturated(stage, one, 1.1))
    dx = stage.canvas.x[None, :] - np.float32(light.x)
    dy = stage.canvas.y[:, None] - np.float32(min(light.y, stage.horizon * 0.96))
    gold = (0.86, 0.70, 0.36)
    done = lay(stage, printed, gold, banded(stage, lambda *planes: _rays(stage, *planes), dx, dy, stage.canvas.ids))
    line = banded(
        stage, lambda part: smoothstep(0.45, 0.7, part) * np.float32(0.6375), edges(stage, printed, width=1.5)
    )
    done = lay(stage, done, (0.90, 0.76, 0.44), line)
    dx = np.minimum(stage.canvas.x, np.float32(stage.w) - stage.canvas.x)[None, :]
    dy = np.minimum(stage.canvas.y, np.float32(stage.h) - stage.canvas.y)[:, None]
    done = banded(stage, lambda *planes: _stepped_frame(stage.canvas.px, *planes), done, dx, dy)
    return on_paper(stage, done, "deco", amount=0.04)


def _stepped_frame(px: float, picture: Plane, dx: Plane, dy: Plane) -> Plane:
    """Frame a picture in dark and lay lines of gold in the frame; ``dx`` and ``dy`` are distances to the edge."""
    distance = np.minimum(dx, dy)

    def inside(inset: float) -> Plane:
        return clamp((distance - np.float32(inset)) * np.float32(px) + np.float32(0.5))

    dark, gold = _inked(0.065, 0.085, 0.13), _inked(0.86, 0.70, 0.36)
    done: Plane = dark + (picture - dark) * inside(0.062)
    for outer, inner in ((0.062, 0.056), (0.050, 0.0475), (0.040, 0.0325), (0.026, 0.0245)):
        done = done + (gold - done) * np.abs(inside(inner) - inside(outer))
    return done


def _rays(stage: Stage, dx: Plane, dy: Plane, ids: Plane) -> Plane:
    """Give sixteen rays from the light, in the sky alone."""
    r = np.sqrt(dx * dx + dy * dy) + np.float32(1e-4)
    u, v = dx / r, dy / r
    for _ in range(4):
        u, v = u * u - v * v, np.float32(2) * u * v
    rays = clamp(u * (r * np.float32(stage.canvas.px / 16)) + np.float32(0.5)) * (ids == 0)
    done: Plane = rays * np.float32(0.30) * falloff(r * r, 0.9)
    return done


@style(
    "ukiyoe",
    (
        "ukiyo-e",
        "ukiyo e",
        "japanese print",
        "japanese woodblock",
        "hokusai",
        "hiroshige",
        "woodblock",
        "woodblock print",
        "japanese woodblock print",
    ),
    broad=True,
    say="ukiyo-e woodblock print",
)
def ukiyoe(stage: Stage, picture: Plane) -> Plane:
    """Print muted flat colours with indigo outlines, wood grain, and a band of deep blue that fades from the top."""
    calm = soft(stage, picture, 4.2)
    printed = flat(stage, picture, colours=10, amount=4.2, tone=lambda one: one * np.float32(0.86) + np.float32(0.10))
    outline = edges(stage, calm, width=1.7)
    wood = noise.field(stage.canvas, stage.stream("wood"), (2.2, 120), 3)
    down = (stage.canvas.y * np.float32(1 / stage.h))[:, None]
    done = banded(stage, _block_printed, printed, down, stage.canvas.ids, wood, outline)
    done = lay(stage, (0.93, 0.885, 0.78), done, frame(stage, 0.03))
    done = _seal(stage, done)
    return on_paper(stage, done, "washi", amount=0.05)


def _block_printed(printed: Plane, down: Plane, ids: Plane, wood: Plane, outline: Plane) -> Plane:
    """Tone the colours to the paper, let blue fade from the top of the sky, show the block's grain, and add lines."""
    printed = printed * (np.float32(0.45) + np.float32(0.58) * _inked(0.94, 0.89, 0.77))
    band = smoothstep(0.17, 0.0, down) * (ids == 0) * np.float32(0.85)
    printed = printed + (_inked(0.10, 0.20, 0.42) - printed) * band
    printed = printed * (np.float32(1) + (wood - np.float32(0.5)) * np.float32(0.13))
    return printed + (_inked(0.10, 0.12, 0.24) - printed) * (smoothstep(0.28, 0.55, outline) * np.float32(0.88))


def _inked(red: float, green: float, blue: float) -> Plane:
    return np.array((red, green, blue), np.float32).reshape(3, 1, 1)


def _seal(stage: Stage, picture: Plane) -> Plane:
    """Stamp a small red seal into a lower corner."""
    s = 0.036 * stage.unit
    left, top = (stage.w - 0.045 - s if stage.stream("seal").chance(0.5) else 0.045), stage.h - 0.05 - 1.5 * s
    sheet = stage.sheet((left, top, left + s, top + 1.5 * s))
    if sheet.window is None:
        return picture
    sheet.rectangle(left, top, left + s, top + 1.5 * s)
    for y, x0, x1 in ((0.22, 0.2, 0.8), (0.46, 0.32, 0.8), (0.7, 0.2, 0.66), (1.0, 0.2, 0.8), (1.24, 0.36, 0.8)):
        sheet.line([(left + x0 * s, top + y * s), (left + x1 * s, top + y * s)], 0.07 * s, 0)
    sheet.line([(left + 0.5 * s, top + 0.14 * s), (left + 0.5 * s, top + 1.36 * s)], 0.06 * s, 0)
    rows, cols = sheet.window
    picture[:, rows, cols] = lay(stage, picture[:, rows, cols], (0.72, 0.17, 0.13), sheet.mask() * np.float32(0.92))
    return picture


@style(
    "risograph",
    ("risograph", "riso", "riso print", "duotone", "halftone", "two colour print", "two color print", "zine"),
    broad=True,
    say="risograph print",
)
def risograph(stage: Stage, picture: Plane) -> Plane:
    """Print two or three bright inks as dots, not quite in register."""
    stream = stage.stream("riso")
    pairs = (
        ((0.0, 0.47, 0.75), (1.0, 0.42, 0.36)),
        ((0.18, 0.30, 0.62), (1.0, 0.62, 0.18)),
        ((0.0, 0.51, 0.54), (1.0, 0.36, 0.55)),
    )
    cool, warm = stream.pick(pairs)
    calm = soft(stage, picture, 3.0)
    # Two inks over one another are dark: the tones are opened before.
    light = banded(
        stage,
        lambda tone: tone + tone * (np.float32(1) - tone) * np.float32(0.75),
        stretch(stage, banded(stage, grey, calm)),
    )
    done: Plane = np.empty_like(picture)
    done[:] = _inked(0.97, 0.955, 0.92)
    one, sharp = np.float32(1), np.float32(stage.canvas.px * 0.006)

    def plate(page: Plane, own: Plane, tone: Plane, dots: Plane, patches: Plane, *, is_warm: bool) -> Plane:
        warmth = clamp((own[0] - own[2]) * np.float32(1.2) + np.float32(0.5))
        if is_warm:
            tone = (np.float32(0.95) - tone * np.float32(0.72)) * (np.float32(0.22) + warmth)
        else:
            tone = (one - tone) * (np.float32(1.12) - warmth * np.float32(0.75))
        cover = clamp((tone - dots * np.float32(0.92)) * sharp + np.float32(0.4))
        solid = clamp((tone - np.float32(0.78)) * np.float32(6))
        printed = clamp(np.maximum(cover, solid) * (np.float32(0.80) + patches * np.float32(0.28)))
        finished: Plane = page * (one - (one - _inked(*(warm if is_warm else cool))) * printed)
        return finished

    for is_warm, slope, dx, dy in ((False, 0.36, 0.0, 0.0), (True, -0.62, 0.0022, -0.0016)):
        patches = noise.field(stage.canvas, stream.child(slope), (90, 90), 2)
        dots = _dots(stage, slope, 5.4, dx, dy)
        done = banded(stage, partial(plate, is_warm=is_warm), done, calm, light, dots, patches)
    return on_paper(stage, lay(stage, (0.97, 0.955, 0.92), done, frame(stage, 0.03)), "riso", amount=0.04)


def _dots(stage: Stage, slope: float, pitch: float, dx: float, dy: float) -> Plane:
    """Give a screen of dots: the threshold (0…1) at each pixel. ``pitch`` is in thousandths of a unit."""
    k = np.float32(1000 / pitch)
    x, y = (stage.canvas.x + np.float32(dx)) * k, (stage.canvas.y + np.float32(dy)) * k
    screen = np.empty((len(y), len(x)), np.float32)
    for top in range(0, len(y), 128):
        rows = slice(top, top + 128)
        u, v = x[None, :] + y[rows, None] * np.float32(slope), y[rows, None] - x[None, :] * np.float32(slope)
        screen[rows] = (wave(u) + wave(v)) * np.float32(0.25) + np.float32(0.5)
        stage.canvas.check()
    return screen


@style(
    "comic",
    ("comic", "comic book", "pop art", "lichtenstein", "cartoon", "manga", "graphic novel"),
    broad=True,
    say="comic book art",
)
def comic(stage: Stage, picture: Plane) -> Plane:
    """Flatten the colours, add dots in the half tones and bold outlines."""
    stage.canvas.check()
    base = flat(stage, picture, colours=12, amount=3.2, tone=lambda one: saturated(stage, one, 1.35))
    light = grey(soft(stage, picture, 3.0))
    stage.canvas.check()
    dots = clamp(
        (np.float32(0.52) - np.abs(light - np.float32(0.45)) - _dots(stage, 0.5, 8.0, 0, 0))
        * np.float32(stage.canvas.px * 0.008)
    )
    stage.canvas.check()
    done = base * (np.float32(1) - dots * np.float32(0.16))
    stage.canvas.check()
    line = smoothstep(0.25, 0.45, edges(stage, picture, width=2.4))
    done = lay(stage, done, (0.05, 0.045, 0.07), line)
    stage.canvas.check()
    return lay(stage, (0.99, 0.985, 0.96), done, frame(stage, 0.022))


@style(
    "anime",
    ("anime", "ghibli", "studio ghibli", "makoto shinkai", "cel shaded", "cel shading"),
    broad=True,
    say="anime background art",
)
def anime(stage: Stage, picture: Plane) -> Plane:
    """Brighten and simplify, with a bloom and thin lines."""
    calm = soft(stage, saturated(stage, picture, 1.28), 2.8)
    stage.canvas.check()
    for plane in calm:
        steps = np.floor(plane * np.float32(22) + np.float32(0.5)) * np.float32(0.55 / 22)
        plane *= np.float32(0.45)
        plane += steps
        stage.canvas.check()
        bright = blur(stage, clamp((plane - np.float32(0.62)) * np.float32(2.2)), 0.016 * stage.canvas.px)
        plane += (np.float32(1) - plane) * bright * np.float32(0.32)
        stage.canvas.check()
    line = smoothstep(0.35, 0.8, edges(stage, picture, width=1.1)) * np.float32(0.42)
    return lay(stage, calm, (0.12, 0.10, 0.20), line)
