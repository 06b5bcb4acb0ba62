"""What the HTTP layer itself does; the operations behind it are tested in tests/contract."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import Request

from bot import errors
from bot.errors import ImaginebotError
from bot.midjourney.api import ImageApi
from bot.midjourney.refusals import STATUSES, refusal_of
from bot.midjourney.routes import create_contract_app
from bot.midjourney.schema import BlendRequest, DescribeRequest, ImagineRequest, ListQuery
from tests.fakes.scripted_api import ScriptedApi

ID = UUID("00000000-0000-4000-8000-000000000001")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
async def http(api: ScriptedApi) -> AsyncIterator[httpx.AsyncClient]:
    async def authenticate(request: Request) -> ImageApi:
        if request.headers.get("authorization") != "Bearer key":
            raise errors.NotAuthenticated("Send the key.")
        return api

    transport = httpx.ASGITransport(create_contract_app(authenticate, title="test"), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test", headers={"Authorization": "Bearer key"}
    ) as client:
        yield client


def assert_is_an_error(response: httpx.Response, status: int, code: str) -> str:
    """Check that the body has the contract's form and nothing else; give the sentence."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert set(body) == {"status", "code", "message"}
    assert (body["status"], body["code"]) == ("ERROR", code)
    assert body["message"].endswith((".", ")"))
    message: str = body["message"]
    return message


async def test_a_created_job_is_answered_with_200_and_its_id(http: httpx.AsyncClient) -> None:
    response = await http.post("/v1/imagine", json={"prompt": "a cat"})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"status", "message", "data"}
    assert body["status"] == "SUCCESS"
    UUID(body["data"]["job_id"])


async def test_fields_without_a_value_are_left_out(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/v1/jobs/{ID}")
    assert set(response.json()) == {"id", "type", "status", "created_at"}


async def test_defaults_are_filled_in(http: httpx.AsyncClient, api: ScriptedApi) -> None:
    await http.post("/v1/imagine", json={"prompt": "a cat"})
    await http.get("/v1/jobs")
    assert api.requests == [ImagineRequest(prompt="a cat"), ListQuery()]
    imagine = api.requests[0]
    assert isinstance(imagine, ImagineRequest)
    assert (imagine.aspect_ratio, imagine.process_mode, imagine.quality, imagine.stylize, imagine.chaos) == (
        "1:1",
        "fast",
        1.0,
        100,
        0,
    )


async def test_pictures_arrive_as_bytes(http: httpx.AsyncClient, api: ScriptedApi) -> None:
    encoded = base64.b64encode(b"picture").decode()
    await http.post("/v1/describe", json={"image_base64": encoded})
    await http.post("/v1/blend", json={"images": [{"base64": encoded}, {"url": "https://a.test/b"}]})
    describe, blend = api.requests
    assert isinstance(describe, DescribeRequest)
    assert describe.image_base64 == b"picture"
    assert isinstance(blend, BlendRequest)
    assert [image.base64 for image in blend.images] == [b"picture", None]


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("imagine", {}, "prompt is missing."),
    ("imagine", {"prompt": ""}, "prompt must be a text of 1 to 4000 characters."),
    ("imagine", {"prompt": "x" * 4001}, "prompt must be a text of 1 to 4000 characters."),
    ("imagine", {"prompt": 5}, "prompt must be a text of 1 to 4000 characters."),
    ("imagine", {"prompt": None}, "prompt must be a text of 1 to 4000 characters."),
    (
        "imagine",
        {"prompt": "x", "aspect_ratio": "1x1"},
        "aspect_ratio must be two whole numbers with a colon, such as 3:2.",
    ),
    (
        "imagine",
        {"prompt": "x", "aspect_ratio": "1:1\n"},
        "aspect_ratio must be two whole numbers with a colon, such as 3:2.",
    ),
    (
        "imagine",
        {"prompt": "x", "aspect_ratio": "١:١"},
        "aspect_ratio must be two whole numbers with a colon, such as 3:2.",
    ),
    ("imagine", {"prompt": "x", "model_version": "7"}, "model_version must be one of 5.2, 6.0, 6.1, 7.0."),
    ("imagine", {"prompt": "x", "process_mode": "slow"}, "process_mode must be one of fast, turbo, relax."),
    ("imagine", {"prompt": "x", "quality": 0.3}, "quality must be one of 0.25, 0.5, 1.0, 2.0."),
    ("imagine", {"prompt": "x", "quality": True}, "quality must be one of 0.25, 0.5, 1.0, 2.0."),
    ("imagine", {"prompt": "x", "quality": "1.0"}, "quality must be one of 0.25, 0.5, 1.0, 2.0."),
    ("imagine", {"prompt": "x", "stylize": 1001}, "stylize must be a whole number from 0 to 1000."),
    ("imagine", {"prompt": "x", "stylize": -1}, "stylize must be a whole number from 0 to 1000."),
    ("imagine", {"prompt": "x", "stylize": True}, "stylize must be a whole number from 0 to 1000."),
    ("imagine", {"prompt": "x", "stylize": "5"}, "stylize must be a whole number from 0 to 1000."),
    ("imagine", {"prompt": "x", "chaos": 101}, "chaos must be a whole number from 0 to 100."),
    ("imagine", {"prompt": "x", "chaos": 0.5}, "chaos must be a whole number from 0 to 100."),
    ("imagine", {"prompt": "x", "seed": 4294967296}, "seed must be a whole number from 0 to 4294967295."),
    ("imagine", {"prompt": "x", "seed": 10**400}, "seed must be a whole number from 0 to 4294967295."),
    ("imagine", {"prompt": "x", "no": "x" * 4001}, "no must be a text of at most 4000 characters."),
    ("imagine", {"prompt": "x", "image_url": "ftp://a/b"}, "image_url must be an http or https address."),
    ("imagine", {"prompt": "x", "webhook_url": "nowhere"}, "webhook_url must be an http or https address."),
    ("imagine", {"prompt": "x", "webhook_type": "all"}, "webhook_type must be one of result, progress."),
    ("imagine", {"prompt": "x", "promt": "x"}, "promt is not a field of this request."),
    ("imagine", {"prompt": "x", "": "x"}, '"" is not a field of this request.'),
    ("imagine", {"prompt": "x", " ": "x"}, '" " is not a field of this request.'),
    (
        "blend",
        {"images": [5, {"url": "https://a.test/b"}]},
        "images[1] must be a picture, which is an object with url or base64.",
    ),
    ("upscale", {"job_id": str(ID)}, "index is missing."),
    ("upscale", {"job_id": str(ID), "index": 0}, "index must be 1 to 4."),
    ("upscale", {"job_id": str(ID), "index": 5}, "index must be 1 to 4."),
    ("variations", {"job_id": str(ID), "index": "1"}, "index must be 1 to 4."),
    ("variations", {"job_id": "1", "index": 1}, "job_id must be a job's id, which is a UUID."),
    ("describe", {}, "Give exactly one of image_url and image_base64."),
    ("describe", {"image_url": "http://a", "image_base64": "AAAA"}, "Give exactly one of image_url and image_base64."),
    ("describe", {"image_base64": ""}, "image_base64 must be a picture in base64."),
    ("describe", {"image_base64": "!!!!"}, "image_base64 must be a picture in base64."),
    ("describe", {"image_base64": "AAA"}, "image_base64 must be a picture in base64."),
    ("blend", {"images": []}, "images must be a list of 2 to 5 pictures, each with url or base64."),
    ("blend", {"images": [{"url": "http://a"}]}, "images must be a list of 2 to 5 pictures, each with url or base64."),
    (
        "blend",
        {"images": [{"url": "http://a"}] * 6},
        "images must be a list of 2 to 5 pictures, each with url or base64.",
    ),
    ("blend", {"images": [{"url": "http://a"}, {}]}, "images[2]: give exactly one of url and base64 for each image."),
    ("blend", {"images": [{"url": "x"}, {"url": "http://a"}]}, "images[1].url must be an http or https address."),
    ("blend", {"images": "x"}, "images must be a list of 2 to 5 pictures, each with url or base64."),
]


@pytest.mark.parametrize(("path", "body", "sentence"), INVALID)
async def test_an_invalid_field_is_answered_with_what_it_must_be(
    http: httpx.AsyncClient, api: ScriptedApi, path: str, body: dict[str, Any], sentence: str
) -> None:
    response = await http.post(f"/v1/{path}", json=body)
    assert assert_is_an_error(response, 400, "invalid_request") == sentence
    assert api.requests == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=0", "limit must be a whole number from 1 to 100."),
        ("limit=101", "limit must be a whole number from 1 to 100."),
        ("limit=1_0", "limit must be a whole number from 1 to 100."),
        ("limit=", "limit must be a whole number from 1 to 100."),
        ("offset=-1", "offset must be a whole number from 0."),
        ("offset=99999999999999999999", "offset must be a whole number from 0."),
        ("status=done", "status must be one of pending, in_progress, completed, failed, cancelled."),
        ("sort=newest", "sort must be one of created_at_desc, created_at_asc."),
        ("page=2", "page is not a field of this request."),
    ],
)
async def test_an_invalid_query_is_answered_with_what_it_must_be(
    http: httpx.AsyncClient, query: str, sentence: str
) -> None:
    assert assert_is_an_error(await http.get(f"/v1/jobs?{query}"), 400, "invalid_request") == sentence


async def test_many_mistakes_make_three_sentences_and_a_count(http: httpx.AsyncClient) -> None:
    response = await http.post("/v1/imagine", json={"a": 1, "b": 2, "c": 3, "d": 4})
    assert assert_is_an_error(response, 400, "invalid_request").endswith("(2 more.)")


@pytest.mark.parametrize("whole", [5, 5.0])
async def test_json_makes_no_difference_between_5_and_5_point_0(http: httpx.AsyncClient, whole: float) -> None:
    assert (await http.post("/v1/imagine", json={"prompt": "x", "chaos": whole})).status_code == 200


HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "no body": (b"", 400, "invalid_json"),
    "blank": (b"  \n", 400, "invalid_json"),
    "not JSON": (b"{prompt: 1}", 400, "invalid_json"),
    "cut short": (b'{"prompt":"a', 400, "invalid_json"),
    "two documents": (b"{}{}", 400, "invalid_json"),
    "deep": (b"[" * 100_000, 400, "invalid_json"),
    "deep and closed": (b'{"prompt":' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "invalid_json"),
    "NaN": (b'{"prompt":"a","chaos":NaN}', 400, "invalid_json"),
    "infinite": (b'{"prompt":"a","chaos":1e999}', 400, "invalid_request"),
    "huge number": (b'{"prompt":"a","seed":' + b"9" * 100_000 + b"}", 400, "invalid_json"),
    "lone surrogate": (b'{"prompt":"\\ud800"}', 400, "invalid_json"),
    "Latin-1": ('{"prompt":"é"}'.encode("latin-1"), 400, "invalid_json"),
    "UTF-16": ('{"prompt":"x"}'.encode("utf-16"), 400, "invalid_json"),
    "null": (b"null", 400, "invalid_request"),
    "a list": (b"[]", 400, "invalid_request"),
    "a string": (b'"x"', 400, "invalid_request"),
    "ten megabytes": (b'{"prompt":"' + b"x" * 10_000_000 + b'"}', 413, "body_too_long"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_refused_and_never_an_error_of_ours(
    http: httpx.AsyncClient, api: ScriptedApi, name: str
) -> None:
    content, status, code = HOSTILE[name]
    assert_is_an_error(await http.post("/v1/imagine", content=content, headers=JSON), status, code)
    assert api.requests == []


async def test_a_body_of_unknown_length_is_measured_as_it_comes(http: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    assert_is_an_error(await http.post("/v1/imagine", content=endless(), headers=JSON), 413, "body_too_long")


async def test_of_a_key_given_twice_the_last_counts(http: httpx.AsyncClient, api: ScriptedApi) -> None:
    await http.post("/v1/imagine", content=b'{"prompt":"a","prompt":"b"}', headers=JSON)
    assert api.requests == [ImagineRequest(prompt="b")]


async def test_a_nul_in_a_prompt_is_a_character_like_any_other(http: httpx.AsyncClient, api: ScriptedApi) -> None:
    await http.post("/v1/imagine", json={"prompt": "a\x00b"})
    assert api.requests == [ImagineRequest(prompt="a\x00b")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
async def test_a_body_that_is_not_declared_as_json_is_refused(http: httpx.AsyncClient, kind: str) -> None:
    response = await http.post("/v1/imagine", content=b'{"prompt":"a"}', headers={"Content-Type": kind})
    assert_is_an_error(response, 415, "unsupported_media_type")


async def test_a_charset_beside_the_content_type_does_no_harm(http: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await http.post("/v1/imagine", content=b'{"prompt":"a"}', headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/imagine/", 404),
        ("POST", "/v2/imagine", 404),
        ("GET", "/v1/jobs/not-a-uuid", 404),
        ("GET", "/v1/jobs/%00", 404),
        ("GET", "/docs", 404),
    ],
)
async def test_an_unknown_address_is_404(http: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    response = await http.request(method, path)
    assert_is_an_error(response, status, "job_not_found" if path.startswith("/v1/jobs") else "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/imagine", "POST"),
        ("PUT", "/v1/jobs", "GET"),
        ("DELETE", f"/v1/jobs/{ID}", "GET"),
        ("GET", f"/v1/jobs/{ID}/cancel", "POST"),
        ("OPTIONS", "/v1/jobs", "GET"),
    ],
)
async def test_an_unknown_method_is_405_with_the_allowed_one(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await http.request(method, path)
    assert_is_an_error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed


@pytest.mark.parametrize("path", ["/v1/imagine", f"/v1/jobs/{ID}/cancel"])
async def test_without_the_key_nothing_is_read(http: httpx.AsyncClient, api: ScriptedApi, path: str) -> None:
    response = await http.post(path, content=b"not even JSON", headers={"Authorization": "Bearer wrong"})
    assert_is_an_error(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert api.requests == []


ANSWERS: list[tuple[Exception, int, str]] = [
    (errors.InvalidPrompt("Mend the prompt."), 400, "invalid_prompt"),
    (errors.AlreadyEnded("It has ended."), 400, "already_ended"),
    (errors.JobNotFound("It is gone."), 404, "job_not_found"),
    (errors.QuotaExceeded("Too much.", retry_after=2.5), 429, "rate_limited"),
    (errors.UpstreamRejected("blocked_prompt", "A blocked word."), 400, "blocked_prompt"),
    (errors.UpstreamUnauthorized("A wrong key."), 401, "unauthorized"),
    (errors.UpstreamBusy(retry_after=7), 429, "rate_limited"),
    (errors.UpstreamUnavailable(), 503, "upstream_unavailable"),
    (errors.StorageUnavailable("/secret/path is full"), 503, "storage_unavailable"),
    (errors.DatabaseDamaged("/secret/path is damaged"), 500, "internal_error"),
    (RuntimeError("a secret detail"), 500, "internal_error"),
    (ValueError("a secret detail"), 500, "internal_error"),
]


@pytest.mark.parametrize(("error", "status", "code"), ANSWERS)
async def test_every_error_has_its_status_and_tells_nothing_of_the_inside(
    http: httpx.AsyncClient, api: ScriptedApi, error: Exception, status: int, code: str
) -> None:
    api.error = error
    response = await http.get(f"/v1/jobs/{ID}")
    message = assert_is_an_error(response, status, code)
    assert "secret" not in message
    if status in {429, 503}:
        wait = getattr(error, "retry_after", None)
        assert response.headers["retry-after"] == ("5" if wait is None else str(-int(-wait // 1)))


def every_error(kind: type[ImaginebotError] = ImaginebotError) -> list[type[ImaginebotError]]:
    found = [kind]
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found += every_error(child)
    return found


@pytest.mark.parametrize("kind", every_error())
def test_every_error_of_the_tree_has_an_answer(kind: type[ImaginebotError]) -> None:
    error = kind("a_code", "A sentence.") if kind is errors.UpstreamRejected else kind("A sentence.")
    refusal = refusal_of(error)
    assert refusal.status in STATUSES.values()
    assert refusal.message
    json.dumps(refusal.message)


async def test_a_caller_who_hangs_up_in_the_middle_of_a_body_is_no_error_of_ours(
    api: ScriptedApi, caplog: pytest.LogCaptureFixture
) -> None:
    async def authenticate(_: Request) -> ImageApi:
        return api

    async def hang_up() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/imagine", "query_string": b"", "http_version": "1.1"}
    headers = [(b"content-type", b"application/json"), (b"content-length", b"9")]
    app = create_contract_app(authenticate, title="test")
    await app({**scope, "raw_path": b"/v1/imagine", "headers": headers, "app": app}, hang_up, send)
    assert sent[0]["status"] == 400
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
