"""`wisp deliver` as a command: its options, what it says, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from wisp import shot as documents
from wisp.cli import main
from wisp.plates.exr import read_channels
from wisp.solve import Solver


@pytest.fixture
def document(brief: Solver, tmp_path: Path) -> Path:
    """The shot saved beside its plate; frames 1010-1015 are solved."""
    path = tmp_path / "sh.wisp"
    documents.save(brief.shot, path)
    return path


def deliver(document: Path, *more: str) -> int:
    return main(["deliver", str(document), "--cache", str(document.parent / "cache"), *more])


def test_the_shots_settings_are_the_defaults(document: Path, tmp_path: Path) -> None:
    saved = documents.load(document)
    saved.deliver = documents.DeliverSpec(layout="rgba", premultiply=True, exclusive=True)
    documents.save(saved, document)
    chosen = ("--frames", "1012", "--objects", "prop", "-q")
    assert deliver(document, "-o", str(tmp_path / "a"), *chosen) == 0
    assert deliver(document, "-o", str(tmp_path / "b"), "--straight", "--no-exclusive", *chosen) == 0
    shared, own = (read_channels(tmp_path / name / "prop" / "prop.1012.exr")[0] for name in "ab")
    assert set(shared) == set(own) == set("RGBA")
    assert (shared["A"] < own["A"]).any() and not (shared["A"] > own["A"]).any()
    assert (shared["R"] < own["R"]).any()


def test_events_and_versions(document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version in (1, 2):
        capsys.readouterr()
        chosen = ("--frames", "1010-1012", "--layout", "crypto", "--version", "next", "--json")
        assert deliver(document, "-o", str(tmp_path / "out"), *chosen) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        progress = [line for line in lines if line["event"] == "progress"]
        assert [(line["stage"], line["frame"], line["done"], line["total"]) for line in progress] == [
            ("deliver", 1010 + index, index + 1, 3) for index in range(3)
        ]
        assert lines[-1]["event"] == "done"
        assert (lines[-1]["written"], lines[-1]["skipped"], lines[-1]["version"]) == (3, 0, version)
        assert lines[-1]["folders"] == [str(tmp_path / "out" / f"v00{version}")]
    assert deliver(document, "-o", str(tmp_path / "out"), "--version", "0") == 2


def test_exit_codes_of_what_is_wrong(document: Path, tmp_path: Path) -> None:
    assert deliver(document, "-o", str(tmp_path / "out"), "--layout", "layers", "--format", "png") == 2
    assert deliver(document, "-o", str(tmp_path / "out"), "--frames", "1030") == 3, "not solved"
    for layout in ("alpha", "shapes"):
        asked = ("-o", str(tmp_path / "out"), "--frames", "", "--layout", layout)
        assert deliver(document, *asked) == 2, "an empty range is not all of the shot"
    (tmp_path / "file").touch()
    assert deliver(document, "-o", str(tmp_path / "file" / "out"), "--frames", "1010") == 8
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as only POSIX can")
@pytest.mark.parametrize("suffix", ["exr32", "tiff", "png", "mov"])
def test_a_full_disk_ends_with_code_8_and_nothing_half_written(suffix: str, document: Path, tmp_path: Path) -> None:
    """A file that may not grow beyond 256 bytes stands for the disk."""
    program = f"""
import resource, sys
from wisp.deliver import Delivery, Style
from wisp.errors import OutputError
from wisp import shot as documents
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
import pytest
from helpers.delivering import stand_ins
from helpers.solving import solver
from pathlib import Path
with pytest.MonkeyPatch.context() as patch:
    stand_ins(patch)
    made = solver(documents.load({str(document)!r}), Path({str(tmp_path)!r}))
    style = Style(layout="rgba", format={suffix!r})
    delivery = Delivery(made, {str(tmp_path / "out")!r}, style, frames=[1012], objects=["hero"])
    delivery._foreground.linear(1012, made.plate.read(1012).rgb[..., 0])
    resource.setrlimit(resource.RLIMIT_FSIZE, (256, 256))
    try:
        delivery.write()
    except OutputError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
"""
    done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 8, done.stderr
    assert "Cannot write" in done.stderr
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
