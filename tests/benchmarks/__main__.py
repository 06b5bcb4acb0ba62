"""Measure the program against yardsticks in the same run: ``make bench``.

Machines differ and are noisy, so what counts is each ratio, not the figures beside it.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from rich.console import Console
from rich.table import Table

from bot.logs import set_up_logs
from tests.benchmarks import accepting, calling, flow, listing, painting, replicas, scale, serving_rest, slack
from tests.benchmarks.measure import Measured

BENCHMARKS = {
    "accepting": accepting.measure,
    "calling": calling.measure,
    "flow": flow.measure,
    "listing": listing.measure,
    "scale": scale.measure,
    "painting": painting.measure,
    "replicas": replicas.measure,
    "rest": serving_rest.measure,
    "slack": slack.measure,
}


async def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    measured: list[Measured] = []
    for name in names or BENCHMARKS:
        measured += await BENCHMARKS[name]()
    table = Table("measured", "figure", "yardstick", "figure", "ratio", box=None, header_style="dim")
    for one in measured:
        table.add_row(one.what, one.figure, one.yardstick, one.yardstick_figure, f"{one.ratio:.2f}")
    Console(width=160).print(table)


set_up_logs(logging.ERROR)
asyncio.run(main(sys.argv[1:]))
