"""The program, save that it fetches pictures from addresses of this machine too: a test has no others to offer."""

from __future__ import annotations

import os
from typing import Any
from unittest.mock import patch

from bot.cli import main
from bot.images import PictureFetcher

ORIGIN_VARIABLE = "TESTS_PICTURE_ORIGIN"


def _trusting(*, trusted_origins: frozenset[str] = frozenset(), **options: Any) -> PictureFetcher:
    return PictureFetcher(trusted_origins=trusted_origins | {os.environ[ORIGIN_VARIABLE]}, **options)


if __name__ == "__main__":
    with patch("bot.app.PictureFetcher", _trusting):
        main()
