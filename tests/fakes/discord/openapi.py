"""Requests held against Discord's own OpenAPI document."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

VARIABLE = "DISCORD_OPENAPI"
BESIDE_US = Path(__file__).parents[4] / "shared" / "specs" / "discord-openapi.json"

ABSENT = f"Discord's OpenAPI document is not at hand; name it in {VARIABLE}"


def document_path() -> Path | None:
    """Give where the document is, or nothing where there is none."""
    path = Path(os.environ.get(VARIABLE, "") or BESIDE_US)
    return path if path.is_file() else None


class Contract:
    """What the document says about requests and answers."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read a document."""
        self._document = _as_discord_reads(document)
        self._templates = [(template, _pattern(template)) for template in document["paths"]]
        self._validators: dict[tuple[str, ...], Draft202012Validator] = {}

    @staticmethod
    def at_hand() -> Contract | None:
        """Give the contract, or nothing where the document is absent."""
        path = document_path()
        return _read(path) if path else None

    def template_of(self, path: str) -> str | None:
        """Give the path as the document writes it, that without placeholders before all others."""
        found = [template for template, pattern in self._templates if pattern.fullmatch(path)]
        return min(found, key=lambda template: template.count("{"), default=None)

    def request_problems(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """Say what is amiss with a request."""
        template = self.template_of(path)
        operation = self._operation(template, method)
        if operation is None or template is None:
            yield f"{method} {path} is not in the document"
            return
        known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        yield from (f"{method} {template} knows no {name}" for name in query if name not in known)
        content = operation.get("requestBody", {}).get("content", {})
        if not content:
            if body is not None:
                yield f"{method} {template} takes no body"
            return
        if body is None and not operation["requestBody"].get("required"):
            return
        kind = "application/json" if "application/json" in content else next(iter(content))
        validator = self._validator("paths", template, method.lower(), "requestBody", "content", kind, "schema")
        yield from _problems(validator, body, f"{method} {template}")

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """Say what is amiss with an answer of ours; those of errors are not looked at."""
        template = self.template_of(path)
        operation = self._operation(template, method)
        if operation is None or template is None or status >= 300:
            return
        if "content" not in operation["responses"].get(str(status), {}):
            if body is not None:
                yield f"{status} of {method} {template} has no body"
            return
        pointer = ("responses", str(status), "content", "application/json", "schema")
        validator = self._validator("paths", template, method.lower(), *pointer)
        yield from _problems(validator, body, f"{status} of {method} {template}")

    def problems_of(self, schema: str, body: Any) -> list[str]:
        """Say what is amiss with a value that is to follow one of the document's named schemas."""
        return list(_problems(self._validator("components", "schemas", schema), body, schema))

    def _operation(self, template: str | None, method: str) -> Mapping[str, Any] | None:
        found = self._document["paths"].get(template, {}).get(method.lower()) if template else None
        return found if isinstance(found, Mapping) else None

    def _validator(self, *where: str) -> Draft202012Validator:
        if where not in self._validators:
            pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in where)
            schema = {"$ref": f"#/{_quoted(pointer)}", **self._document}
            self._validators[where] = Draft202012Validator(schema)
        return self._validators[where]


@cache
def _read(path: Path) -> Contract:
    return Contract(json.loads(path.read_text("utf-8")))


def _as_discord_reads(document: Mapping[str, Any]) -> dict[str, Any]:
    """Take in what Discord takes beyond its own document: snowflakes as numbers, as discord.py sends them."""
    read = {"paths": deepcopy(document["paths"]), "components": deepcopy(document["components"])}
    read["components"]["schemas"]["SnowflakeType"] = {
        "anyOf": [document["components"]["schemas"]["SnowflakeType"], {"type": "integer", "minimum": 0}]
    }
    return read


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template)))


def _quoted(pointer: str) -> str:
    return pointer.replace("%", "%25").replace("{", "%7B").replace("}", "%7D").replace("@", "%40")


def _problems(validator: Draft202012Validator, body: Any, where: str) -> Iterator[str]:
    for error in validator.iter_errors(body):
        deepest = _deepest(error)
        path = ".".join(str(part) for part in deepest.absolute_path)
        yield f"{where}: {path or 'the body'}: {_said(deepest)}"


def _said(error: ValidationError) -> str:
    """Say what an error is about, without what may be a whole message in it."""
    return f"{error.instance!r:.80} does not keep {error.validator} {error.validator_value!r:.80}"


def _deepest(error: ValidationError) -> ValidationError:
    """Give the innermost error, within the variant that the body means where there are several."""
    while error.context:
        variants: dict[Any, list[ValidationError]] = {}
        for each in error.context:
            variants.setdefault(each.relative_schema_path[0], []).append(each)
        meant = [found for found in variants.values() if not any("type" in each.relative_path for each in found)]
        error = max((meant or list(variants.values()))[0], key=lambda each: len(each.absolute_path))
    return error
