"""Which shards of the connection this process runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from adapters.discord.places import DIRECT
from bot.errors import InvalidSetting


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
        """Read ``IMAGINEBOT_DISCORD_SHARDS``: the numbers of the shards, a slash, how many there are.

        Raises:
            InvalidSetting: it is something else.
        """
        found = re.fullmatch(r"(\d{1,5}(?:,\d{1,5})*)/(\d{1,5})", text.replace(" ", ""))
        ids = tuple(sorted({int(number) for number in found[1].split(",")})) if found else ()
        count = int(found[2]) if found else 0
        if not ids or ids[-1] >= count:
            raise InvalidSetting(
                "IMAGINEBOT_DISCORD_SHARDS is not as it should be. Expected: numbers from 0 and how many shards there "
                "are in all, such as 0,1/4."
            )
        return cls(ids=ids, count=count)
