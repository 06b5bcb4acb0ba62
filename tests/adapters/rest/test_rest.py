"""What REST adds to the contract, which tests/contract holds against it: keys, repeats, limits, streams, pictures."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.adapters.rest.studio import Studio, studio_in, until_async
from tests.bot.midjourney.test_routes import HOSTILE
from tests.fakes.engines import png

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(studio: Studio) -> int:
    (row,) = await studio.rows("SELECT COUNT(*) FROM jobs")
    count: int = row[0]
    return count


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "Basic eDp5", "Bearer", "Bearer nonsense", "Bearer ib_00_x"])
async def test_without_a_key_the_answer_is_401_in_the_contracts_form(studio: Studio, header: str | None) -> None:
    async with httpx.AsyncClient(base_url=studio.app.url) as stranger:
        for method, path in (("POST", "/v1/imagine"), ("GET", "/v1/jobs"), ("GET", f"/v1/jobs/{uuid4()}/events")):
            answer = await stranger.request(method, path, headers={"Authorization": header} if header else {})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
            assert set(answer.json()) == {"status", "code", "message"}
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_workspaces_jobs_are_as_if_there_were_none(studio: Studio) -> None:
    job_id = await studio.imagine()
    await studio.ended(job_id)
    other = await studio.app.keys.create("other", workspace="elsewhere")
    async with studio.client(other.key) as http:
        assert (await http.get(f"/v1/jobs/{job_id}")).status_code == 404
        assert (await http.get(f"/v1/jobs/{job_id}/events")).status_code == 404
        assert (await http.post(f"/v1/jobs/{job_id}/cancel")).status_code == 404
        for path in ("upscale", "variations"):
            assert (await http.post(f"/v1/{path}", json={"job_id": job_id, "index": 1})).status_code == 404
        assert (await http.get("/v1/jobs")).json()["total"] == 0


async def test_keys_of_one_workspace_see_and_cancel_each_others_jobs(studio: Studio) -> None:
    job_id = await studio.imagine("gated")
    other = await studio.app.keys.create("colleague")
    async with studio.client(other.key) as http:
        answer = await http.post(f"/v1/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


async def test_what_programs_make_is_in_the_audit_and_in_the_list_of_the_page(studio: Studio) -> None:
    job_id = await studio.imagine("shown beside the others")
    assert await studio.rows("SELECT user_name, act FROM audit WHERE job_id = ?", job_id) == [("suite", "imagine")]
    assert await studio.rows("SELECT id FROM posts WHERE job_id = ?", job_id) == []
    async with httpx.AsyncClient(
        base_url=studio.app.url, headers={"Origin": studio.app.url}, follow_redirects=True
    ) as page:
        await page.post("/welcome", data={"name": "Ada", "next": "/"})
        assert "shown beside the others" in (await page.get("/jobs")).text
    await studio.ended(job_id)


async def test_a_key_with_a_channel_posts_there(tmp_path: Path) -> None:
    async with studio_in(tmp_path, channel="web:local:general") as studio:
        job_id = await studio.imagine("posted in the channel")
        await studio.ended(job_id)
        posts = await studio.rows("SELECT platform, channel FROM posts WHERE job_id = ?", job_id)
        assert posts == [("web", "general")]
        async with httpx.AsyncClient(
            base_url=studio.app.url, headers={"Origin": studio.app.url}, follow_redirects=True
        ) as page:
            await page.post("/welcome", data={"name": "Ada", "next": "/"})
            await until_async(lambda: _shows(page, "posted in the channel"))


async def _shows(page: httpx.AsyncClient, text: str) -> bool:
    return text in (await page.get("/c/general")).text


# --- the same request again -------------------------------------------------------------------------------------------


async def test_the_same_request_with_the_same_key_is_one_job(studio: Studio) -> None:
    before = await made(studio)
    headers = {"Idempotency-Key": f'"{uuid4()}"'}
    first = await studio.http.post("/v1/imagine", json={"prompt": "once"}, headers=headers)
    again = await studio.http.post("/v1/imagine", content=b'{ "prompt" : "once" }', headers=headers | JSON)
    bare = await studio.http.post(
        "/v1/imagine", json={"prompt": "once"}, headers={"Idempotency-Key": headers["Idempotency-Key"].strip('"')}
    )
    assert first.status_code == 200
    assert first.content == again.content == bare.content
    assert await made(studio) == before + 1


async def test_the_same_key_with_another_request_is_422(studio: Studio) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    await studio.http.post("/v1/imagine", json={"prompt": "once"}, headers=headers)
    before = await made(studio)
    for path, body in (
        ("imagine", {"prompt": "twice"}),
        ("describe", {"image_base64": base64.b64encode(png()).decode()}),
    ):
        answer = await studio.http.post(f"/v1/{path}", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert set(answer.json()) == {"status", "code", "message"}
    assert await made(studio) == before


async def test_many_at_the_same_instant_are_one_job(studio: Studio) -> None:
    before = await made(studio)
    headers = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(studio.http.post("/v1/imagine", json={"prompt": "at once"}, headers=headers) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["job_id"] for answer in answers}) == 1
    assert await made(studio) == before + 1


async def test_keys_of_two_programs_do_not_meet(studio: Studio) -> None:
    other = await studio.app.keys.create("namesake")
    headers = {"Idempotency-Key": "the-same"}
    first = await studio.http.post("/v1/imagine", json={"prompt": "one"}, headers=headers)
    async with studio.client(other.key, **headers) as http:
        second = await http.post("/v1/imagine", json={"prompt": "two"})
    assert (first.status_code, second.status_code) == (200, 200)


async def test_a_repeat_is_known_after_a_restart_and_forgotten_after_a_day(tmp_path: Path) -> None:
    headers = {"Idempotency-Key": "k"}
    async with studio_in(tmp_path) as studio:
        key = studio.key
        first = await studio.http.post("/v1/imagine", json={"prompt": "once"}, headers=headers)
    async with studio_in(tmp_path, key=key) as studio:
        again = await studio.http.post("/v1/imagine", json={"prompt": "once"}, headers=headers)
        assert again.content == first.content
        await studio.rows("UPDATE idempotency_keys SET expires_at = 1")
        later = await studio.http.post("/v1/imagine", json={"prompt": "another"}, headers=headers)
        assert later.status_code == 200
        assert later.content != first.content


async def test_a_repeat_is_known_whatever_has_been_forbidden_or_has_gone_since(tmp_path: Path) -> None:
    async with studio_in(tmp_path) as studio:
        key = studio.key
        parent = await studio.ended(await studio.imagine())
        urls = [{"url": image["url"]} for image in parent["result"]["images"]]
        asked: dict[str, dict[str, Any]] = {
            "imagine": {"prompt": "a fox", "image_url": urls[1]["url"]},
            "describe": {"image_url": urls[2]["url"]},
            "blend": {"images": urls[3:], "prompt": "a fox"},
        }
        first = [await _sent_as_k(studio, path, body) for path, body in asked.items()]
    shutil.rmtree(tmp_path / "pictures")
    port = httpx.URL(studio.app.url).port
    async with studio_in(tmp_path, key=key, blocked_words=("fox",), http_port=port) as studio:
        assert [await _sent_as_k(studio, path, body) for path, body in asked.items()] == first
        assert (await studio.http.post("/v1/imagine", json={"prompt": "a fox"})).json()["code"] == "blocked_prompt"


async def _sent_as_k(studio: Studio, path: str, body: dict[str, Any]) -> bytes:
    answer = await studio.http.post(f"/v1/{path}", json=body, headers={"Idempotency-Key": f"k-{path}"})
    assert answer.status_code == 200, answer.text
    return answer.content


@pytest.mark.parametrize("bad", ["", "a b", "x" * 256, '"open', "é".encode().decode("latin-1")])
async def test_a_malformed_idempotency_key_is_refused(studio: Studio, bad: str) -> None:
    headers = [(b"Idempotency-Key", bad.encode("latin-1"))]
    answer = await studio.http.post("/v1/imagine", json={"prompt": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


async def test_two_idempotency_keys_are_none(studio: Studio) -> None:
    before = await made(studio)
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "other")]
    answer = await studio.http.post("/v1/imagine", json={"prompt": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert await made(studio) == before


async def test_a_refused_request_does_not_use_up_its_key(studio: Studio) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    refused = await studio.http.post("/v1/imagine", json={"prompt": "x", "aspect_ratio": "0:1"}, headers=headers)
    mended = await studio.http.post("/v1/imagine", json={"prompt": "x", "aspect_ratio": "1:1"}, headers=headers)
    assert (refused.status_code, mended.status_code) == (400, 200)


# --- limits and ids ---------------------------------------------------------------------------------------------------


async def test_too_many_jobs_are_429_with_the_wait_and_the_limit(tmp_path: Path) -> None:
    async with studio_in(tmp_path, max_jobs_per_person=1) as studio:
        await studio.imagine("gated")
        answer = await studio.http.post("/v1/imagine", json={"prompt": "x"})
        assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) >= 1
        assert '"jobs";r=0;t=' in answer.headers["ratelimit"]
        assert '"jobs";q=1' in answer.headers["ratelimit-policy"]
        other = await studio.app.keys.create("other")
        async with studio.client(other.key) as http:
            assert (await http.post("/v1/imagine", json={"prompt": "gated"})).status_code == 200


async def test_too_many_calls_are_429_for_that_key_alone(tmp_path: Path) -> None:
    async with studio_in(tmp_path, api_calls_per_minute=3) as studio:
        answers = [await studio.http.get("/v1/jobs") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["ratelimit"].startswith('"calls";r=2;t=')
        assert answers[3].headers["ratelimit"].startswith('"calls";r=0;t=')
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        other = await studio.app.keys.create("other")
        async with studio.client(other.key) as http:
            assert (await http.get("/v1/jobs")).status_code == 200


async def test_a_request_id_is_given_back_or_made(studio: Studio) -> None:
    given = await studio.http.get("/v1/jobs", headers={"X-Request-Id": "mine-1"})
    drawn = [await studio.http.get("/v1/jobs", headers={"X-Request-Id": bad}) for bad in ("", "a b", "x" * 129)]
    assert given.headers["x-request-id"] == "mine-1"
    assert len({answer.headers["x-request-id"] for answer in drawn}) == 3
    unknown = await studio.http.get("/v1/nothing", headers={"X-Request-Id": "mine-2"})
    assert (unknown.status_code, unknown.headers["x-request-id"]) == (404, "mine-2")


# --- hostile bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_never_an_error_of_ours(studio: Studio, name: str) -> None:
    content, status, code = HOSTILE[name]
    answer = await studio.http.post("/v1/imagine", content=content, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("prompt", ["a\x00b", "\x1b[31m", "a\u202eb", "💥" * 2000, "a\ufffe", "7", "a -- b", "a \\{ b"])
async def test_any_text_with_something_to_draw_is_a_prompt(studio: Studio, prompt: str) -> None:
    job_id = await studio.imagine(prompt)
    answer = await studio.http.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200
    assert len(answer.json()["prompt"]) == len(prompt)
    assert (await studio.http.post(f"/v1/jobs/{job_id}/cancel")).status_code in {200, 400}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("x --ar 3:2 --chaos 500", "type --chaos 100"),
        ("x --ar", "type --ar 3:2"),
        ("x --video", "Videos are not offered here"),
        ("x {a, b}", "One request makes one job"),
        ("x --ar {1:1, 3:2}", "One request makes one job"),
        ("x --repeat 4", "One request makes one job"),
        ("x --repeat 1", "One request makes one job"),
        ("x {", "never closed"),
        *((nothing, "nothing to draw") for nothing in ("--ar 3:2", "   ", "\x00", "\u200b", "--", "\u202e")),
    ],
)
async def test_a_prompt_that_the_chats_would_refuse_is_refused_with_the_same_sentence(
    studio: Studio, prompt: str, said: str
) -> None:
    before = await made(studio)
    answer = await studio.http.post("/v1/imagine", json={"prompt": prompt})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_prompt")
    assert said in answer.json()["message"]
    assert await made(studio) == before


async def test_parameters_in_a_prompt_count_unless_a_field_says_otherwise(studio: Studio) -> None:
    job_id = await studio.imagine("a cat --ar 3:2 --chaos 20 --seed 7", chaos=5)
    job = await studio.ended(job_id)
    assert job["prompt"] == "a cat --ar 3:2 --chaos 20 --seed 7"
    told = job["parameters"]
    assert (told["aspect_ratio"], told["chaos"], told["seed"]) == ("3:2", 5, 7)
    image = job["result"]["images"][1]
    assert image["width"] * 2 == image["height"] * 3


PAIR = [{"base64": base64.b64encode(png()).decode()}] * 2


async def test_parameters_in_the_prompt_of_a_blend_count_as_in_any_other(studio: Studio) -> None:
    shapes = []
    for prompt, fields in (("in the fog --ar 3:2", {}), ("--ar 3:2", {}), ("fog --ar 3:2", {"aspect_ratio": "2:1"})):
        job = await studio.ended(await blend(studio, prompt=prompt, **fields))
        image = job["result"]["images"][1]
        assert (job["prompt"], job["status"]) == (prompt, "completed")
        shapes.append((job["parameters"]["aspect_ratio"], image["width"] / image["height"]))
    assert shapes == [("3:2", 1.5), ("3:2", 1.5), ("2:1", 2.0)]
    painted = {
        line for line in (studio.folder / "journal").read_text().splitlines() if line.startswith("end in the fog")
    }
    assert painted == {f"end in the fog {index}" for index in range(1, 5)}


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("x --ar 99999", "--ar"),
        ("x --chaos 20", "A blend takes words and --ar, and nothing else"),
        ("x {a, b}", "stand for several prompts"),
        ("https://example.com/a.png x", "they do not go into the prompt"),
    ],
)
async def test_a_blend_whose_prompt_the_chats_would_refuse_is_refused(studio: Studio, prompt: str, said: str) -> None:
    answer = await studio.http.post("/v1/blend", json={"images": PAIR, "prompt": prompt})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_prompt")
    assert said in answer.json()["message"]


async def blend(studio: Studio, **fields: str) -> str:
    """Ask for a blend of two pictures and give the job's id."""
    answer = await studio.http.post("/v1/blend", json={"images": PAIR, **fields})
    assert answer.status_code == 200, answer.text
    job_id: str = answer.json()["data"]["job_id"]
    return job_id


async def test_two_variations_asked_for_in_a_row_are_two_jobs(studio: Studio) -> None:
    parent = await studio.imagine()
    await studio.ended(parent)
    body = {"job_id": parent, "index": 1}
    ids = {(await studio.http.post("/v1/variations", json=body)).json()["data"]["job_id"] for _ in range(2)}
    assert len(ids) == 2


# --- inputs by their addresses ----------------------------------------------------------------------------------------


async def test_a_picture_of_ours_can_be_described_and_imagined_by_its_address(studio: Studio) -> None:
    parent = await studio.ended(await studio.imagine())
    url = parent["result"]["images"][0]["url"]
    for path, body in (
        ("describe", {"image_url": url}),
        ("imagine", {"prompt": "again", "image_url": url}),
        ("blend", {"images": [{"url": url}, {"url": parent["result"]["images"][1]["url"]}]}),
    ):
        answer = await studio.http.post(f"/v1/{path}", json=body)
        assert answer.status_code == 200, answer.text
        assert (await studio.ended(answer.json()["data"]["job_id"]))["status"] == "completed"
    missing = await studio.http.post("/v1/describe", json={"image_url": f"{studio.app.url}/pictures/{'0' * 64}"})
    assert (missing.status_code, missing.json()["code"]) == (400, "invalid_picture")


async def test_a_job_waits_for_its_picture_across_a_restart(tmp_path: Path) -> None:
    async with studio_in(tmp_path) as studio:
        key = studio.key
        answer = await studio.http.post("/v1/describe", json={"image_url": "http://127.0.0.1:9/a.png"})
        job_id = answer.json()["data"]["job_id"]
    async with studio_in(tmp_path, key=key) as studio:
        job = await studio.ended(job_id)
        assert (job["status"], job["error"]["code"]) == ("failed", "invalid_picture")


# --- streams ----------------------------------------------------------------------------------------------------------


async def test_a_stream_tells_the_state_every_change_and_the_end(studio: Studio) -> None:
    (studio.folder / "gate").unlink(missing_ok=True)
    job_id = await studio.imagine("slowly but surely")
    seen: list[tuple[str, dict[str, Any]]] = []
    async with asyncio.timeout(30), studio.http.stream("GET", f"/v1/jobs/{job_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            if line.startswith("data: "):
                seen.append((event, json.loads(line.removeprefix("data: "))))
                if seen[-1][1]["status"] == "in_progress":
                    studio.open_gate()
    assert {job["id"] for _, job in seen} == {job_id}
    assert [event for event, _ in seen[:-1]] == ["job.progress"] * (len(seen) - 1)
    assert (seen[-1][0], seen[-1][1]["status"], len(seen[-1][1]["result"]["images"])) == (
        "job.completed",
        "completed",
        5,
    )
    progress = [job["progress"] for _, job in seen]
    assert progress == sorted(progress)


# --- pictures ---------------------------------------------------------------------------------------------------------


async def test_a_result_can_be_had_whole_in_pieces_smaller_and_as_a_file(studio: Studio) -> None:
    job = await studio.ended(await studio.imagine())
    url = job["result"]["images"][0]["url"]
    async with httpx.AsyncClient() as anybody:
        whole = await anybody.get(url)
        assert (whole.status_code, whole.headers["content-type"]) == (200, job["result"]["images"][0]["content_type"])
        assert re.fullmatch(r'inline; filename="[0-9a-f]{12}\.(png|webp)"', whole.headers["content-disposition"])
        size = len(whole.content)
        for asked, status, content in (
            ("bytes=0-9", 206, whole.content[:10]),
            ("bytes=10-", 206, whole.content[10:]),
            ("bytes=-5", 206, whole.content[-5:]),
            (f"bytes=0-{size * 2}", 206, whole.content),
            (f"bytes={size}-", 416, b""),
            ("bytes=5-4", 416, b""),
            ("bytes=-0", 416, b""),
            ("bytes=0-1,3-4", 200, whole.content),
            ("bytes=-", 200, whole.content),
            ("lines=1-2", 200, whole.content),
        ):
            piece = await anybody.get(url, headers={"Range": asked})
            assert (piece.status_code, piece.content) == (status, content), asked
        other = await anybody.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
        assert other.status_code == 200
        etag = whole.headers["etag"]
        for condition in (etag, f'"x", W/{etag}', "*"):
            assert (await anybody.get(url, headers={"If-None-Match": condition})).status_code == 304
        small = await anybody.get(f"{url}?w=256")
        assert small.headers["content-type"] == "image/webp"
        assert small.headers["etag"] != etag
        assert (await anybody.get(f"{url}?download")).headers["content-disposition"].startswith("attachment")
        assert (await anybody.get(f"{url}?w=257")).status_code == 400


# --- the document and the page that shows it --------------------------------------------------------------------------


async def test_the_docs_show_every_operation_and_load_nothing(studio: Studio) -> None:
    document = (await studio.http.get("/openapi.json")).json()
    page = await studio.http.get("/docs")
    assert document["openapi"].startswith("3.1")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]
    assert not re.search(r"<script|<link|<img|@import|url\(", page.text)
    for path in document["paths"].values():
        for operation in path.values():
            assert f'id="{operation["operationId"]}"' in page.text
    assert "up to 1000" in page.text


async def test_the_page_of_people_is_still_there(studio: Studio) -> None:
    assert (await studio.http.get("/welcome", headers={"Accept": "text/html"})).status_code == 200


JSON = {"Content-Type": "application/json"}
