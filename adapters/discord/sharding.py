"""Which shards of the connection this process runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adapters.discord.places import DIRECT


@dataclass(frozen=True, kw_only=True)
class Shards:
    """Some of ``count`` shards."""

    ids: tuple[int, ...]
    count: int

    def __str__(self) -> str:
        return f"{','.join(map(str, self.ids))}/{self.count}"

    def serve(self, guild: str) -> bool:
        """Say whether what happens on a server comes by these shards; what happens on none comes by the first.

        Source: Discord's documentation, "Sharding".
        """
        shard = 0 if guild == DIRECT else (int(guild) >> 22) % self.count
        return shard in self.ids

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of the library's client."""
        return {"shard_ids": list(self.ids), "shard_count": self.count}

    @classmethod
    def read(cls, text: str) -> Shards:
        """Read ``IMAGINEBOT_DISCORD_SHARDS``, as the settings let it pass: numbers, a slash, how many there are."""
        ids, _, count = text.partition("/")
        return cls(ids=tuple(sorted({int(number) for number in ids.split(",")})), count=int(count))
