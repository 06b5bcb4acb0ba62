"""What a start has made is left out of the search for garbage; what comes later is not."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from bot.garbage import spared


class _Loop:
    """An object that only the search finds, as it refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


@asynccontextmanager
async def _start(made: list[weakref.ref[_Loop]]) -> AsyncIterator[str]:
    assert not gc.isenabled()
    made.append(weakref.ref(_Loop()))
    yield "the program"


async def test_what_a_start_has_made_is_not_looked_at_again() -> None:
    made: list[weakref.ref[_Loop]] = []
    async with spared(_start(made)) as entered:
        assert entered == "the program"
        gc.collect()
        assert made[0]() is not None


async def test_what_is_made_afterwards_is_found() -> None:
    made: list[weakref.ref[_Loop]] = []
    async with spared(_start(made)):
        assert gc.isenabled()
        later = weakref.ref(_Loop())
        gc.collect()
        assert later() is None


async def test_a_start_that_fails_leaves_the_search_as_it_was() -> None:
    @asynccontextmanager
    async def fails() -> AsyncIterator[None]:
        raise ValueError
        yield

    with pytest.raises(ValueError):
        async with spared(fails()):
            pass
    assert gc.isenabled()
