"""How long a post is left alone after a change, by how many there are at the moment.

Slack lets us change some fifty messages a minute in a workspace, whatever their number. So the more posts are under
way, the more rarely each tells of its progress; ends do not wait for their turn.

The rate itself is kept in ``adapters.slack.pace``, over all processes. This is each one's own guess at how many they
are, so that few are turned away there; a post that is turned away comes by at one or the other, and counts there too.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import Final

from adapters.slack.pace import KEPT_FOR_ENDS, TIER_3

SHORTEST: Final = timedelta(seconds=3)
LONGEST: Final = timedelta(seconds=60)
COUNTED_FOR_S: Final = 60.0
"""Seconds for which a post counts after it has told of its progress."""


class Tempo:
    """Count the posts that tell of their progress, or try to, in each workspace."""

    def __init__(self) -> None:
        """Begin with none."""
        self._told: dict[str, OrderedDict[str, float]] = {}

    def note(self, workspace: str, post_id: str, *, ended: bool) -> None:
        """Take note of a change that is about to be tried."""
        posts = self._told.setdefault(workspace, OrderedDict())
        posts.pop(post_id, None)
        if not ended:
            posts[post_id] = asyncio.get_running_loop().time()
        if not posts:
            del self._told[workspace]

    @property
    def interval(self) -> timedelta:
        """How long a post is left alone, by the busiest workspace."""
        now = asyncio.get_running_loop().time()
        for workspace, posts in list(self._told.items()):
            while posts and next(iter(posts.values())) < now - COUNTED_FOR_S:
                posts.popitem(last=False)
            if not posts:
                del self._told[workspace]
        most = max((len(posts) for posts in self._told.values()), default=0)
        return min(LONGEST, max(SHORTEST, timedelta(seconds=60 * most / (TIER_3 - KEPT_FOR_ENDS))))
