"""What schemathesis cannot know of the contract's formats; loaded by its command, not by pytest."""

from __future__ import annotations

import base64
import re
from typing import Any

import schemathesis
from hypothesis import strategies as st

from tests.fakes.engines import png

_PICTURES = [base64.b64encode(png(colour)).decode() for colour in ((0, 0, 0), (255, 0, 0), (0, 255, 0))]
_RATIO = re.compile("(?=.{3,32}$)[0-9]+:[0-9]+")
# Addresses for documentation (RFC 5737): they belong to nobody, are refused at once, and need no look-up.
_ADDRESSES = ["https://192.0.2.1/a.png", "http://192.0.2.1:8080/?b=c#d", "https://192.0.2.1/ü"]

schemathesis.openapi.format("base64", st.sampled_from(_PICTURES))
schemathesis.openapi.format("iri", st.sampled_from(_ADDRESSES))


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _options: dict[str, Any]) -> None:
    """Put a ratio that can be painted in the place of one that only looks right: 0:0, 1:99999."""
    if isinstance(case.body, dict) and _RATIO.fullmatch(str(case.body.get("aspect_ratio"))):
        case.body["aspect_ratio"] = "3:2"
