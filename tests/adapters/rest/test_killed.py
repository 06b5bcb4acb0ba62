"""The program killed while programs call it: what was accepted is there, and no request becomes two jobs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from bot.admin import carry_out
from bot.config import read_settings
from tests.acceptance.program import Program

CALLS = 24


async def test_a_kill_loses_no_accepted_request_and_doubles_none(tmp_path: Path) -> None:
    made = await carry_out(read_settings(data_dir=tmp_path), "create_key", {"name": "suite"})
    accepted: dict[int, str] = {}
    program = await asyncio.to_thread(Program(tmp_path).__enter__)
    async with _client(program, made["key"]) as http:
        calls = [asyncio.create_task(_call(http, number)) for number in range(CALLS)]
        for call in asyncio.as_completed(calls):
            number, job_id = await call
            if job_id is not None:
                accepted[number] = job_id
            if len(accepted) == CALLS // 3:
                await asyncio.to_thread(program.kill)
    assert len(accepted) >= CALLS // 3
    program = await asyncio.to_thread(Program(tmp_path).__enter__)
    try:
        async with _client(program, made["key"]) as http:
            again = dict([await _call(http, number) for number in range(CALLS)])
            assert {number: again[number] for number in accepted} == accepted
            page = (await http.get("/v1/jobs?limit=100")).json()
            assert sorted(job["id"] for job in page["data"]) == sorted(filter(None, again.values()))
            assert page["total"] == CALLS
    finally:
        await asyncio.to_thread(program.kill)


async def _call(http: httpx.AsyncClient, number: int) -> tuple[int, str | None]:
    """Ask for a picture, and give the number of the call with the job's id, or nothing where there was no answer."""
    try:
        answer = await http.post(
            "/v1/imagine", json={"prompt": f"number {number}"}, headers={"Idempotency-Key": f"call-{number}"}
        )
    except httpx.TransportError:
        return number, None
    assert answer.status_code == 200, answer.text
    return number, answer.json()["data"]["job_id"]


def _client(program: Program, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=program.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
