"""What people ask for first has a figure of its own, whole, in a place that suits it."""

from __future__ import annotations

import numpy as np
import pytest

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural.compose import compose
from bot.engine.painters.procedural.exact import Plane
from bot.engine.painters.procedural.modelling import row, smooth_shape
from bot.engine.painters.procedural.render import render
from bot.engine.painters.procedural.scene import Place, Scene
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.subjects.subject import Role
from tests.bot.engine.painters.procedural.pictures import distance, keep_going, pixels


def _scene(prompt: str, index: int = 1, ratio: tuple[int, int] = (1, 1)) -> Scene:
    return compose(Order(prompt=prompt, seed=7, aspect_ratio=ratio), index)


def _place(scene: Scene, name: str) -> Place:
    return next(place for place in scene.places if place.name == name)


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("a red fox in the snow", {"fox", "snowfield"}),
        ("an owl", {"owl"}),
        ("a dragon over a castle", {"dragon", "castle"}),
        ("a cup of coffee", {"cups"}),
        ("a robot", {"robot"}),
        ("an astronaut on a horse", {"astronaut", "horse", "space"}),
        ("wolves howling at night", {"wolf"}),
        ("a steam train", {"train"}),
        ("an old car", {"car"}),
        ("a butterfly", {"butterfly"}),
        ("a rose", {"rose"}),
        ("a dog on a beach", {"dog", "beach"}),
        ("a ship in a bottle", {"bottleship", "tabletop"}),
        ("a wizard", {"wizard"}),
        ("a tiger", {"tiger"}),
        ("sushi", {"sushi", "tabletop"}),
        ("a tree house", {"treehouse"}),
        ("a logo for a bakery", {"logo", "bread"}),
        ("a mushroom forest", {"mushrooms", "forest"}),
        ("an elephant", {"elephant"}),
        ("a polar bear", {"polarbear", "snowfield"}),
        ("a unicorn", {"unicorn"}),
        ("penguins", {"penguin"}),
        ("a sunflower", {"sunflower"}),
        ("a fox under birches in snow", {"fox", "birches"}),
        ("an aspen grove", {"birches"}),
    ],
)
def test_what_people_type_first_is_in_the_picture(prompt: str, names: set[str]) -> None:
    assert names <= _scene(prompt).names
    assert "emblem" not in _scene(prompt).names


NEAR = sorted(
    name for name, one in all_subjects().items() if one.role is Role.FIGURE and (one.near or one.stands == "sky")
)


@pytest.mark.parametrize("name", NEAR)
@pytest.mark.parametrize("ratio", [(1, 1), (3, 2), (2, 3)])
def test_a_figure_in_the_foreground_is_whole(name: str, ratio: tuple[int, int]) -> None:
    subject = all_subjects()[name]
    for index in (1, 2, 3, 4):
        scene = _scene(subject.words[0], index, ratio)
        place = next(one for one in scene.places if one.name == name)
        half = 0.5 * place.height * subject.breadth / subject.span
        assert half - 0.001 <= place.x <= scene.width - half + 0.001
        assert place.base <= scene.height


def test_who_rides_sits_on_the_back_of_the_mount() -> None:
    scene = _scene("an astronaut on a horse")
    rider, mount = _place(scene, "astronaut"), _place(scene, "horse")
    assert rider.seated
    assert mount.base - mount.height < rider.base < mount.base - 0.5 * mount.height
    assert abs(rider.x - mount.x) < 0.2 * mount.height
    names = [place.name for place in scene.places]
    assert names.index("horse") < names.index("astronaut")


def test_alone_nobody_is_seated() -> None:
    assert not _place(_scene("an astronaut"), "astronaut").seated
    assert not any(place.seated for place in _scene("a horse and a cow").places)


def test_the_colour_word_colours_the_figure() -> None:
    def middle(prompt: str) -> Plane:
        scene = _scene(prompt)
        place = _place(scene, "car")
        picture = pixels(Order(prompt=prompt, seed=7), scale=0.2)
        y, x = (int(at * picture.shape[0]) for at in (place.base - 0.5 * place.height, place.x))
        found: Plane = picture[y - 3 : y + 3, x - 8 : x + 8].mean(axis=(0, 1))
        return found

    red, blue = middle("a red car at noon"), middle("a blue car at noon")
    assert red[0] - red[2] > 60
    assert blue[2] - blue[0] > 40


def test_a_rose_is_a_flower_and_not_a_colour() -> None:
    assert "rose" in _scene("a rose").names
    assert _scene("a rose").grade.colours == ()
    assert _place(_scene("a red rose"), "rose").colour


def test_a_badge_carries_what_the_prompt_names() -> None:
    scene = _scene("a logo of a fox")
    fox = _place(scene, "fox")
    assert scene.ground == "logo"
    assert abs(fox.x - scene.width / 2) < 0.01
    assert distance(pixels(Order(prompt="a logo of a fox")), pixels(Order(prompt="a logo"))) > 1


def test_unknown_words_get_a_scene_with_an_emblem_of_their_own() -> None:
    scenes = {word: _scene(word) for word in ("florbnik", "quuxible", "zorblax", "justice", "entropy")}
    for scene in scenes.values():
        assert "emblem" in scene.names
        assert all_subjects()[scene.ground].role is not Role.WHOLE
    assert len({scene.ground for scene in scenes.values()}) > 1
    for prompt in ("", "a lake", "at dusk, oil painting"):
        assert "emblem" not in _scene(prompt).names


def test_the_emblem_is_drawn_and_differs_from_word_to_word() -> None:
    pictures = [
        render(_scene(f"{word} meadow"), scale=0.2, checkpoint=keep_going)
        for word in ("emblem florbnik", "emblem quuxible")
    ]
    assert np.abs(pictures[0].astype(float) - pictures[1].astype(float)).mean() > 1
    bare = render(_scene("a meadow"), scale=0.2, checkpoint=keep_going)
    assert np.abs(pictures[0].astype(float) - bare.astype(float)).mean() > 3


@pytest.mark.parametrize(("prompt", "name", "count"), [("two foxes", "fox", 2), ("five sheep on a hill", "sheep", 5)])
def test_as_many_are_painted_as_the_prompt_says(prompt: str, name: str, count: int) -> None:
    scene = _scene(prompt)
    places = [place for place in scene.places if place.name == name]
    assert len(places) == count
    assert len({place.key for place in places}) == count
    assert all(0 < place.x < scene.width for place in places)
    assert [place.base for place in places] == sorted(place.base for place in places)


def test_a_portrait_of_an_animal_shows_the_animal() -> None:
    assert {"cat"} <= _scene("a portrait of a cat").names
    assert "portrait" not in _scene("a portrait of a cat").names
    assert _scene("a woman with a cat").names >= {"woman", "cat"}


def test_a_forest_comes_near_only_where_it_is_asked_for() -> None:
    assert "thicket" in _scene("a forest").names
    assert "thicket" not in _scene("a fox").names


def test_no_takes_a_figure_out_again() -> None:
    assert "fox" in _scene("a fox and a wolf").names
    assert "fox" not in compose(Order(prompt="a fox and a wolf", seed=7, no="fox"), 1).names


def test_rows_of_points_are_read_and_rounded() -> None:
    assert row("0 1 0.5, -1 .25 2") == ((0.0, 1.0, 0.5), (-1.0, 0.25, 2.0))
    line = smooth_shape(row("0 0, 1 0, 1 1"), closed=False, steps=2)
    assert line[0] == (0.0, 0.0)
    assert line[-1] == (1.0, 1.0)
    assert (1.0, 0.0) not in line
    ring = smooth_shape(row("0 0, 1 0, 1 1, 0 1"), closed=True, steps=1)
    assert len(ring) == 8
