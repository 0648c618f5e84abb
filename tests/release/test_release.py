"""What is given to others: one version everywhere, a site without broken references, a bill of what a user installs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from release import __main__ as steps  # noqa: E402
from release import contents  # noqa: E402


def test_all_tell_one_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", steps.agreed_version())


def test_a_version_that_differs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wisp.__version__", "9.9.9")
    with pytest.raises(steps.RefusedError, match=r"The versions differ: core/wisp 9\.9\.9"):
        steps.agreed_version()


@pytest.mark.slow
def test_the_site_has_every_page_and_no_reference_that_leads_nowhere(tmp_path: Path) -> None:
    site = steps.build_site(tmp_path / "site")
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not (site / page).is_file()} == set()
    api = (site / "api.html").read_text("utf-8")
    assert 'id="wisp.plates.open_plate"' in api and 'id="wisp.heads.head.Head.matte"' in api


def test_the_bill_is_valid_and_holds_what_a_user_installs_and_no_more() -> None:
    packages = contents.installed(["gui"])
    text = contents.bill(packages, "1.2.3")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None, text[:2000]
    assert contents.bill(packages, "1.2.3") == text
    names = {component["name"] for component in json.loads(text)["components"]}
    assert {"torch", "numpy", "PySide6_Essentials", "omegaconf", "sam2"} <= names
    assert not {"pytest", "ruff", "av", "transformers", "wisp-roto"} & names


def test_every_package_tells_its_licence() -> None:
    rows = contents.page(contents.installed(["gui", "movies"])).splitlines()[2:]
    assert rows and not [row for row in rows if "not told" in row]
