"""Models by id: found, checked, allowed, built, stamped."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from weights.stand_ins import GOOD, OTHER, UNLISTED
from wisp.errors import UsageError, WeightsError
from wisp.weights import models
from wisp.weights.models import load_head, load_tracker, model_stamp
from wisp.weights.options import RunOptions

pytestmark = pytest.mark.usefixtures("small_registry")
SHA = {content: hashlib.sha256(content).hexdigest() for content in (GOOD, OTHER, UNLISTED)}


@pytest.fixture(autouse=True)
def nothing_said_yet() -> None:
    models._say_once.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "hero+.pt").write_bytes(GOOD)
    (folder / "fresh.pt").write_bytes(UNLISTED)
    return folder


def test_builder_gets_entry_files_and_options(folder: Path) -> None:
    options = RunOptions(weights=(folder,), seed=3)
    tracker = load_tracker("both", options)
    assert tracker.id == "both"
    assert vars(tracker)["files"] == {"encoder": folder / "hero+.pt", "decoder": folder / "fresh.pt"}
    assert vars(tracker)["options"] is options


def test_one_file_serves_as_tracker_and_head(folder: Path) -> None:
    options = RunOptions(weights=(folder,))
    assert vars(load_tracker("hero", options))["files"] == vars(load_head("hero", options))["files"]


def test_weights_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WISP_WEIGHTS", str(folder))
    assert load_head("hero", RunOptions()).id == "hero"


def test_missing_weights_name_the_command() -> None:
    with pytest.raises(WeightsError, match=r"hero\+\.pt .* 'wisp models get hero'"):
        load_tracker("hero", RunOptions())


def test_wrong_weights_are_refused_unless_asked_for(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "hero+.pt").write_bytes(OTHER)
    with pytest.raises(WeightsError, match="is not the published"):
        load_tracker("hero", RunOptions(weights=(folder,)))
    own = RunOptions(weights=(folder,), allow_unverified=True)
    load_tracker("hero", own)
    assert "is not known to be the published hero+.pt" in caplog.text
    assert model_stamp("hero", "tracker", own).weights_sha256 == f"unverified:{SHA[OTHER]}"


def test_licence_is_told_once_on_loading(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    load_tracker("hero", RunOptions(weights=(folder,)))
    load_head("hero", RunOptions(weights=(folder,)))
    (record,) = [record for record in caplog.records if "NON-COMMERCIAL" in record.getMessage()]
    assert record.levelno == logging.WARNING


@pytest.mark.parametrize("model_id", ["hero", "fresh"])
def test_commercial_policy(folder: Path, model_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WISP_LICENCE", "commercial")
    options = RunOptions(weights=(folder,))
    with pytest.raises(WeightsError, match=rf"'{model_id}' .* is refused.*Allowed instead: .*both") as caught:
        load_tracker(model_id, options)
    assert caught.value.exit_code == 4
    with pytest.raises(WeightsError, match="refused"):
        model_stamp(model_id, "tracker", options)
    assert load_tracker("both", options).id == "both"


def test_stamps(folder: Path) -> None:
    options = RunOptions(weights=(folder,))
    hero, both = (model_stamp(model_id, "tracker", options) for model_id in ("hero", "both"))
    plain = model_stamp("plain", "head", options)
    assert (hero.version, hero.weights_sha256, hero.licence) == (SHA[GOOD], SHA[GOOD], "CC-BY-NC-SA-4.0")
    assert both.weights_sha256 == f"{SHA[GOOD]}+unlisted:{SHA[UNLISTED]}"
    assert (plain.version, plain.weights_sha256) == ("algorithm-7", "")
    assert (hero.segments, both.segments) == (False, True)


def test_kinds_are_kept_apart() -> None:
    with pytest.raises(UsageError, match=r"no tracker 'plain'\. Known trackers: hero, fresh, both"):
        load_tracker("plain", RunOptions())
    with pytest.raises(UsageError, match="no head 'both'"):
        load_head("both", RunOptions())


def test_absent_package_names_what_to_install() -> None:
    with pytest.raises(UsageError, match=r"'a_package_that_is_not_there'.*Install it: pip install something"):
        load_head("lacking", RunOptions())


def test_misspelt_policy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WISP_LICENCE", "comercial")
    with pytest.raises(UsageError, match="'comercial'"):
        RunOptions()


def test_looking_things_up_stays_light() -> None:
    code = (
        "import sys; from wisp.weights import models, inventory, licences, fetch, options, checkpoints;"
        "licences.licences(options.RunOptions()); inventory.where('sam2.1-tiny');"
        "print([name for name in ('torch', 'cv2', 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
