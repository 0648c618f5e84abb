"""`wisp train` from the first picture to a head that mattes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from wisp.bench.stills import PictureClip
from wisp.cli import main
from wisp.heads.embedded import EmbeddedHead, build
from wisp.heads.guided import guided_matte
from wisp.train.export import data_since, read_provenance
from wisp.train.scenes import made_sample
from wisp.weights.options import RunOptions
from wisp.weights.registry import parse

SMALL = ["--set", "steps=2", "--set", "samples=2", "--set", "batch=2", "--set", "crop=64", "--set", "validation=1"]
SMALL += ["--set", "precision=fp32", "--set", "validate_every=2", "--device", "cpu"]


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_preview_draws_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sheet.png"
    assert main(["train", "preview", "-o", str(path), "--count", "2", "--size", "64", "--json"]) == 0
    assert cv2.imread(str(path)).shape == (132, 4 * 136, 3)
    assert events(capsys.readouterr().out)[-1] == {"event": "done", "path": str(path)}


def test_run_and_export_give_a_head(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, weights = tmp_path / "run", tmp_path / "mine.safetensors"
    assert main(["train", "run", "-o", str(run), *SMALL, "--json"]) == 0
    told = events(capsys.readouterr().out)
    assert told[-1] == {"event": "done", "step": 2, "folder": str(run)}
    (validation,) = (event for event in told if event["event"] == "validation")
    assert {"exact MAD", "slight MAD", "coarse MAD"} <= set(validation["errors"])  # type: ignore[call-overload]

    terms = ["--licence", "Apache-2.0", "--attribution", "A studio", "--id", "mine"]
    assert main(["train", "export", str(run), "-o", str(weights), *terms]) == 0
    (entry,) = parse(capsys.readouterr().out)
    assert (entry.id, entry.licence, entry.kinds) == ("mine", "Apache-2.0", ("head",))
    assert entry.files["weights"].size == weights.stat().st_size
    about = read_provenance(weights)
    assert (about.data, about.licence, about.settings.steps) == ("made pictures", "Apache-2.0", 2)
    stamp = weights.read_bytes()
    assert main(["train", "export", str(run), "-o", str(weights), *terms]) == 0
    assert weights.read_bytes() == stamp

    head = build(entry, {"weights": weights}, RunOptions(device="cpu"))
    assert isinstance(head, EmbeddedHead)
    sample = made_sample(1, 96, "coarse")
    logits = np.where(sample.mask, 8, -8).astype(np.float32)
    alpha = head.matte(PictureClip(sample.image), 1, {1: logits})[1]
    assert 0 < np.abs(alpha - guided_matte(sample.image, logits)).mean() < 0.1


@pytest.mark.parametrize(
    ("arguments", "code", "fault"),
    [
        (["run", "--set", "steps"], 2, "NAME=VALUE"),
        (["run", "--set", "stpes=1"], 2, "unknown setting 'stpes'"),
        (["run", "--set", "recipe=sam2matting"], 2, "--encoder"),
        (["run", "--data", "nowhere"], 3, "no training data"),
        (["run", "--start", "none.safetensors", *SMALL], 4, "no weight file"),
        (["run", "--renders", "somewhere"], 2, "--renders takes --subjects"),
        (["export", "nowhere", "--licence", "x", "--attribution", "y"], 3, "holds no run"),
    ],
)
def test_faults_are_said_in_one_sentence(
    arguments: list[str],
    code: int,
    fault: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *arguments, "-o", "out"]) == code
    assert fault in capsys.readouterr().err


def test_a_finished_run_is_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "run")
    assert main(["train", "run", "-o", run, *SMALL, "-q"]) == 0
    stamp = (tmp_path / "run" / "curves.png").read_bytes()
    assert main(["train", "run", "-o", run, "--device", "cpu"]) == 0  # settings come from the run itself
    assert "Going on at step 2 of 2" in capsys.readouterr().err
    assert (tmp_path / "run" / "curves.png").read_bytes() == stamp


def cutouts(folder: Path) -> Path:
    """Two soft discs."""
    for name in ("fg", "alpha"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            disc = cv2.circle(np.zeros((160, 160), np.uint8), (80, 80), 40 + 10 * number, 255, -1)
            cv2.imwrite(str(folder / name / f"{number}.png"), cv2.GaussianBlur(disc, (0, 0), 3))
    return folder


def test_a_run_keeps_to_what_it_began_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, data = tmp_path / "run", cutouts(tmp_path / "first")
    began = ["train", "run", "-o", str(run), "--device", "cpu"]
    assert main([*began, *SMALL, "--data", str(data), "--json"]) == 0
    (validation,) = (told for told in events(capsys.readouterr().out) if told["event"] == "validation")
    assert validation["seen"] is False, "the other disc"
    origin = (run / "origin.json").read_bytes()
    crops = (run / "crops.npy").read_bytes()
    assert json.loads(origin)["data"] == str(data)
    assert main(began) == 0, "with the same data, though nobody says so"
    assert main([*began, "--data", str(data)]) == 0
    capsys.readouterr()
    other = {"--data": cutouts(tmp_path / "second"), "--start": tmp_path / "w.safetensors", "--variant": "small"}
    (run / "checkpoint.pt").unlink()  # its crops are still of the first
    for option, value in other.items():
        assert main([*began, option, str(value)]) == 2
        assert f"holds a run with another {option}" in capsys.readouterr().err
    assert ((run / "origin.json").read_bytes(), (run / "crops.npy").read_bytes()) == (origin, crops)


def test_figures_of_subjects_that_are_trained_on_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = cutouts(tmp_path / "data")
    for name in ("fg", "alpha"):
        (data / name / "1.png").unlink()
    assert main(["train", "run", "-o", str(tmp_path / "run"), *SMALL, "--data", str(data)]) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if " MAD " in line]
    assert told and all(line.endswith(", of subjects that are trained on, too") for line in told)


def test_an_export_may_blend_a_run_with_what_it_started_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms = ["--licence", "Apache-2.0", "--attribution", "A studio"]
    first, second = tmp_path / "first", tmp_path / "second"
    weights = {name: tmp_path / f"{name}.safetensors" for name in ("before", "after", "between")}
    assert main(["train", "run", "-o", str(first), *SMALL]) == 0
    assert main(["train", "export", str(first), "-o", str(weights["before"]), *terms]) == 0
    faults = [(str(first), "0.5", "started from nothing"), (str(first), "0", "above 0")]
    for run, share, fault in faults:
        assert main(["train", "export", run, "-o", str(tmp_path / "x"), *terms, "--share", share]) == 2
        assert fault in capsys.readouterr().err
    again = [*SMALL, "--set", "seed=1", "--set", "learning_rate=0.1", "--start", str(weights["before"])]
    assert main(["train", "run", "-o", str(second), *again]) == 0
    assert main(["train", "export", str(second), "-o", str(weights["after"]), *terms]) == 0
    assert main(["train", "export", str(second), "-o", str(weights["between"]), *terms, "--share", "0.25"]) == 0
    other = tmp_path / "other.safetensors"
    assert (
        main(
            ["train", "export", str(first), "-o", str(other), *terms, "--share", "0.5", "--rest", str(weights["after"])]
        )
        == 0
    )
    assert (
        data_since(weights["after"], "ours")
        == "made pictures, ours"
        == data_since(weights["after"], "made pictures, ours")
    )
    assert data_since(first, "ours") == "ours"
    before, after, between = (load_file(path) for path in weights.values())
    assert any((before[name] != after[name]).any() for name in before)
    for name, value in between.items():
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25 * after[name])
    for name, value in load_file(other).items():
        torch.testing.assert_close(value, 0.5 * before[name] + 0.5 * after[name])
