"""A painter that composes scenes from words: NumPy and Pillow, no weights, no network, the same bits everywhere.

::

    prompt -> reading -> compose -> Scene -> render (sky, ground, things, weather) -> style -> PNG
              lexicon    placing    data     subjects/*.py                            styles/*.py

A ``Scene`` is pure data. Lengths are in units in which the picture's area is 1, so that one scene is a preview at
scale 0.25, a picture at 1.0 and its upscale at 2.0. A subject draws where ``Place`` puts it, in the light's colours:

    # subjects/bench.py
    @subject("bench", Role.FIGURE, ("bench", "park bench"), span=0.14, breadth=0.3, order=5, say="a bench")
    def bench(stage: Stage, place: Place) -> None:
        x, base, h = place.x, place.base, place.height
        stage.canvas.new_layer()
        sheet = stage.sheet((x - h, base - h, x + h, base), coloured=True)
        sheet.rectangle(x - h, base - 0.5 * h, x + h, base - 0.4 * h, stage.tones.rgb("#7c5a3a", lit=0.7))
        sheet.over()

What has a body is modelled instead (``modelling``): a few chains of circles, rounded by the light, and marks on them.
``rides`` lets a subject take the ``seat`` of another, ``near`` puts it in the foreground, ``lights`` are those it likes:

    # subjects/moles.py
    @subject("mole", Role.FIGURE, ("mole",), span=0.3, breadth=0.5, near=True, lights=("noon",), say="a mole")
    def mole(stage: Stage, place: Place) -> None:
        model = Model(stage, place)
        model.shadow(-0.8, 0.8)
        fur = painted(place, ("#1c1c24", "#44444c", "#84848c"))
        body = model.solid(row("-0.5 0.4 0.3, 0.2 0.4 0.34, 0.7 0.3 0.1"), code=fur, texture=0.3)
        model.mark(body, row("0.7 0.3 0.06, 0.8 0.3 0.04"), code="#d89890", blur=0.02)
        model.eye(0.5, 0.45, 0.02)

What no word of a prompt names becomes a scene with an emblem that is that prompt's alone (``subjects/emblem``).

A style turns the finished picture, planes (3, height, width) of sRGB in 0…1, into the same in its manner:

    # styles/sepia.py
    @style("sepia", ("sepia", "old print"), say="sepia print")
    def sepia(stage: Stage, picture: Plane) -> Plane:
        return lay(stage, (0.16, 0.10, 0.06), (0.95, 0.90, 0.80), grey(picture))

Both join by lying in their folder; the words are what people type. The tests in ``test_subjects_and_styles`` take up
whatever is registered; add one of your own for what it should look like. Four rules keep the promises:

- Draw chance from ``stage.stream(place.key)`` only, and only with ``exact``'s arithmetic on arrays: the same seed then
  gives the same bits on any machine.
- Measure in units, never in pixels (``stage.unit``, ``stage.canvas.px``): an upscale is then the same picture. Colours
  are chosen by ``stage.study``, which is the same at every size.
- Call ``stage.canvas.check()`` between steps over the whole picture, or work through ``surface.banded``: a cancel is
  heard there.
- A style that keeps nothing finer than a pixel at scale 1 says ``broad=True`` and is quicker for it.
"""

from __future__ import annotations

from bot.engine.painters.procedural.painter import ProceduralPainter

__all__ = ["ProceduralPainter"]
