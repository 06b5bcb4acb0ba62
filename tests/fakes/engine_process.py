"""An engine in a process of its own, to be killed: it begins a gated job and says which, and who works."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.engine import Engine
from bot.midjourney.schema import ImagineRequest
from tests.fakes.engines import journal, tiny_settings, until


async def _main(folder: Path) -> None:
    settings = tiny_settings(folder, workers=2)
    async with Engine(settings) as engine:
        job_id = await engine.imagine(ImagineRequest(prompt="gated"))
        await until(lambda: "checkpoint gated" in journal(settings) and len(engine.worker_ids) == 2)
        print(job_id, *engine.worker_ids, flush=True)  # noqa: T201 - this is what it is for
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
