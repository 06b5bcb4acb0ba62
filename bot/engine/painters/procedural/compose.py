"""Composition: from a reading, the order's parameters and a seed to a scene made for its format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from typing import Any

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural.lexicon import lexicon
from bot.engine.painters.procedural.measure import Measured, measure
from bot.engine.painters.procedural.placing import place_all
from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.reading import Reading, read
from bot.engine.painters.procedural.scene import Grade, Light, Scene
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.subjects.subject import Role

MOST_EXTREME_RATIO = 14.0
_UNSEEN = ("mountains", "sea", "lake", "desert", "meadow", "hills", "islands", "snowfield")
"""Scenes for words that nobody knows: chosen by their hash, with an emblem over them that is theirs alone."""
_LIGHTS = ("noon", "noon", "dawn", "dusk", "golden", "bluehour", "noon")
_FITTING_LIGHTS = {
    "city": ("night", "bluehour", "dusk", "noon"),
    "stars": ("night",),
    "boat": ("noon", "dawn", "dusk", "golden"),
    "waves": ("noon", "dusk", "noon", "golden"),
    "lighthouse": ("dusk", "bluehour", "noon", "dawn"),
    **dict.fromkeys(("forest", "birches"), ("noon", "dawn", "golden")),
    **dict.fromkeys(("table", "fruit", "cups", "bottles"), ("noon", "golden", "noon", "noon")),
    **dict.fromkeys(("portrait", "woman", "man", "oldman", "oldwoman", "child"), ("noon", "golden", "dawn", "dusk")),
    **dict.fromkeys(
        ("cat", "house", "tree", "willow", "flowers", "meadow"), ("noon", "dawn", "golden", "noon", "dusk")
    ),
    "ruin": ("overcast", "dusk", "dawn", "bluehour"),
}
"""What light a subject is often seen in, where the prompt names none."""
_HORIZONS = {
    "sea": 0.60,
    "lake": 0.56,
    "meadow": 0.60,
    "desert": 0.58,
    "snowfield": 0.62,
    "plaza": 0.72,
    "table": 0.66,
    "tabletop": 0.67,
}


def compose(order: Order, index: int) -> Scene:
    """Make the scene of picture ``index`` (1 to 4); the same order and index give the same scene.

    Raises:
        InvalidPicture: one of the order's pictures cannot be read.
    """
    if order.variation_of is not None:
        parent, chosen = order.variation_of
        again = replace(parent, prompt=order.prompt or parent.prompt)
        if again.variation_of is not None:
            again = replace(
                again, variation_of=(replace(again.variation_of[0], prompt=again.prompt), again.variation_of[1])
            )
        return _vary(compose(again, chosen), order, index)
    reading = read(order.prompt, order.no)
    measured = tuple(measure(picture) for picture in order.pictures)
    reading = _with_pictures(reading, measured, blend=order.blend)
    chaos = order.chaos / 100
    # The prompt's own words turn light and palette, so that one seed does not make all prompts alike.
    common = Stream("common", order.seed, reading.unknown, *(name for name, _ in reading.subjects))
    own = Stream("own", order.seed, index, reading.unknown)
    width, height = _units(order.aspect_ratio)
    light_name = _light_name(reading, common, own, chaos)
    ground, subjects = _cast(reading, common, own, chaos)
    horizon = _horizon(ground, width, height, own, chaos, measured)
    weather = _weather(reading)
    light = _light(light_name, reading, (width, height, horizon), (common, own), index, measured)
    if any(name == "emblem" for name, _ in subjects):
        light = replace(light, x=width / 2, veiled=True)
    key = f"{order.seed}/{index}/{reading.unknown}"
    places = place_all(subjects, ground, (width, height, horizon), own, light, chaos, dict(reading.counts))
    ornament = sqrt(order.stylize / 1000)
    clouds = min(
        max(
            0.30
            + own.uniform(-0.12, 0.26)
            + 0.25 * ornament
            + _mood_sum(reading, "clouds")
            - (0.0 if "clouds" in weather or "clear" not in weather else 0.6),
            0.0,
        ),
        1.0,
    )
    if ("weather", "clouds") in reading.excluded or ("subject", "clouds") in reading.excluded:
        clouds = 0.0
    if "clouds" in weather or "storm" in weather:
        clouds = max(clouds, 0.82)
    return Scene(
        width=width,
        height=height,
        horizon=horizon,
        key=key,
        light=light,
        grade=_grade(reading, common, own, chaos, measured, ornament),
        ground=ground,
        places=places,
        weather=weather,
        season=reading.season or "default",
        styles=reading.styles[:2],
        clouds=clouds,
        ornament=ornament,
        detail=order.quality,
        tile=reading.tile,
        raw=reading.raw,
    )


def _units(aspect_ratio: tuple[int, int]) -> tuple[float, float]:
    ratio = min(max(aspect_ratio[0] / aspect_ratio[1], 1 / MOST_EXTREME_RATIO), MOST_EXTREME_RATIO)
    return sqrt(ratio), sqrt(1 / ratio)


def _entry(kind: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = lexicon().table(kind)[name]
    return found


def _light_name(reading: Reading, common: Stream, own: Stream, chaos: float) -> str:
    if reading.light is not None:
        return reading.light
    for mood in reading.moods:
        if "light" in _entry("mood", mood):
            return str(_entry("mood", mood)["light"])
    for weather in reading.weather:
        if weather in lexicon().table("weather_light"):
            return str(lexicon().table("weather_light")[weather])
    if any(name in ("moon", "fireworks") for name, _ in reading.subjects):
        return "night"
    if reading.season is not None and common.child("season").chance(0.6):
        return str(lexicon().table("season_light")[reading.season])
    stream = own if own.child("light").chance(chaos * 0.9) else common
    known = all_subjects()
    own_lights = (known[name].lights or _FITTING_LIGHTS.get(name, ()) for name, _ in reading.subjects if name in known)
    fitting = next((lights for lights in own_lights if lights), _LIGHTS)
    return stream.child("light name").pick(fitting)


def _light(
    name: str,
    reading: Reading,
    frame: tuple[float, float, float],
    streams: tuple[Stream, Stream],
    index: int,
    measured: tuple[Measured, ...],
) -> Light:
    width, height, horizon = frame
    common, own = streams
    entry = _entry("light", name)
    skies = entry["skies"]
    sky = skies[(common.child("sky").integer(0, len(skies) - 1) + index - 1) % len(skies)]
    low, high = entry["sun"]
    altitude = own.child("altitude").uniform(low, high)
    left = (index + common.child("side").integer(0, 1)) % 2 == 0
    x = own.child("sun x").uniform(0.20, 0.42)
    unit = min(height, width * 1.3)
    size = (
        (0.034 if entry.get("moon") else 0.026)
        * unit
        * own.child("sun size").uniform(0.85, 1.25)
        * (1 + 0.8 * reading.weird)
    )
    wanted = {subject for subject, _ in reading.subjects}
    if wanted & {"moon", "sun"}:
        size *= 2.2
    if measured and measured[0].bright_x is not None:
        x, left = measured[0].bright_x, True
    return Light(
        name=name,
        sky=tuple(sky),
        disc=entry["disc"],
        glow=entry["glow"],
        key=entry["key"],
        shade=entry["shade"],
        gloom=entry["gloom"],
        stars=entry["stars"] if ("subject", "stars") not in reading.excluded else 0.0,
        lamps=entry["lamps"],
        x=(x if left else 1 - x) * width,
        y=max(horizon * (1 - altitude), horizon - 0.75 * unit if altitude > 0.4 else 0.0),
        size=size,
        moon=bool(entry.get("moon")) or "moon" in wanted,
        veiled=(bool(entry.get("veiled")) and not wanted & {"moon", "sun"})
        or bool({("subject", "sun"), ("subject", "moon")} & reading.excluded),
    )


def _cast(reading: Reading, common: Stream, own: Stream, chaos: float) -> tuple[str, list[tuple[str, str | None]]]:
    """Choose the ground and what stands on it."""
    known = all_subjects()
    asked = [(name, colour) for name, colour in reading.subjects if name in known]
    if reading.tile and not any(known[name].role is Role.WHOLE for name, _ in asked):
        asked = [*asked, ("pattern", None)]
    strange = not asked and reading.unknown != 0
    if not asked:
        stream = own if own.child("cast").chance(chaos) else common
        asked = [(_home_of(reading, stream), None)]
    if any(known[name].role is Role.FIGURE for name, _ in asked):
        # A portrait of a cat shows the cat.
        asked = [one for one in asked if one[0] != "portrait"]
    wholes = [name for name, _ in asked if known[name].role is Role.WHOLE]
    if wholes:
        whole = max(wholes, key=lambda name: known[name].order)
        return whole, [one for one in asked if one[0] == whole or known[one[0]].role is Role.FIGURE]
    grounds = [name for name, _ in asked if known[name].role is Role.GROUND]
    ground = grounds[0] if grounds else known[asked[0][0]].home
    if not grounds:
        ground = next(
            (known[name].home for name, _ in asked if known[name].role is Role.FIGURE and known[name].home != "meadow"),
            ground,
        )
    if reading.season == "winter" and ground in ("meadow", "desert"):
        ground = "snowfield"
    cast = [(name, colour) for name, colour in asked if known[name].role not in (Role.GROUND,)]
    if not any(known[name].role is Role.BACKDROP and name != "emblem" for name, _ in cast):
        behind = next((known[name].with_backdrop for name, _ in cast if known[name].with_backdrop), ())
        cast = [(name, None) for name in behind or known[ground].with_backdrop] + cast
    if any(name == "forest" for name, _ in asked) and not any(known[name].near for name, _ in asked):
        cast = [*cast, ("thicket", None)]
    if strange:
        cast = [("emblem", None), *cast]
    excluded = {name for kind, name in reading.excluded if kind == "subject"}
    return ground, [(name, colour) for name, colour in cast if name not in excluded]


def _home_of(reading: Reading, stream: Stream) -> str:
    if reading.season == "winter":
        return "mountains"
    if reading.unknown:
        return _UNSEEN[reading.unknown % len(_UNSEEN)]
    return stream.child("unseen").pick(_UNSEEN[:6])


def _horizon(
    ground: str, width: float, height: float, own: Stream, chaos: float, measured: tuple[Measured, ...]
) -> float:
    middle = _HORIZONS.get(ground, 0.6)
    if width / height < 0.65:
        middle += 0.10
    if measured and measured[0].horizon is not None:
        middle = 0.3 * middle + 0.7 * measured[0].horizon
    return min(max(middle + own.child("horizon").uniform(-0.035, 0.05) * (1 + 1.6 * chaos), 0.3), 0.85) * height


def _weather(reading: Reading) -> tuple[str, ...]:
    found = dict.fromkeys(reading.weather)
    for mood in reading.moods:
        if "weather" in _entry("mood", mood):
            found.setdefault(str(_entry("mood", mood)["weather"]))
    return tuple(name for name in found if ("weather", name) not in reading.excluded)


def _mood_sum(reading: Reading, what: str) -> float:
    return sum(float(_entry("mood", mood).get(what, 0.0)) for mood in reading.moods)


def _grade(
    reading: Reading, common: Stream, own: Stream, chaos: float, measured: tuple[Measured, ...], ornament: float
) -> Grade:
    colours: list[str] = []
    strength, chroma, lift = 0.0, 0.92 + 0.34 * ornament, 0.0
    for mood in reading.moods:
        entry = _entry("mood", mood)
        chroma *= float(entry.get("chroma", 1.0))
        lift += float(entry.get("lift", 0.0))
        colours += entry.get("colours", [])
        strength = max(strength, 0.45 if "colours" in entry else 0.0)
    for name in reading.palettes:
        entry = _entry("palette", name)
        chroma *= float(entry.get("chroma", 1.0))
        lift += float(entry.get("lift", 0.0))
        colours = [*entry.get("colours", []), *colours]
        strength = max(strength, 0.7 if "colours" in entry else 0.0)
    if reading.colours:
        colours = [code for name in reading.colours for code in lexicon().table("colour")[name]]
        strength = 0.72
    if measured:
        theirs = [code for one in measured for code in one.palette]
        colours = [*theirs, *colours]
        strength = max(strength, 0.82)
    turn = common.child("hue").uniform(-0.10, 0.10) * (1.0 if not colours else 0.3)
    turn += own.child("turn").uniform(-0.06, 0.06) * (1 + 5 * chaos) + reading.weird * own.child("weird").uniform(
        0.5, 1.3
    )
    if reading.unknown:
        turn += (reading.unknown % 1009 / 1009 - 0.5) * 0.24
    return Grade(
        colours=tuple(colours[:24]),
        strength=strength,
        chroma=chroma * (1.12 if reading.niji else 1.0),
        lift=lift,
        turn=turn,
    )


def _with_pictures(reading: Reading, measured: tuple[Measured, ...], *, blend: bool) -> Reading:
    """Let the pictures fill what the prompt leaves open; a blend merges what all of them show."""
    if not measured:
        return replace(reading, styles=(*reading.styles, "anime")) if reading.niji and not reading.styles else reading
    shown = measured if blend else measured[:1]
    theirs = dict.fromkeys(name for one in shown for name in one.subjects)
    subjects = reading.subjects
    if blend or not subjects:
        subjects = (*subjects, *((name, None) for name in theirs if name not in dict(subjects)))
    return replace(
        reading,
        subjects=subjects,
        light=reading.light or next((one.light for one in shown if one.light), None),
        season=reading.season or next((one.season for one in shown if one.season), None),
        weather=reading.weather or next((one.weather for one in shown if one.weather), ()),
        styles=reading.styles or next((one.styles for one in shown if one.styles), ()),
    )


def _vary(scene: Scene, order: Order, index: int) -> Scene:
    """Draw the details anew and move things a little; chaos says how far."""
    stream = Stream("vary", order.seed, index)
    far = 0.5 + order.chaos / 60
    light = scene.light
    places = tuple(
        replace(
            place,
            x=place.x + stream.child(n).uniform(-0.022, 0.022) * scene.width * far
            if place.name not in ("headland", "sandbank")
            else place.x,
            height=place.height * (1 + stream.child(n, "size").uniform(-0.07, 0.07) * far)
            if place.name not in ("headland", "sandbank")
            else place.height,
            key=f"{place.key}~{order.seed}.{index}" if stream.child(n, "anew").chance(0.5) else place.key,
        )
        for n, place in enumerate(scene.places)
    )
    return replace(
        scene,
        key=f"{scene.key}~{order.seed}.{index}" if stream.chance(0.6) else scene.key,
        places=places,
        clouds=min(max(scene.clouds + stream.uniform(-0.12, 0.12) * far, 0.0), 1.0),
        light=replace(
            light,
            x=light.x + stream.uniform(-0.035, 0.035) * scene.width * far,
            size=light.size * (1 + stream.uniform(-0.12, 0.12) * far),
        ),
        grade=replace(scene.grade, turn=scene.grade.turn + stream.uniform(-0.06, 0.06) * far),
    )
