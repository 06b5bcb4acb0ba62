from __future__ import annotations

import pytest

from bot.engine.painters.procedural.reading import read


@pytest.mark.parametrize(
    ("prompt", "subjects"),
    [
        ("a lighthouse at dusk", [("lighthouse", None)]),
        ("Lighthouses, DUSK!", [("lighthouse", None)]),
        ("two sailboats on a lake", [("boat", None), ("lake", None)]),
        ("a red sailboat", [("boat", "red")]),
        ("cherry trees and foxes", [("tree", None), ("fox", None)]),
        ("kitten", [("cat", None)]),
        ("cities", [("city", None)]),
    ],
)
def test_subjects_are_found(prompt: str, subjects: list[tuple[str, str | None]]) -> None:
    assert list(read(prompt).subjects) == subjects


def test_light_weather_style_season_and_palette_are_found() -> None:
    reading = read("a misty forest at golden hour in autumn, oil painting, pastel, crimson and teal, eerie")
    assert reading.light == "golden"
    assert reading.weather == ("fog",)
    assert reading.season == "autumn"
    assert reading.styles == ("oil",)
    assert reading.palettes == ("pastel",)
    assert reading.colours == ("crimson", "teal")
    assert reading.moods == ("eerie",)


@pytest.mark.parametrize(
    ("prompt", "counts"),
    [
        ("two foxes", {"fox": 2}),
        ("three red balloons", {"balloon": 3}),
        ("a pair of swans and five sheep", {"swan": 2, "sheep": 5}),
        ("a herd of elephants", {"elephant": 5}),
        ("two at dusk: a fox", {}),
        ("a fox", {}),
    ],
)
def test_a_number_counts_the_thing_after_it(prompt: str, counts: dict[str, int]) -> None:
    assert dict(read(prompt).counts) == counts


@pytest.mark.parametrize(
    ("prompt", "no"),
    [
        ("sea with birds", "birds"),
        ("sea with birds --no birds, boats", None),
        ("sea without birds", None),
        ("sea, no birds", None),
        ("sea with birds —no bird", None),
    ],
)
def test_what_is_excluded_is_not_painted(prompt: str, no: str | None) -> None:
    reading = read(prompt, no)
    assert [name for name, _ in reading.subjects] == ["sea"]
    assert ("subject", "birds") in reading.excluded


@pytest.mark.parametrize(
    "prompt",
    [
        "cat --ar 3:2",
        "cat --v 7 --s 250",
        "https://x.test/a-lighthouse.png cat",
        "cat::2",
        "cat --sref https://x.test/b.png --sw 40",
        "--chaos 20 cat",
    ],
)
def test_parameters_and_urls_are_no_words(prompt: str) -> None:
    reading = read(prompt)
    assert reading.subjects == (("cat", None),)
    assert reading.unknown == 0


def test_words_after_a_parameter_stay_words() -> None:
    assert read("a cat --v 7 in a forest").subjects == (("cat", None), ("forest", None))


def test_flags_are_understood() -> None:
    assert read("cat --tile").tile
    assert read("cat --raw").raw
    assert read("cat --style raw").raw
    assert read("cat --niji").niji
    assert read("cat --niji 6 at night").light == "night"
    assert read("cat --weird 1500").weird == 0.5
    assert read("cat --weird lots").weird == 0


def test_unknown_words_have_a_stable_hash() -> None:
    assert read("florbnik").unknown == read("Florbnik, the").unknown != read("quuxible").unknown


@pytest.mark.parametrize(
    "prompt", ["", " ", "--", "--no", "🦀", "\x00", "a" * 4000, "-- -- --ar", "ship " * 700, "--a" * 1200]
)
def test_odd_prompts_are_read_without_harm(prompt: str) -> None:
    read(prompt)
