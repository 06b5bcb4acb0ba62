from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.orders import GENERATIONS_LIMIT, Sheet, StoredOrder

SHEETS = st.builds(
    Sheet,
    prompt=st.text(max_size=20),
    aspect_ratio=st.tuples(st.integers(1, 99), st.integers(1, 99)),
    model_version=st.sampled_from([None, "6.1"]),
    quality=st.sampled_from([0.25, 1.0]),
    stylize=st.integers(0, 1000),
    chaos=st.integers(0, 100),
    seed=st.integers(0, 4294967295),
    no=st.none() | st.text(max_size=5),
    pictures=st.lists(st.text("abc", min_size=1, max_size=3), max_size=3).map(tuple),
    blend=st.booleans(),
)


@given(sheet=SHEETS, steps=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9)), max_size=5))
def test_an_order_is_read_back_as_it_was_written(sheet: Sheet, steps: list[tuple[int, int]]) -> None:
    order = StoredOrder.of(sheet)
    for index, seed in steps:
        order = order.varied(index=index, seed=seed)
    assert StoredOrder.from_json(order.to_json()) == order


def test_a_variation_knows_its_parent_and_looks_at_no_picture_of_its_own() -> None:
    parent = StoredOrder.of(Sheet(prompt="a cat", stylize=5, seed=1, pictures=("a", "b"), blend=True))
    order = parent.varied(index=3, seed=2).for_painter(str.encode)
    assert (order.prompt, order.stylize, order.seed, order.pictures, order.blend) == ("a cat", 5, 2, (), False)
    assert order.variation_of is not None
    ancestor, chosen = order.variation_of
    assert (ancestor, chosen) == (parent.for_painter(str.encode), 3)
    assert (ancestor.pictures, ancestor.blend, ancestor.variation_of) == ((b"a", b"b"), True, None)


def test_each_generation_remembers_which_picture_was_chosen() -> None:
    order = StoredOrder.of(Sheet(prompt="x")).varied(index=1, seed=1).varied(index=4, seed=2).for_painter(str.encode)
    assert order.variation_of is not None
    child, chosen = order.variation_of
    assert (chosen, child.variation_of and child.variation_of[1]) == (4, 1)


def test_the_longest_line_of_variations_can_be_written_and_read() -> None:
    order = StoredOrder.of(Sheet(prompt="x" * 4000))
    for seed in range(GENERATIONS_LIMIT):
        order = order.varied(index=1, seed=seed)
    assert StoredOrder.from_json(order.to_json()).for_painter(str.encode).seed == GENERATIONS_LIMIT - 1


def test_an_order_without_sheets_is_no_order() -> None:
    with pytest.raises(ValueError, match="at least one"):
        StoredOrder(sheets=()).for_painter(str.encode)
