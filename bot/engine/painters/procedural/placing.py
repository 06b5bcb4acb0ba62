"""Give everything in a picture its place: on thirds, on what it stands on, at a size that fits the format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.engine.painters.procedural.randomness import Stream
from bot.engine.painters.procedural.scene import Light, Place
from bot.engine.painters.procedural.subjects import Subject, all_subjects
from bot.engine.painters.procedural.subjects.subject import Role
from bot.engine.painters.procedural.tables import tables

_WATERS = ("sea", "lake")
_PEOPLE = ("portrait", "woman", "man", "oldman", "oldwoman", "child")
_SANDBANK = 0.045
_HEADLAND = 0.17
"""Height of a headland that carries something, as a share of the unit."""


def place_all(
    cast: list[tuple[str, str | None]],
    ground: str,
    frame: tuple[float, float, float],
    stream: Stream,
    light: Light,
    chaos: float,
    counts: Mapping[str, int],
) -> tuple[Place, ...]:
    """Place the cast: backdrops first, then figures from far to near, then what lies in front.

    ``counts`` says of which figures there are several.
    """
    known = all_subjects()
    ordered = sorted(
        cast, key=lambda one: (known[one[0]].role is Role.FRONT, known[one[0]].role is Role.FIGURE, known[one[0]].order)
    )
    figures = [name for name, _ in ordered if known[name].role is Role.FIGURE]
    counts = {
        name: many for name, many in counts.items() if name in figures and name != "birds" and not known[name].rides
    }
    standing = [name for name in figures if known[name].stands != "sky"]
    spots = _spots(len(standing), frame, stream, light, chaos)
    places: list[Place] = []
    for name, colour in ordered:
        subject = known[name]
        spot = stream.child(name, "x").uniform(0.25, 0.75)
        if name in standing:
            spot = spots[standing.index(name)]
        elif len(spots) == 1 and subject.breadth > 0.3:
            # What flies keeps to the other side than what stands.
            spot = 0.72 if spots[0] < 0.5 else 0.28
        places += _one(subject, colour, ground, frame, spot, stream.child("place", name), len(standing))
        if name in counts and ground not in ("logo", *_PEOPLE):
            several = _several(places.pop(), counts[name], subject, frame, stream.child("several", name))
            places += several
        elif subject.flock and len(standing) < 3:
            places = [*_echoes(places[-1], subject, frame, stream.child("echoes", name)), *places]
    places = _mounted(places)
    return tuple(
        sorted(
            places,
            key=lambda place: (known[place.name].role is Role.FRONT, known[place.name].role is not Role.BACKDROP),
        )
    )


def _several(
    place: Place, count: int, subject: Subject, frame: tuple[float, float, float], stream: Stream
) -> list[Place]:
    """Put several of one thing beside each other over the width: smaller, far ones first, none like another."""
    width = frame[0]
    share = 1.0 / (1 + 0.42 * (count - 1))
    reach = 0.5 * place.height * share * subject.breadth / subject.span
    found = []
    for n in range(count):
        one = stream.child(n)
        size = share * one.uniform(0.8, 1.0) if n else share
        slot = (n + 0.5) / count * width + one.uniform(-0.05, 0.05) * width / count
        x = min(max(slot, min(reach, 0.5 * width)), max(width - reach, 0.5 * width))
        back = one.uniform(0.0, 0.22) if n else 0.0
        base = (
            place.base - back * (place.base - frame[2])
            if subject.stands != "sky"
            else (place.base + one.uniform(-0.14, 0.14) * place.height)
        )
        found.append(
            replace(place, x=x, base=base, height=place.height * size, key=f"{place.key} {n}", flip=one.chance(0.5))
        )
    return sorted(found, key=lambda one: one.base)


def _mounted(places: list[Place]) -> list[Place]:
    """Seat the first that rides on the first that carries."""
    known = all_subjects()
    mount = next((place for place in places if known[place.name].seat is not None), None)
    rider = next((place for place in places if known[place.name].rides), None)
    seat = known[mount.name].seat if mount else None
    if mount is None or rider is None or seat is None:
        return places
    way = -1.0 if mount.flip else 1.0
    seated = replace(
        rider,
        x=mount.x + way * seat[0] * mount.height,
        base=mount.base - seat[1] * mount.height,
        height=min(0.82 * mount.height, 0.9 * (mount.base - seat[1] * mount.height)),
        flip=mount.flip,
        seated=True,
    )
    return [*(place for place in places if place not in (mount, rider)), mount, seated]


def _spots(count: int, frame: tuple[float, float, float], stream: Stream, light: Light, chaos: float) -> list[float]:
    """Spread figures over the width: one on the third away from the light, more in even slots."""
    width = frame[0]
    if count == 0:
        return []
    jitter = stream.child("spots").uniform(-0.04, 0.05) * (1 + 2 * chaos)
    if count == 1:
        away = 0.665 if light.x < width / 2 else 0.335
        if width / frame[1] < 0.8:
            away = 0.5 + (away - 0.5) * 0.55
        return [min(max(away + jitter, 0.2), 0.8)]
    slots = [(n + 0.5) / count * 0.8 + 0.1 for n in range(count)]
    if light.x < width / 2:
        slots.reverse()
    return [slot + jitter * 0.5 for slot in slots]


def _one(
    subject: Subject,
    colour: str | None,
    ground: str,
    frame: tuple[float, float, float],
    spot: float,
    stream: Stream,
    company: int,
) -> list[Place]:
    width, height, horizon = frame
    unit = min(height, width * 1.3)
    key = subject.name
    codes = _codes(colour)
    if subject.role is not Role.FIGURE:
        return [Place(name=subject.name, x=width / 2, base=horizon, height=unit, key=key, colour=codes)]
    size = subject.span * unit * stream.uniform(0.92, 1.1) * (1.0 if company < 2 else 0.86 if company == 2 else 0.72)
    widest = 0.8 if (subject.near or subject.stands == "sky") and company < 2 else 0.62
    size = min(size, widest * width / max(subject.breadth / subject.span, 0.1), 0.9 * horizon)
    x = spot * width
    if ground == "tabletop" and company < 2:
        size, x = min(1.3 * size, 0.86 * width * subject.span / subject.breadth), 0.5 * width
    flip = x > width / 2
    if subject.near or subject.stands == "sky":
        half = min(0.5 * size * subject.breadth / subject.span + 0.02 * width, 0.5 * width)
        x = min(max(x, half), width - half)
    depth = height - horizon
    if subject.stands == "sky" and ground != "logo":
        base = horizon * stream.uniform(0.42, 0.62) if ground != "deepwater" else height * stream.uniform(0.38, 0.5)
        return [Place(name=subject.name, x=x, base=base, height=size, key=key, colour=codes, flip=flip)]
    if subject.stands == "water" and ground != "logo":
        base = horizon + depth * stream.uniform(0.16, 0.34) if ground in _WATERS else horizon + depth * 0.5
        return [
            Place(
                name=subject.name,
                x=x,
                base=base,
                height=size,
                key=key,
                colour=codes,
                flip=flip,
                afloat=ground in _WATERS,
            )
        ]
    if ground == "logo":
        fit = min(
            0.40 * height, 0.47 * width, 0.44 * min(height, 1.2 * width) * subject.span / max(subject.breadth, 0.01)
        )
        return [
            Place(name=subject.name, x=width / 2, base=0.47 * height + 0.45 * fit, height=fit, key=key, colour=codes)
        ]
    if subject.stands != "sky" and ground in _PEOPLE:
        fit = min(0.36 * unit, 0.4 * width * subject.span / max(subject.breadth, 0.01))
        side = 0.8 if stream.chance(0.5) else 0.2
        return [
            Place(
                name=subject.name,
                x=side * width,
                base=0.985 * height,
                height=fit,
                key=key,
                colour=codes,
                flip=side > 0.5,
            )
        ]
    if ground in _WATERS:
        low = subject.rock != "headland"
        rock = (_HEADLAND if not low else _SANDBANK) * unit * stream.uniform(0.85, 1.15)
        shore = horizon + depth * stream.uniform(0.10, 0.2)
        size = min(size, (shore - rock) * 0.86)
        return [
            Place(
                name=subject.rock,
                x=x,
                base=shore,
                height=rock,
                width=0.5 * size * subject.breadth / subject.span,
                key=f"rock of {key}",
                flip=flip,
                afloat=True,
            ),
            Place(
                name=subject.name,
                x=x,
                base=shore - rock * (0.94 if not low else 0.5),
                height=size,
                key=key,
                colour=codes,
                flip=flip,
                afloat=True,
            ),
        ]
    base = horizon + depth * (stream.uniform(0.52, 0.68) if subject.near else stream.uniform(0.26, 0.42))
    return [Place(name=subject.name, x=x, base=base, height=size, key=key, colour=codes, flip=flip)]


def _echoes(place: Place, subject: Subject, frame: tuple[float, float, float], stream: Stream) -> list[Place]:
    """Give a wide picture more of the same, smaller and farther off, so that its width is not empty."""
    width, height, horizon = frame
    count = min(int(width / min(height, width * 1.3) / 2.2), 6)
    found = []
    for n in range(count):
        one = stream.child(n)
        x = (place.x + (n + 1) / (count + 1) * width + one.uniform(-0.03, 0.03) * width) % width
        size = place.height * one.uniform(0.42, 0.8)
        base = horizon + (place.base - horizon) * one.uniform(0.25, 0.8) if subject.stands == "water" else place.base
        found.append(replace(place, x=x, base=base, height=size, key=f"{place.key} {n}", flip=one.chance(0.5)))
    return sorted(found, key=lambda one: one.base)


def _codes(colour: str | None) -> tuple[str, ...]:
    return tuple(tables()["colour"][colour]) if colour else ()
