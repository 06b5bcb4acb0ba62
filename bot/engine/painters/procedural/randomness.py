"""Random numbers that depend on their key alone: the same on any machine, in any order of asking.

Each part of a picture draws from a stream of its own, named by seed, picture and part. A change in one part then
never moves another. Philox is counter-based and its raw output is fixed by its authors' definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

import numpy as np

from bot.engine.painters.procedural.exact import Plane

T = TypeVar("T")


def stable_hash(text: str) -> int:
    """Hash ``text`` to 64 bits, the same in every process (unlike ``hash``)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


class Stream:
    """A named stream of random numbers."""

    def __init__(self, *key: object) -> None:
        """Open the stream with this key; equal keys give equal streams."""
        self._key = "\x1f".join(map(str, key))
        digest = blake2b(self._key.encode(), digest_size=16).digest()
        self._bits = np.random.Philox(key=int.from_bytes(digest, "little"))

    def child(self, *key: object) -> Stream:
        """Open the stream of a part; it does not depend on what has been drawn here."""
        return Stream(self._key, *key)

    def array(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Plane:
        """Draw float32 numbers, evenly spread over ``low``…``high``."""
        count = 1
        for side in shape:
            count *= side
        raw = self._bits.random_raw(count)
        unit = (np.asarray(raw) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)
        return (unit * np.float32(high - low) + np.float32(low)).reshape(shape)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw one number from ``low``…``high``."""
        unit = (int(self._bits.random_raw()) >> 11) * 2.0**-53
        return low + (high - low) * unit

    def integer(self, low: int, high: int) -> int:
        """Draw a whole number from ``low`` to ``high``, both included."""
        return low + int(self._bits.random_raw()) % (high - low + 1)

    def chance(self, probability: float) -> bool:
        """Say yes with this probability."""
        return self.uniform() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Choose one."""
        return choices[self.integer(0, len(choices) - 1)]
