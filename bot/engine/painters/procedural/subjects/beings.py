"""Robot and astronaut: flat graphic figures that stand, or ride."""

from __future__ import annotations

from bot.engine.painters.procedural.modelling import Codes, Model, Shape, painted, panel, row
from bot.engine.painters.procedural.scene import Place
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.subjects.subject import Role, subject

_STEEL = ("#4c5460", "#a0acb8", "#f0f4f8")
_DARK = ("#14161c", "#2c3038", "#5c626c")


def raised(shape: Shape, by: float) -> Shape:
    """Move a shape up."""
    return tuple((point[0], point[1] + by, *point[2:]) for point in shape)


def legs(model: Model, place: Place, code: Codes, shoe: Codes, thick: float) -> float:
    """Paint standing legs, or one that hangs down in front of a mount; give how far the body is lowered."""
    if place.seated:
        leg = model.solid(
            ((-0.02, 0.06, 1.1 * thick), (0.17, 0.0, thick), (0.17, -0.26, 0.85 * thick)), code=code, roundness=0.05
        )
        model.mark(leg, ((0.17, -0.26, 1.1 * thick),), code=shoe)
        model.solid(((0.16, -0.31, 0.8 * thick), (0.25, -0.32, 0.6 * thick)), code=shoe, roundness=0.03)
        return -0.34
    for x, way in ((-0.095, -1), (0.095, 1)):
        model.solid(
            ((0.9 * x, 0.40, 1.1 * thick), (x, 0.22, thick), (x, 0.08, 0.85 * thick)), code=code, roundness=0.05
        )
        model.solid(((x, 0.05, 0.85 * thick), (x + way * 0.02, 0.035, 0.8 * thick)), code=shoe, roundness=0.03)
    return 0.0


@subject(
    "robot",
    Role.FIGURE,
    ("robot", "android", "cyborg", "mech", "droid", "automaton"),
    span=0.62,
    breadth=0.46,
    order=9,
    near=True,
    rides=True,
    lights=("noon", "dusk", "golden", "bluehour"),
    say="a robot",
)
def robot(stage: Stage, place: Place) -> None:
    """Paint a friendly robot of plates, with glowing eyes."""
    model = Model(stage, place)
    code = painted(
        place,
        model.stream.pick(
            (
                _STEEL,
                ("#2c5c68", "#6cb0b8", "#d4f4f0"),
                ("#8c5410", "#e8a434", "#fce4a0"),
                ("#702c28", "#d06850", "#fcc4a8"),
            )
        ),
    )
    if not place.seated:
        model.shadow(-0.34, 0.34)
    lower = legs(model, place, _STEEL, code, 0.062)

    def part(shape: Shape, colour: Codes, roundness: float = 0.06) -> None:
        model.solid(raised(shape, lower), code=colour, roundness=roundness, steps=1)

    for way in (-1.0, 1.0):
        model.solid(
            raised(((way * 0.24, 0.63, 0.055), (way * 0.32, 0.52, 0.04), (way * 0.31 + 0.03, 0.40, 0.04)), lower),
            code=_STEEL,
            roundness=0.04,
        )
        for dx in (-0.035, 0.035):
            model.solid(
                raised(((way * 0.31 + 0.03 + 0.6 * dx, 0.375, 0.022), (way * 0.31 + 0.03 + dx, 0.33, 0.018)), lower),
                code=code,
                roundness=0.02,
            )
    part(panel(-0.23, 0.36, 0.23, 0.70, 0.05), code)
    part(panel(-0.14, 0.46, 0.14, 0.64, 0.03), _DARK, 0.03)
    for n, ink in enumerate(("#5cf0c8", "#f8d048", "#f46c5c")):
        model.flat(((-0.085 + 0.085 * n, 0.60 + lower, 0.018),), code=ink, plain=True)
    model.flat(
        (
            (-0.10, 0.51 + lower, 0.006),
            (-0.05, 0.51 + lower, 0.006),
            (-0.02, 0.55 + lower, 0.006),
            (0.02, 0.48 + lower, 0.006),
            (0.05, 0.51 + lower, 0.006),
            (0.10, 0.51 + lower, 0.006),
        ),
        code="#5cf0c8",
        plain=True,
        steps=0,
    )
    model.solid(raised(row("0 0.7 0.05, 0 0.73 0.05"), lower), code=_DARK, roundness=0.03)
    part(panel(-0.185, 0.735, 0.185, 0.965, 0.06), code)
    part(panel(-0.145, 0.785, 0.145, 0.93, 0.045), _DARK, 0.03)
    for way in (-1.0, 1.0):
        model.solid(raised(((way * 0.195, 0.85, 0.04), (way * 0.205, 0.85, 0.035)), lower), code=_STEEL, roundness=0.03)
        model.flat(((way * 0.068, 0.868 + lower, 0.036),), code="#7cf4ec", plain=True)
        model.flat(((way * 0.068 + 0.01, 0.878 + lower, 0.013),), code="#ffffff", plain=True)
    model.flat(
        ((-0.05, 0.81 + lower, 0.007), (0.0, 0.80 + lower, 0.007), (0.05, 0.81 + lower, 0.007)),
        code="#7cf4ec",
        plain=True,
    )
    model.flat(((0.0, 0.96 + lower, 0.008), (0.0, 1.04 + lower, 0.008)), code="#5c6470", lit=0.6)
    model.flat(((0.0, 1.05 + lower, 0.026),), code="#f46c5c", plain=True)
    if not place.seated:
        model.rooted((-0.1, 0.1))


@subject(
    "astronaut",
    Role.FIGURE,
    ("astronaut", "spaceman", "cosmonaut", "space suit", "spacewoman"),
    home="space",
    span=0.62,
    breadth=0.44,
    order=9,
    near=True,
    rides=True,
    lights=("noon",),
    say="an astronaut",
)
def astronaut(stage: Stage, place: Place) -> None:
    """Paint an astronaut in a white suit with a golden visor."""
    model = Model(stage, place)
    white = painted(place, ("#848c9c", "#e4e6ea", "#ffffff"))
    if not place.seated:
        model.shadow(-0.34, 0.34)
    if place.seated:
        model.solid(panel(-0.24, 0.08, 0.0, 0.44, 0.05), code=_STEEL, roundness=0.06, steps=1)
    else:
        model.solid(panel(-0.21, 0.40, 0.21, 0.76, 0.06), code=_STEEL, roundness=0.06, steps=1)
    lower = legs(model, place, white, ("#54607c", "#8c98b4", "#d4dcec"), 0.078)
    for way in (-1.0, 1.0):
        hand = ((way * 0.36, 0.50), (way * 0.30 + 0.06, 0.36))[way > 0 and place.seated]
        arm = model.solid(
            raised(((way * 0.19, 0.66, 0.072), (way * 0.30, 0.57, 0.062), (*hand, 0.055)), lower),
            code=white,
            roundness=0.05,
        )
        model.mark(arm, raised(((*hand, 0.062),), lower), code=("#54607c", "#8c98b4", "#d4dcec"))
        model.mark(arm, raised(((way * 0.22, 0.70, 0.016), (way * 0.26, 0.55, 0.016)), lower), code="#d84c34")
    model.solid(raised(row("0 0.44 0.165, 0 0.6 0.185, 0 0.66 0.16"), lower), code=white, roundness=0.10)
    model.solid(
        raised(panel(-0.10, 0.52, 0.10, 0.63, 0.02), lower),
        code=("#5c6474", "#a4acbc", "#e8ecf4"),
        roundness=0.03,
        steps=1,
    )
    for n, ink in enumerate(("#e84c3c", "#f8c83c", "#4cb0f0")):
        model.flat(((-0.055 + 0.055 * n, 0.575 + lower, 0.015),), code=ink, plain=True)
    helmet = model.solid(raised(row("0 0.85 0.175, 0 0.87 0.165"), lower), code=white, roundness=0.09)
    visor: Shape = raised(
        row("-0.125 0.86, -0.1 0.95, 0 0.985, 0.12 0.95, 0.145 0.86, 0.11 0.77, 0 0.745, -0.095 0.77"), lower
    )
    model.mark(helmet, visor, code=("#20180c", "#c87c1c", "#ffe08c"))
    model.mark(
        helmet,
        raised(row("-0.06 0.8, -0.1 0.86, -0.07 0.94, 0 0.965, 0 0.9"), lower),
        code="#fff4cc",
        blur=0.02,
        strength=0.7,
    )
    if not place.seated:
        model.rooted((-0.1, 0.1))
