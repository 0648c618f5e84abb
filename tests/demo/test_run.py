"""The demo as a newcomer runs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import pytest
from wisp import cli, demo
from wisp import shot as documents
from wisp.demo.run import main
from wisp.plates.exr import read_channels


@pytest.fixture(autouse=True)
def _no_studio_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", "/nowhere/config.ocio")  # the demo must not depend on it


def test_its_options_are_said_and_the_others_handed_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["demo", "--help"]) == 0 and "--size WxH" in capsys.readouterr().out
    assert cli.main(["demo", "--frames", "0"]) == 2
    told: list[object] = []
    monkeypatch.setattr(demo.run, "_run", lambda *what: told.append(what) or 0)
    assert cli.main(["demo", "-o", "x", "--frames", "3", "--head", "guided"]) == 0
    assert told == [(Path("x"), 3, (640, 360), 5, ["--head", "guided"])]


@pytest.mark.slow
@pytest.mark.timeout(900)  # two dozen commands, each a whole solve or delivery, beside other tests on two cores
def test_demo_leaves_mattes_a_shot_a_sheet_and_honest_figures(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "wisp-demo"
    assert main(["-o", str(folder), "--frames", "4", "--size", "320x180"]) == 0
    printed = capfd.readouterr().out

    for number in range(1001, 1005):
        for pattern in ("wisp/wisp", "corrected/wisp"):
            channels, _ = read_channels(folder / f"{pattern}.{number}.exr")
            assert channels["R"].shape == (180, 320)
            assert channels["R"].max() > 0.9
    shot = documents.load(folder / "wisp_demo.wisp")
    assert [item.name for item in shot.objects] == ["wisp"] and len(shot.objects[0].prompts) == 1
    corrected = documents.load(folder / "wisp_demo_corrected.wisp").objects[0]
    assert corrected.prompts[0] == shot.objects[0].prompts[0] and set(corrected.keyframes) <= {1001, 1002, 1004}
    assert {"point", "unknown"} <= {prompt.kind for prompt in corrected.prompts}, (
        "lamps are clicked away, wings painted"
    )
    assert shot.plate.colorspace is not None
    sheet = cv2.imread(str(folder / "contact-sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] > 5 * 320

    scores = {
        line.split()[0]: [float(word) for word in line.split()[1:3]] for line in printed.splitlines() if " x 1" in line
    }
    assert set(scores) == {"MAD", "MSE", "MAD-T", "dtSSD"}
    # An empty matte scores 150, the bare box 200. A correction is one.
    assert scores["MAD"][0] < 60 and scores["MAD"][1] < min(45, scores["MAD"][0])

    # A second run keeps what is there, also the corrected shot.
    assert main(["-o", str(folder), "--frames", "4", "--size", "320x180"]) == 0
    assert "0 mattes computed, 4 kept" in capfd.readouterr().err
    assert str(folder / "contact-sheet.png") in printed

    # One that was interrupted while it was corrected is corrected in full.
    shutil.copyfile(folder / "wisp_demo.wisp", folder / "wisp_demo_correcting.wisp")
    (folder / "wisp_demo_corrected.wisp").unlink()
    assert main(["-o", str(folder), "--frames", "4", "--size", "320x180"]) == 0
    assert documents.load(folder / "wisp_demo_corrected.wisp").objects[0].prompts == corrected.prompts
    assert not (folder / "wisp_demo_correcting.wisp").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"), [(["--size", "big"], "--size big is not"), (["--frames", "0"], "are at least 1")]
)
def test_wrong_options_are_named(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_unknown_model_ends_with_the_matte_commands_own_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["-o", str(tmp_path), "--frames", "1", "--size", "64x36", "--head", "no-such-head"])
    assert code == 2
    assert "no-such-head" in capfd.readouterr().err
