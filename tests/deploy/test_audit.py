"""The audit: a known weakness stops it, silence is never taken for good news, and it asks once a day."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import audit
from tests.deploy.files import ROOT

GOOD = {"name": "good", "version": "1", "vulns": []}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found"}
WEAK = {"name": "weak", "version": "2", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["3"]}]}


class Service:
    """A service that knows of weaknesses, with a given answer."""

    def __init__(self, *packages: dict[str, Any], away: bool = False) -> None:
        self.answer = None if away else {"dependencies": list(packages)}
        self.asked = 0

    def __call__(self, _locks: Sequence[Path]) -> dict[str, Any] | None:
        self.asked += 1
        return self.answer


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """A folder with the lock files of a program."""
    for name in audit.LOCKS:
        (tmp_path / name).write_text("good==1\n")
    return tmp_path


def run(locks: Path, service: Service, *arguments: str) -> int:
    return audit.main(arguments, ask=service, root=locks, stamp=locks / "stamp.json")


@pytest.mark.parametrize("arguments", [(), ("--if-reachable",)])
def test_a_known_weakness_fails_and_says_what_mends_it(
    locks: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert run(locks, Service(GOOD, WEAK), *arguments) == 1
    assert capsys.readouterr().out == "weak 2: PYSEC-1, mended in 3\n"
    assert not (locks / "stamp.json").exists()


@pytest.mark.parametrize("known", ["PYSEC-1", "CVE-1"])
def test_a_weakness_that_is_accepted_by_either_name_passes(
    locks: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {known: "we never call it"})
    assert run(locks, Service(GOOD, WEAK)) == 0


@pytest.mark.parametrize("service", [Service(away=True), Service(UNKNOWN, UNKNOWN)], ids=["away", "knows nothing"])
def test_a_service_that_does_not_answer_is_no_good_news(
    locks: Path, capsys: pytest.CaptureFixture[str], service: Service
) -> None:
    assert run(locks, service) == 2
    assert run(locks, service, "--if-reachable") == 0
    assert capsys.readouterr().out.count("The locks were not audited") == 2
    assert not (locks / "stamp.json").exists()


def test_a_package_that_is_not_known_is_named(locks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(locks, Service(GOOD, UNKNOWN)) == 0
    assert "unknown: could not be looked up" in capsys.readouterr().out


def test_a_good_answer_is_good_for_a_day_and_for_the_same_locks(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(GOOD)
    assert [run(locks, service, "--if-reachable") for _ in range(3)] == [0, 0, 0]
    assert service.asked == 1
    assert run(locks, service) == 0  # who asks on purpose is answered anew
    assert service.asked == 2
    (locks / audit.LOCKS[0]).write_text("good==2\n")
    run(locks, service, "--if-reachable")
    assert service.asked == 3
    later = time.time() + audit.FRESH_S + 1
    monkeypatch.setattr(time, "time", lambda: later)
    run(locks, service, "--if-reachable")
    assert service.asked == 4


def test_every_accepted_weakness_has_a_reason() -> None:
    assert all(len(reason.split()) > 3 for reason in audit.ACCEPTED.values())


def test_the_checks_ask_for_an_audit() -> None:
    rules = (ROOT / "Makefile").read_text("utf-8")
    assert "-m tests.deploy.audit --if-reachable" in rules.partition("\ncheck:")[2].partition("\n\n")[0]


def test_a_lock_is_read_by_the_tool_and_one_that_is_reachable_answers_for_all(tmp_path: Path) -> None:
    command = audit._command([ROOT / audit.LOCKS[0]], timeout_s=1, only_first=True)
    first = Path(command[-1].removeprefix("--requirement=")).read_text("utf-8")
    assert first.count("==") == 1
    assert "--hash=sha256:" in first
