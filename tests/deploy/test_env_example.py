"""env.example names every setting once, with what it is, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from bot.config import Settings, read_settings, secret_file_names, secret_names, setting_names
from tests.deploy.files import DEPLOY

EXAMPLE = DEPLOY / "env.example"
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$")


def example() -> list[tuple[str, str, str]]:
    """Give each setting with its value and the line above it."""
    lines = EXAMPLE.read_text("utf-8").splitlines()
    matches = [(LINE.match(line), above) for above, line in zip(["", *lines], lines, strict=False)]
    return [(match[1], match[2], above) for match, above in matches if match]


def default_of(name: str) -> Any:
    (field,) = (field for field in Settings.model_fields.values() if field.validation_alias == name)
    return None if field.default is PydanticUndefined else field.default


def shown(default: Any) -> str:
    """Give a default as it stands in a file, or what stands for an example."""
    return (
        "an-example" if default in (None, ()) else str(default).lower() if isinstance(default, bool) else str(default)
    )


def test_every_setting_has_its_line() -> None:
    missing = sorted(set(setting_names()) - {name for name, _, _ in example()})
    advice = "".join(f"\n# What it is, in one sentence.\n#{name}={shown(default_of(name))}" for name in missing)
    assert not missing, f"Add to deploy/env.example, in the part where they belong:{advice}"


def test_nothing_but_settings_has_a_line_and_each_only_one() -> None:
    counted = Counter(name for name, _, _ in example())
    unknown = sorted(set(counted) - set(setting_names()))
    assert not unknown, f"Remove from deploy/env.example, as there is no such setting: {', '.join(unknown)}"
    assert [name for name, times in counted.items() if times > 1] == []


def test_every_line_says_above_it_what_it_is() -> None:
    bare = [name for name, _, above in example() if not re.match(r"^# .+\.$", above)]
    assert not bare, f"Say in deploy/env.example, in one sentence above the line, what this is: {', '.join(bare)}"


def test_every_secret_is_called_one() -> None:
    lines = {name: above for name, _, above in example()}
    silent = [name for name in secret_names() if "secret" not in lines[name].lower()]
    assert not silent, f"Say in deploy/env.example that these are secrets: {', '.join(silent)}"
    loud = [name for name, above in lines.items() if above.endswith("A secret.") and name not in secret_names()]
    assert not loud, f"deploy/env.example calls these secrets, bot/config.py does not: {', '.join(loud)}"


def test_nothing_is_set_by_a_copy_of_it() -> None:
    assert [line for line in EXAMPLE.read_text("utf-8").splitlines() if line and not line.startswith("#")] == []


@pytest.fixture
def everything_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The settings as they are where every line of the example is in force."""
    monkeypatch.chdir(tmp_path)
    for name in (*setting_names(), *secret_file_names(), "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name, value, _ in example():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_every_example_is_a_value_that_is_taken(everything_set: Settings) -> None:
    assert everything_set.model_fields_set == set(Settings.model_fields) - {"demo"}


def test_the_value_shown_is_the_default_where_there_is_one(everything_set: Settings) -> None:
    for field, info in Settings.model_fields.items():
        if field != "demo" and default_of(str(info.validation_alias)) not in (None, ()):
            assert getattr(everything_set, field) == info.default, info.validation_alias
