"""A release: packages, a bill of materials of everything that is locked, and checksums that fit."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.deploy.files import ROOT, VERSION, said, tool


@pytest.mark.slow
def test_a_release_holds_packages_a_bill_of_materials_and_checksums(tmp_path: Path) -> None:
    said(tool("make", "make"), "release", f"DIST={tmp_path / 'dist'}", cwd=ROOT)
    files = {path.name: path for path in (tmp_path / "dist").iterdir()}
    lines = files.pop("SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert sums == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert set(files) == {
        f"imaginebot-{VERSION}-py3-none-any.whl",
        f"imaginebot-{VERSION}.tar.gz",
        "imaginebot.cdx.json",
    }
    bill = json.loads(files["imaginebot.cdx.json"].read_text("utf-8"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", VERSION)
    locked = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert {(part["name"], part["version"]) for part in bill["components"]} == set(locked)
    hashed = [part for part in bill["components"] if part["externalReferences"][0]["hashes"]]
    assert len(hashed) == len(locked)
