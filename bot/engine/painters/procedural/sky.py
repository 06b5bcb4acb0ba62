"""The sky: gradient, sun or moon with their glow, stars and clouds in perspective."""

from __future__ import annotations

import numpy as np

from bot.engine.painters.procedural import colour as c
from bot.engine.painters.procedural import noise
from bot.engine.painters.procedural.exact import Plane, clamp, falloff, lookup, smoothstep
from bot.engine.painters.procedural.stage import Stage

_STARS_PER_UNIT = 1500


def paint_sky(stage: Stage) -> None:
    """Paint the whole sky, down to the bottom edge (the ground goes over it)."""
    _gradient(stage)
    light = stage.scene.light
    if light.stars > 0 and not {"rain", "storm"} & set(stage.scene.weather):
        _stars(stage)
    if not light.veiled:
        _glow(stage)
        _disc(stage)
    if stage.scene.clouds > 0.02:
        _clouds(stage)


def _gradient(stage: Stage) -> None:
    canvas = stage.canvas
    table = c.ramp(stage.tones.sky, entries=2048)
    t = clamp(canvas.y * np.float32(1 / max(stage.horizon, 0.05)))
    canvas.rgb[:] = lookup(table, t)[:, :, None]
    canvas.check()


def _glow(stage: Stage) -> None:
    """Add the glow about sun or moon, and a wide one where the light is low."""
    light, glow, reach, low = stage.scene.light, stage.tones.glow(), stage.unit, stage.scene.light.gloom
    if light.moon:
        _shine(stage, 1.0, 0.13 * reach, 0.42, glow)
        return
    _shine(stage, 0.75, (0.11 + 0.05 * low) * reach, 0.56, glow)
    if low > 0.25:
        _shine(stage, 0.33, 0.30 * reach, 0.38 * low + 0.1, stage.tones.plain(light.key))


def _shine(stage: Stage, squeeze: float, radius: float, strength: float, ink: c.Rgb) -> None:
    canvas, light = stage.canvas, stage.scene.light
    dx = np.square((canvas.x - np.float32(light.x)) * np.float32(squeeze))[None, :]
    dy = np.square(canvas.y - np.float32(light.y))[:, None]
    for window in canvas.bands():
        canvas.light(falloff(dx + dy[window[0]], radius) * np.float32(strength), ink, window)


def _disc(stage: Stage) -> None:
    light, canvas = stage.scene.light, stage.canvas
    r = light.size
    sheet = stage.sheet((light.x - r, light.y - r, light.x + r, light.y + r))
    if sheet.window is None:
        return
    sheet.ellipse(light.x, light.y, r, r)
    crescent = light.moon and stage.stream("moon").chance(0.3)
    if crescent:
        sheet.ellipse(light.x + 0.45 * r, light.y - 0.18 * r, 0.92 * r, 0.92 * r, 0)
    mask = sheet.mask()
    rows, cols = sheet.window
    disc = np.array(stage.tones.plain(light.disc), np.float32).reshape(3, 1, 1)
    paint: Plane = disc
    if light.moon:
        maria = noise.field(canvas, stage.stream("maria"), (1.3 / r, 1.3 / r), 4, window=sheet.window)
        paint = disc * (np.float32(1) - np.float32(0.22) * smoothstep(0.45, 0.7, maria))
    canvas.over(mask * np.float32(0.97), paint, (rows, cols))


def _stars(stage: Stage) -> None:
    light, canvas = stage.scene.light, stage.canvas
    stream = stage.stream("stars")
    count = int(_STARS_PER_UNIT * light.stars * stage.w * stage.horizon)
    spots = stream.array(max(count, 1), 4)
    sheet = stage.sheet((0, 0, stage.w, stage.horizon))
    for x, y, size, bright in spots.tolist():
        r = (0.00042 + 0.0011 * size**6) * (1 + 0.3 * stage.scene.ornament)
        fade = max(1 - (0.8 if light.stars > 0.9 else 1.7) * y, 0.0)
        if not light.moon:
            # Beside the sun there are none: they come out on the other side of the sky.
            away = ((x * stage.w - light.x) ** 2 + (y * stage.horizon - light.y) ** 2) ** 0.5
            fade *= min(max(away / stage.unit - 0.30, 0.0) * 5, 1.0)
        sheet.ellipse(x * stage.w, y * stage.horizon, r, r, int(255 * (0.25 + 0.75 * bright) * fade))
    sheet.light((1.0, 0.98, 0.93), strength=min(1.0, 0.4 + 0.7 * light.stars))
    canvas.check()


def _clouds(stage: Stage) -> None:
    """Lay clouds on a ceiling in perspective: they flatten and crowd towards the horizon."""
    scene, canvas = stage.scene, stage.canvas
    window = stage.above(min(stage.horizon * 1.02, stage.h))
    rows = window[0].stop
    if rows < 8:
        return
    cover, reach = scene.clouds, stage.unit
    step = 2 if canvas.px > 300 else 1
    y = canvas.y[:rows:step][:, None]
    x = canvas.x[::step][None, :]
    stream = stage.stream("clouds")
    texture = noise.Texture(stream, 8)
    distance = np.float32(1) / ((np.float32(stage.horizon) - y) * np.float32(1 / reach) + np.float32(0.16))
    u = (x - np.float32(stage.w / 2)) * distance * np.float32(0.17 / reach) + np.float32(stream.uniform())
    v = distance * np.float32(0.26) + np.float32(stream.uniform())
    density = _billow(texture, u, v, stage.octaves(5 if canvas.px > 300 else 3))
    canvas.check()
    side = 1.0 if scene.light.x < stage.w / 2 else -1.0
    shifted = _billow(texture, u - np.float32(0.018 * side), v + np.float32(0.026), 3)
    canvas.check()
    relief = clamp((density - shifted) * np.float32(3.6) + np.float32(0.5))
    threshold = 0.62 - 0.26 * cover
    alpha = smoothstep(threshold, threshold + 0.17 + 0.1 * (1 - cover), density)
    height = y * np.float32(1 / max(stage.horizon, 0.05))
    alpha *= smoothstep(1.0, 0.86, height) * np.float32(0.94)
    alpha *= np.float32(0.55) + np.float32(0.45) * smoothstep(0.0, 0.25, height)
    sun = falloff(_coarse_distance(stage, rows, step), 0.30 * reach)
    tint = clamp(relief * np.float32(0.62) + sun * np.float32(0.5) + (height - np.float32(0.5)) * np.float32(0.16))
    shape = (rows, canvas.width)
    canvas.check()
    if step > 1:
        tint = noise.enlarge(tint, shape)
        canvas.check()
        alpha = noise.enlarge(alpha, shape)
        canvas.check()
    table = _cloud_table(stage)
    for window in canvas.bands(rows):
        canvas.over(alpha[window[0]], lookup(table, tint[window[0]]), window)


def _coarse_distance(stage: Stage, rows: int, step: int) -> Plane:
    light, canvas = stage.scene.light, stage.canvas
    dx = (canvas.x[::step] - np.float32(light.x)) * np.float32(0.6)
    dy = canvas.y[:rows:step] - np.float32(light.y)
    distance: Plane = (dx * dx)[None, :] + (dy * dy)[:, None]
    return distance


def _billow(texture: noise.Texture, u: Plane, v: Plane, octaves: int) -> Plane:
    total, weight, sum_ = np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float32), 1.0, 0.0
    for octave in range(octaves):
        f = np.float32(2.07**octave)
        total += texture.read(u * f + np.float32(0.137 * octave), v * f + np.float32(0.291 * octave)) * np.float32(
            weight
        )
        sum_ += weight
        weight *= 0.5
    return total * np.float32(1 / sum_)


def _cloud_table(stage: Stage) -> Plane:
    """Give the colours of clouds, from their shaded bellies to their lit rims."""
    scene, sky = stage.scene, stage.tones.sky
    light = scene.light
    shade = c.mix(sky[len(sky) // 2], c.lab(light.shade), 0.22 + 0.30 * light.gloom)
    if light.gloom < 0.3:
        shade = c.lighten(c.mix(sky[-1], c.lab(light.shade), 0.28), 0.02)
    body = c.mix(sky[-2], sky[len(sky) // 2], 0.35 if light.gloom > 0.3 else 0.1)
    rim_strength = 0.25 if light.moon else 0.72
    rim = c.mix(sky[-1], c.from_rgb(stage.tones.glow()), rim_strength)
    if light.gloom < 0.3:
        body, rim = c.lighten(sky[-1], 0.02), c.lighten(c.mix(sky[-1], (1.0, 0.0, 0.01), 0.8), 0.02)
    return c.ramp([shade, c.mix(shade, body, 0.5), body, c.mix(body, rim, 0.7), rim])
