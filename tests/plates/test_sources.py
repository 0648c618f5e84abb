"""No file that a shot is made from is ever written over, by whatever path it is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wisp.errors import OutputError
from wisp.plates.sources import Sources


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    (tmp_path / "plates").mkdir()
    for frame in (1001, 1002, 1004):
        (tmp_path / "plates" / f"sh.{frame}.exr").write_text(str(frame))
    (tmp_path / "way").symlink_to(tmp_path / "plates")
    (tmp_path / "one.exr").symlink_to(tmp_path / "plates" / "sh.1002.exr")
    os.link(tmp_path / "plates" / "sh.1004.exr", tmp_path / "hard.exr")
    return tmp_path / "plates"


def sources(plate: Path) -> Sources:
    return Sources(sorted(plate.glob("*.exr")), str(plate / "sh.%04d.exr"))


@pytest.mark.parametrize(
    "target",
    [
        "plates/sh.1001.exr",
        "plates/../plates/./sh.1001.exr",
        "way/sh.1001.exr",
        "one.exr",
        "hard.exr",
        "plates/sh.1003.exr",  # a frame that is missing would become the matte
        "way/sh.9999.exr",
    ],
)
def test_refused_however_it_is_spelled(plate: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plate.parent)
    for path in (Path(target), plate.parent / target):
        with pytest.raises(OutputError, match="never replaced"):
            sources(plate).refuse([plate / "free.exr", path])


def test_beside_the_plate_is_free(plate: Path) -> None:
    beside = ("sh_matte.1001.exr", "sh.1001.png", "hero/sh.1001.exr", "sh.mov")
    sources(plate).refuse(plate / name for name in beside)
    sources(plate).refuse([plate.parent / "other" / "sh.1001.exr"])
