"""What is on this machine, and under which terms."""

from __future__ import annotations

from pathlib import Path

import pytest
from weights.stand_ins import GOOD, OTHER, UNLISTED
from wisp.errors import InputError, UsageError
from wisp.weights.inventory import verify, where
from wisp.weights.licences import licences
from wisp.weights.options import RunOptions

pytestmark = pytest.mark.usefixtures("small_registry")


def test_verify_tells_every_state(tmp_path: Path) -> None:
    assert [report.state for report in verify(tmp_path)] == ["missing", "missing"]
    (tmp_path / "hero+.pt").write_bytes(OTHER)
    (tmp_path / "fresh.pt").write_bytes(UNLISTED)
    hero, fresh = verify(tmp_path)
    assert (hero.state, fresh.state) == ("wrong", "unlisted")
    assert "SHA-256" in hero.why
    assert [model.id for model in hero.models] == ["hero", "both"]
    (tmp_path / "hero+.pt").write_bytes(GOOD)
    read: list[tuple[str, int]] = []
    hero, _ = verify(tmp_path, progress=lambda name, done: read.append((name, done)))
    assert (hero.state, hero.path, hero.why) == ("good", tmp_path / "hero+.pt", "")
    assert ("hero+.pt", len(GOOD)) in read


def test_verify_along_the_search_path(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "hero+.pt").write_bytes(GOOD)
    assert [report.state for report in verify()] == ["good", "missing"]


def test_verify_of_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent"):
        verify(tmp_path / "absent")


def test_where(tmp_path: Path, home: Path) -> None:
    (tmp_path / "fresh.pt").write_bytes(UNLISTED)
    found = where("both", weights=(tmp_path,))
    assert found.folders == (tmp_path, home)
    assert [(file.name, path) for file, path in found.files] == [
        ("hero+.pt", None),
        ("fresh.pt", tmp_path / "fresh.pt"),
    ]
    assert not found.complete
    assert where("plain").complete
    with pytest.raises(UsageError, match="no model 'x'"):
        where("x")


def test_licences_follow_the_policy() -> None:
    free = {line.model_id: line.allowed for line in licences(RunOptions())}
    studio = {line.model_id: line.allowed for line in licences(RunOptions(commercial=True))}
    assert all(free.values())
    assert studio == {"plain": True, "hero": False, "fresh": False, "both": True, "lacking": True}
