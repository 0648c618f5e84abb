"""`wisp models` on the registry that ships, with files that came another way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wisp.cli import main
from wisp.weights.registry import entries


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("WISP_WEIGHTS", raising=False)
    monkeypatch.setenv("WISP_OFFLINE", "1")


def test_every_model_is_listed_with_its_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [model.id for model in entries()]
    assert all(model.licence in line for model, line in zip(entries(), lines, strict=True))


def test_the_list_says_how_large_a_model_is_and_whether_a_job_that_is_paid_may_use_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["models", "list"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " 156 MB " in rows["sam2.1-tiny"] and "commercial: yes" in rows["sam2.1-tiny"]
    assert " >375 MB " in rows["mam"], "of one of its two files"
    assert " ? " in rows["edgetam"] and " - " in rows["flow"]
    assert "commercial: no" in rows["gvm"] and "REFUSED" not in rows["gvm"]
    monkeypatch.setenv("WISP_LICENCE", "commercial")
    assert main(["models", "list"]) == 0
    refused = {line.split()[0] for line in capsys.readouterr().out.splitlines() if "REFUSED" in line}
    assert refused == {model.id for model in entries() if model.commercial != "yes"}
    assert main(["models", "list", "--json"]) == 0
    listed = {event["id"]: event for event in map(json.loads, capsys.readouterr().out.splitlines())}
    assert listed["sam2.1-tiny"]["size"] == 156_008_466 and listed["sam2.1-tiny"]["allowed"]
    assert listed["mam"]["files"] == {"sam_vit_b_01ec64.pth": 375_042_383, "mam_vitb.pth": None}
    assert listed["mam"]["size"] is None and listed["flow"]["size"] == 0 and not listed["gvm"]["allowed"]


def test_a_file_to_take_that_is_not_there_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "get", "grounding-dino-tiny", "--from", str(tmp_path / "absent")]) == 3
    assert f"{tmp_path / 'absent'} does not exist." in capsys.readouterr().err


def test_settings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    listed = {event["id"]: event for event in map(json.loads, capsys.readouterr().out.splitlines())}
    assert listed["mam"]["settings"] == {"guidance": ["mask", "alpha", "plain"], "masks": ["tracker", "sam"]}
    assert listed["guided"]["settings"] == {}


def test_one_file_of_a_model_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "mam_vitb.pth"
    given.write_bytes(b"the decoder")
    assert main(["models", "get", "mam", "--from", str(given)]) == 0
    told = capsys.readouterr()
    assert "Matting Anything, SAM ViT-B: MIT, commercial use allowed" in told.err
    assert "Still missing: sam_vit_b_01ec64.pth" in told.err
    assert "mam_vitb.pth (unlisted)" in told.out, "there is no published hash to compare with"
    assert main(["models", "where", "mam"]) == 4


def test_another_file_than_the_published_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = tmp_path / "sam_vit_b_01ec64.pth"
    given.write_bytes(b"something else")
    assert main(["models", "get", "mam", "--from", str(given), "--to", str(tmp_path / "stick")]) == 4
    assert (
        "is not the published sam_vit_b_01ec64.pth: it has 14 bytes instead of 375,042,383" in capsys.readouterr().err
    )
    assert not list((tmp_path / "stick").glob("*.pth"))


def test_a_file_for_people_is_not_asked_of_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the address of its page is told; nothing is contacted."""
    from wisp.errors import WeightsError
    from wisp.weights import fetch
    from wisp.weights.registry import entry

    monkeypatch.delenv("WISP_OFFLINE")
    decoder = entry("mam").files["decoder"]
    with pytest.raises(WeightsError, match=r"only for people, at https://drive\.google\.com/.*--from FILE"):
        fetch._from_hub(decoder, tmp_path, lambda *_: None, "")
