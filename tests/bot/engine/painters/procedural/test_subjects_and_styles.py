from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bot.engine.painters.painter import Order
from bot.engine.painters.procedural.canvas import Canvas
from bot.engine.painters.procedural.compose import compose
from bot.engine.painters.procedural.lexicon import lexicon
from bot.engine.painters.procedural.stage import Stage
from bot.engine.painters.procedural.styles import all_styles
from bot.engine.painters.procedural.subjects import all_subjects
from bot.engine.painters.procedural.tables import tables
from bot.engine.painters.procedural.weather import clear_of_things
from tests.bot.engine.painters.procedural.pictures import Pixels, content, distance, keep_going, pixels, read

IN_THE_SKY = {"moon", "sun"}


@pytest.mark.parametrize("name", sorted(all_subjects()))
def test_each_subject_shows(name: str) -> None:
    subject = all_subjects()[name]
    order = Order(prompt=f"{subject.words[0]}, noon", seed=2)
    file = content(order, scale=0.15)
    assert f'"{name}"'.encode() in file
    picture = read(file)
    assert picture.std() > 8
    if name not in IN_THE_SKY:
        assert distance(picture, _nothing_in_particular()) > 1


@cache
def _nothing_in_particular() -> Pixels:
    return pixels(Order(prompt="zzz, noon", seed=2), scale=0.15)


@pytest.mark.parametrize(("number", "name"), [*enumerate(sorted(all_subjects()))])
def test_each_subject_fits_the_most_extreme_formats(number: int, name: str) -> None:
    ratio = (14, 1) if number % 2 else (1, 14)
    order = Order(prompt=f"{all_subjects()[name].words[0]} at dusk", seed=1, aspect_ratio=ratio)
    assert pixels(order, scale=0.05).std() > 8


@pytest.mark.parametrize("name", sorted(all_styles()))
def test_each_style_changes_the_picture_and_keeps_its_layout(name: str) -> None:
    plain = pixels(Order(prompt="a castle at noon", seed=3), scale=0.15)
    styled = pixels(Order(prompt=f"a castle at noon, {all_styles()[name].words[0]}", seed=3), scale=0.15)
    assert plain.shape == styled.shape
    assert np.abs(plain - styled).mean() > 3


def test_styles_differ_from_one_another() -> None:
    pictures = [pixels(Order(prompt=f"circles, {one.words[0]}", seed=3), scale=0.1) for one in all_styles().values()]
    closest = min(float(np.abs(a - b).mean()) for n, a in enumerate(pictures) for b in pictures[:n])
    assert closest > 2


WEATHERS = ("fog", "rain", "falling snow", "storm", "aurora", "rainbow", "fireflies", "petals")


@pytest.mark.parametrize("weather", WEATHERS)
def test_each_weather_is_plain_to_see(weather: str) -> None:
    clear, changed = (
        pixels(Order(prompt=f"mountains at night{word}", seed=1), scale=0.2) for word in ("", f", {weather}")
    )
    assert np.abs(clear - changed).mean() > (0.25 if weather in {"fireflies", "petals"} else 1.5)


@pytest.mark.parametrize(("number", "name"), [*enumerate(sorted(tables()["light"]))])
def test_every_light_bears_weather(number: int, name: str) -> None:
    word = tables()["light"][name]["words"][0]
    assert pixels(Order(prompt=f"mountains, {word}, {WEATHERS[number]}", seed=1), scale=0.08).std() > 4


def test_each_word_of_the_lexicon_is_lower_case_and_within_reach() -> None:
    for phrase in lexicon().phrases:
        assert phrase == phrase.lower().strip()
        assert len(phrase.split()) <= 4


def test_no_word_means_two_subjects() -> None:
    for phrase, meanings in lexicon().phrases.items():
        assert len([name for kind, name in meanings if kind == "subject"]) <= 1, phrase


def test_lightning_strikes_beside_what_stands_in_the_scene() -> None:
    for seed in range(6):
        scene = compose(Order(prompt="a lighthouse in a storm", seed=seed), 1)
        stage = Stage(Canvas((64, 64), (scene.width, scene.height), keep_going), scene, lambda: np.zeros((3, 8, 8)))
        tower = next(place for place in scene.places if place.name == "lighthouse")
        assert abs(clear_of_things(stage, stage.stream("lightning")) * scene.width - tower.x) > 0.1
