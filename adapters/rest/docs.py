"""The documentation page, made from the OpenAPI document: one file, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_FOLDER = Path(__file__).parent / "templates"
_LIMITS = (
    ("minimum", "from {}"),
    ("maximum", "up to {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {}"),
    ("maxItems", "at most {}"),
    ("pattern", "pattern {}"),
)
_SAMPLES = {
    "prompt": "a lighthouse at dusk",
    "job_id": "0190b2c4-…",
    "index": 2,
    "image_url": "https://example.com/a.png",
    "images": [{"url": "https://example.com/a.png"}, {"url": "https://example.com/b.png"}],
}


def docs_page(app: FastAPI, base: str) -> Callable[[Request], Awaitable[Response]]:
    """Give the endpoint of the page that documents ``app``, which answers at ``base``."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = (_FOLDER / "docs.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    headers = {
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }

    async def page(_request: Request) -> Response:
        document = app.openapi()
        text = environment.get_template("docs.html").render(
            info=document["info"],
            paragraphs=document["info"]["description"].strip().split("\n\n"),
            style=style,
            operations=operations_of(document, base),
        )
        return HTMLResponse(text, headers=headers)

    return page


def operations_of(document: dict[str, Any], base: str) -> list[dict[str, Any]]:
    """Give every operation of an OpenAPI document with its fields in words and a line for curl."""
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            fields = [
                _field(each["name"], each["schema"], document, required=each["required"], place=each["in"])
                for each in operation.get("parameters", [])
            ]
            body = _body(operation, document)
            fields += [
                _field(name, schema, document, required=name in body.get("required", []), place="body")
                for name, schema in body.get("properties", {}).items()
            ]
            found.append(
                {
                    "name": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "fields": fields,
                    "answers": {status: each["description"] for status, each in operation["responses"].items()},
                    "curl": _curl(method, f"{base}{path}", body),
                }
            )
    return found


def _body(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return _resolved(content.get("schema", {}), document)


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _field(
    name: str, schema: dict[str, Any], document: dict[str, Any], *, required: bool, place: str
) -> dict[str, Any]:
    choices = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    inner = _resolved(choices[0], document)
    rules = [text.format(inner[key]) for key, text in _LIMITS if key in inner]
    if "enum" in inner:
        rules.append("one of " + ", ".join(map(str, inner["enum"])))
    if schema.get("default") is not None:
        rules.append(f"default {schema['default']}")
    return {
        "name": name,
        "place": place,
        "type": inner.get("format") or inner.get("type", ""),
        "required": required,
        "rules": "; ".join(rules),
        "description": schema.get("description", ""),
    }


def _curl(method: str, url: str, body: dict[str, Any]) -> str:
    line = f'curl {url} -H "Authorization: Bearer $KEY"'
    if body:
        wanted = body.get("required") or (["image_url"] if "image_url" in body.get("properties", {}) else [])
        sample = {name: _SAMPLES.get(name, "…") for name in wanted}
        return f"{line} --json '{json.dumps(sample, ensure_ascii=False)}'"
    return f"{line} -X POST" if method == "post" else line
