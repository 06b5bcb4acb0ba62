"""Hostile and friendly calls made from the REST interface's own document, against the whole program.

The suite makes a few an operation; ``IMAGINEBOT_TEST_EXAMPLES=250`` makes more than 2,000 altogether:

    IMAGINEBOT_TEST_EXAMPLES=250 .venv/bin/python -m pytest tests/adapters/rest/test_openapi.py --timeout 1800 -s
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.adapters.rest.studio import studio_in
from tests.contract.test_openapi import EXAMPLES, ROOT

HERE = Path(__file__).parent


async def test_schemathesis_finds_nothing_wrong_with_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAGINEBOT_TEST_EXAMPLES", raising=False)  # no setting of the program
    many = 1_000_000
    async with studio_in(tmp_path, waiting_limit=many, max_jobs_per_person=many, api_calls_per_minute=many) as studio:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / 'schemathesis.toml'}"),
            *("run", f"{studio.app.url}/openapi.json", "--checks=all", f"--max-examples={EXAMPLES}", "--seed=1"),
            *("--header", f"Authorization: Bearer {studio.key.key}", "--no-color", "--warnings=off"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.adapters.rest.schemathesis_hooks"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    said = output.decode()
    print(said[-1500:])  # noqa: T201 - the number of cases, for whoever asks with -s
    assert process.returncode == 0, said
    assert "8 selected / 8 total" in said, said
