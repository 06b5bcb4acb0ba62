from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from bot.engine.painters.painter import Order, Painter, Stopped
from bot.engine.painters.procedural import ProceduralPainter
from bot.errors import InvalidPicture
from tests.bot.engine.painters.procedural.pictures import content, distance, keep_going, pixels, read, similarity

HERO = "a lighthouse at dusk"
RECORDED = {
    "circles": "b8240a1515f9b921f534c6d80d831c2c1eaeebc36a7f99fe7eb892de196ac86f",
    "a lighthouse at dusk": "d8796393077b52c74f0b082613f1b139a96c9f6545b981f8111161c6a2b6cec8",
    "mountains in snow, watercolour": "b4e00a293a8d545a208e2225400866099a9fa8771667fea68af8bc8f4228f962",
}
"""Digests of pixels: change them only together with a change that is meant to be seen."""


def test_the_painter_keeps_the_protocol() -> None:
    painter: Painter = ProceduralPainter()
    assert painter.name == "procedural"
    assert painter.preview_scales == tuple(sorted(painter.preview_scales))


def test_the_same_order_gives_the_same_pixels() -> None:
    order = Order(prompt=HERO, seed=5, aspect_ratio=(3, 2))
    assert content(order) == content(order)


@pytest.mark.parametrize("prompt", sorted(RECORDED))
def test_pixels_have_not_changed_since_they_were_recorded(prompt: str) -> None:
    file = content(Order(prompt=prompt, seed=11), scale=0.1)
    assert sha256(read(file).astype(np.uint8).tobytes()).hexdigest() == RECORDED[prompt]


def test_another_seed_gives_another_picture() -> None:
    assert distance(pixels(Order(prompt=HERO, seed=1)), pixels(Order(prompt=HERO, seed=2))) > 3


@pytest.mark.parametrize("prompt", [HERO, "mountains", "abstract", "a cat"])
def test_the_four_pictures_differ(prompt: str) -> None:
    four = [pixels(Order(prompt=prompt, seed=3), index=index, scale=0.12) for index in (1, 2, 3, 4)]
    assert all(distance(one, other) > 3 for one, other in combinations(four, 2))


def test_chaos_spreads_the_four() -> None:
    def spread(chaos: int) -> float:
        four = [pixels(Order(prompt="a quiet place", seed=3, chaos=chaos), index=n, scale=0.1) for n in (1, 2, 3, 4)]
        return sum(distance(one, other) for one, other in combinations(four, 2))

    assert spread(100) > spread(0) * 1.1


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ((1, 1), (1024, 1024)),
        ((3, 2), (1254, 836)),
        ((9, 16), (768, 1365)),
        ((14, 1), (3831, 274)),
        ((1, 14), (274, 3831)),
    ],
)
def test_full_size_has_the_ratio_to_the_pixel(ratio: tuple[int, int], size: tuple[int, int]) -> None:
    painting = ProceduralPainter().paint(
        Order(prompt="marbling", seed=1, aspect_ratio=ratio), index=1, scale=1.0, checkpoint=keep_going
    )
    assert (painting.width, painting.height) == size
    assert Image.open(BytesIO(painting.content)).size == size


def test_scale_multiplies_the_size() -> None:
    order = Order(prompt=HERO, seed=1, aspect_ratio=(3, 2))
    assert pixels(order, scale=0.25).shape[:2] == (209, 314)
    assert pixels(Order(prompt="circles", seed=1, aspect_ratio=(3, 2)), scale=2.0).shape[:2] == (1672, 2508)


@pytest.mark.parametrize("prompt", [HERO, "a sailboat, oil painting", "a cat, travel poster"])
def test_an_upscale_is_the_same_picture_with_more_detail(prompt: str) -> None:
    order = Order(prompt=prompt, seed=4)
    small, large = pixels(order, scale=1.0), pixels(order, scale=2.0)
    image = Image.fromarray(large.astype(np.uint8)).resize((1024, 1024), Image.Resampling.BOX)
    assert similarity(small, np.asarray(image, np.float64)) > 0.95
    enlarged = np.asarray(Image.fromarray(small.astype(np.uint8)).resize((2048, 2048), Image.Resampling.BICUBIC), float)
    assert np.abs(np.diff(large, axis=1)).mean() > 1.05 * np.abs(np.diff(enlarged, axis=1)).mean(), "no more detail"


def test_a_preview_shows_the_same_composition() -> None:
    order = Order(prompt=HERO, seed=4)
    assert distance(pixels(order, scale=0.25), pixels(order, scale=0.75)) < 4


@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_variation_is_nearer_to_its_parent_than_a_stranger(index: int) -> None:
    parent = Order(prompt=HERO, seed=10)
    variation = Order(prompt=HERO, seed=77, variation_of=(parent, index))
    stranger = Order(prompt=HERO, seed=78)
    origin = pixels(parent, index=index)
    for number in (1, 2, 3, 4):
        varied = pixels(variation, index=number)
        assert 0.3 < distance(origin, varied) < distance(origin, pixels(stranger, index=number))


def test_a_variation_of_a_variation_can_be_painted() -> None:
    first = Order(prompt=HERO, seed=1)
    second = Order(prompt=HERO, seed=2, variation_of=(first, 2))
    third = Order(prompt=HERO, seed=3, variation_of=(second, 4))
    assert distance(pixels(second, index=4), pixels(third, index=1)) < distance(pixels(first, index=1), pixels(third))


def test_the_palette_follows_the_prompt() -> None:
    def mean(prompt: str) -> list[float]:
        found: list[float] = pixels(Order(prompt=prompt, seed=2), scale=0.1).mean(axis=(0, 1)).tolist()
        return found

    red, green, blue = mean("mountains in crimson"), mean("mountains in emerald"), mean("mountains in cobalt")
    assert red[0] - red[2] > green[0] - green[2] > blue[0] - blue[2]
    assert green[1] - green[0] > red[1] - red[0]


def test_night_is_darker_than_noon() -> None:
    assert pixels(Order(prompt="sea at night")).mean() < pixels(Order(prompt="sea at noon")).mean() - 50


def test_monochrome_has_no_colour() -> None:
    grey = pixels(Order(prompt="a castle, black and white"))
    assert np.abs(grey.max(axis=2) - grey.min(axis=2)).mean() < 4


@pytest.mark.parametrize(("prompt", "no"), [(HERO, "lighthouse"), ("a cat on a hill", "cat"), ("sea, birds", "birds")])
def test_no_removes_what_it_names(prompt: str, no: str) -> None:
    whole, without = Order(prompt=prompt, seed=3), Order(prompt=prompt, seed=3, no=no)
    name = f'"name":"{no}"'.encode()
    assert name in content(whole)
    assert name not in content(without)
    assert distance(pixels(whole), pixels(without)) > 0.3


def test_four_prompts_with_one_seed_do_not_look_alike() -> None:
    prompts = ("a house", "a lighthouse", "mountains", "a balloon", "a castle", "a road")
    colours = [pixels(Order(prompt=prompt, seed=7), scale=0.06)[:20].mean(axis=(0, 1)) for prompt in prompts]
    apart = [float(np.abs(one - other).max()) for one, other in combinations(colours, 2)]
    assert sum(far > 25 for far in apart) > len(apart) / 2


@pytest.mark.parametrize("parameter", ["--weird 2000", "--raw", "--niji", "--tile"])
def test_parameters_without_a_field_are_seen(parameter: str) -> None:
    plain, changed = pixels(Order(prompt=HERO, seed=1)), pixels(Order(prompt=f"{HERO} {parameter}", seed=1))
    assert np.abs(plain - changed).mean() > 2


def test_stylize_and_quality_change_the_picture() -> None:
    plain = pixels(Order(prompt=HERO, seed=1, stylize=0))
    assert distance(plain, pixels(Order(prompt=HERO, seed=1, stylize=1000))) > 1
    coarse = pixels(Order(prompt="mountains", seed=1, quality=0.25), scale=0.5)
    assert np.abs(coarse - pixels(Order(prompt="mountains", seed=1, quality=2.0), scale=0.5)).mean() > 0.15


def test_unknown_words_steer_the_picture() -> None:
    one, other = Order(prompt="florbnik", seed=1), Order(prompt="quuxible", seed=1)
    assert distance(pixels(one), pixels(other)) > 3


def test_urls_and_foreign_parameters_do_not_steer() -> None:
    plain = pixels(Order(prompt=HERO, seed=1))
    noisy = pixels(Order(prompt=f"https://example.org/cat.png {HERO} --sref 1234 --v 7 --fast", seed=1))
    assert np.array_equal(plain, noisy)


@pytest.mark.parametrize("prompt", ["azulejo", "a woven cloth", "a tiling", "a cat"])
def test_tiles_repeat_without_a_seam(prompt: str) -> None:
    tile = pixels(Order(prompt=f"{prompt} --tile", seed=3), scale=0.25)
    for axis in (0, 1):
        steps = np.abs(np.diff(tile, axis=axis)).mean(axis=(1 - axis, 2))
        seam = np.abs(tile.take(0, axis) - tile.take(-1, axis)).mean()
        assert seam <= steps.max()


def test_a_reference_lends_its_palette() -> None:
    red = BytesIO()
    Image.new("RGB", (64, 64), (190, 30, 40)).save(red, "PNG")
    plain = pixels(Order(prompt="mountains at noon", seed=1)).mean(axis=(0, 1))
    lent = pixels(Order(prompt="mountains at noon", seed=1, pictures=(red.getvalue(),))).mean(axis=(0, 1))
    assert lent[0] - lent[2] > plain[0] - plain[2] + 25


def test_a_blend_shows_what_its_pictures_show() -> None:
    tower = content(Order(prompt=HERO, seed=1))
    balloon = content(Order(prompt="a hot air balloon at noon", seed=2))
    blended = content(Order(prompt="", seed=3, blend=True, pictures=(tower, balloon)))
    assert b'"name":"lighthouse"' in blended
    assert b'"name":"balloon"' in blended


def test_the_file_tells_its_prompt_seed_and_maker() -> None:
    info = Image.open(BytesIO(content(Order(prompt="ein Leuchtturm — dusk", seed=42)))).info
    assert info["prompt"] == "ein Leuchtturm — dusk"
    assert info["seed"] == "42"
    assert info["Software"] == "painted by the imaginebot engine"
    assert '"horizon"' in info["scene"]
    assert not any("midjourney" in str(value).lower() for value in info.values())


@pytest.mark.parametrize("garbage", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"GIF89a\x01"])
def test_unreadable_bytes_are_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidPicture):
        ProceduralPainter().paint(Order(prompt="x", pictures=(garbage,)), index=1, scale=0.1, checkpoint=keep_going)
    with pytest.raises(InvalidPicture):
        ProceduralPainter().describe(garbage, checkpoint=keep_going)


def test_a_truncated_picture_is_refused() -> None:
    whole = content(Order(prompt="sea"), scale=0.1)
    with pytest.raises(InvalidPicture):
        ProceduralPainter().describe(whole[: len(whole) // 2], checkpoint=keep_going)


def test_more_than_forty_megapixels_are_refused_before_decoding() -> None:
    file = BytesIO()
    Image.new("1", (7000, 6000)).save(file, "PNG")
    with pytest.raises(InvalidPicture, match="40 megapixels"):
        ProceduralPainter().describe(file.getvalue(), checkpoint=keep_going)


@pytest.mark.parametrize("prompt", [HERO, "a city, oil painting", "abstract", "a mosaic of a boat"])
@pytest.mark.parametrize("share", [0.0, 0.7])
def test_a_cancel_stops_the_painting_at_once(prompt: str, share: float) -> None:
    calls_after = 0
    asked = False

    def checkpoint(fraction: float) -> None:
        nonlocal calls_after, asked
        if asked:
            calls_after += 1
        if fraction >= share:
            asked = True
            raise Stopped

    with pytest.raises(Stopped):
        ProceduralPainter().paint(Order(prompt=prompt), index=1, scale=0.1, checkpoint=checkpoint)
    assert calls_after == 0


def test_progress_never_goes_back() -> None:
    seen: list[float] = []
    ProceduralPainter().paint(Order(prompt="a city, watercolour"), index=1, scale=0.2, checkpoint=seen.append)
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0
    assert len(seen) > 20
