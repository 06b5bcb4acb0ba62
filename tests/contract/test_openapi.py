"""Hostile and friendly calls made from the engine's own OpenAPI document, over real HTTP."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import httpx

from bot.engine import run_engine
from tests.fakes.engines import TOKEN, tiny_settings

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXAMPLES = os.environ.get("IMAGINEBOT_TEST_EXAMPLES", "6")
"""Examples an operation; more of them find more, and take longer."""


async def test_schemathesis_finds_nothing_wrong(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path, previews=False, queue_limit=1_000_000)
    async with run_engine(settings) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", f"--config-file={HERE / 'schemathesis.toml'}"),
            *("run", f"{server.url}/openapi.json", "--checks=all", f"--max-examples={EXAMPLES}", "--seed=1"),
            *("--header", f"Authorization: Bearer {TOKEN}", "--no-color", "--warnings=off"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"8 selected / 8 total" in output, output.decode()


async def test_the_document_names_the_contracts_operations(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        document = (await http.get(f"{server.url}/openapi.json")).json()
    operations = {
        (method, path): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == {
        ("post", "/v1/imagine"): "createImagineJob",
        ("post", "/v1/upscale"): "createUpscaleJob",
        ("post", "/v1/variations"): "createVariationJob",
        ("post", "/v1/describe"): "createDescribeJob",
        ("post", "/v1/blend"): "createBlendJob",
        ("get", "/v1/jobs"): "listJobs",
        ("get", "/v1/jobs/{jobId}"): "getJobStatus",
        ("post", "/v1/jobs/{jobId}/cancel"): "cancelJob",
    }
    assert document["openapi"].startswith("3.1")
    assert list(document["webhooks"]) == ["job"]
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"


async def test_the_document_states_the_contracts_limits_and_defaults(tmp_path: Path) -> None:
    async with run_engine(tiny_settings(tmp_path)) as server, httpx.AsyncClient() as http:
        schemas = (await http.get(f"{server.url}/openapi.json")).json()["components"]["schemas"]
    imagine = schemas["ImagineRequest"]["properties"]
    assert (imagine["prompt"]["minLength"], imagine["prompt"]["maxLength"]) == (1, 4000)
    assert (imagine["stylize"]["minimum"], imagine["stylize"]["maximum"], imagine["stylize"]["default"]) == (
        0,
        1000,
        100,
    )
    assert (imagine["chaos"]["minimum"], imagine["chaos"]["maximum"], imagine["chaos"]["default"]) == (0, 100, 0)
    assert imagine["seed"]["anyOf"][0]["maximum"] == 4294967295
    assert imagine["aspect_ratio"]["pattern"] == "^[0-9]+:[0-9]+$"
    assert schemas["UpscaleRequest"]["properties"]["index"]["maximum"] == 4
    assert schemas["BlendRequest"]["properties"]["images"]["maxItems"] == 5
