"""The registry that ships: complete, consistent, and what the contract with users says."""

from __future__ import annotations

import importlib
import inspect
import re
import tomllib
from pathlib import Path

import pytest
from wisp.errors import UsageError
from wisp.weights import registry
from wisp.weights.registry import entries, entry, entry_as, files


def test_the_models_of_this_version() -> None:
    assert [model.id for model in entries("tracker")] == [
        "flow",
        "sam2.1-tiny",
        "sam2.1-small",
        "sam2.1-base-plus",
        "sam2.1-large",
        "edgetam",
        "sam2matting-sam2.1-tiny",
        "sam2matting-sam2.1-base-plus",
        "sam3",
        "sam2matting-sam3",
    ]
    assert [model.id for model in entries("head")] == [
        "guided",
        "closed-form",
        "embedded",
        "sam2matting-sam2.1-tiny",
        "sam2matting-sam2.1-base-plus",
        "mam",
        "sam2matting-sam3",
        "gvm",
    ]
    assert [model.id for model in entries("detector")] == ["grounding-dino-tiny", "sam3-text"]


def test_ids_and_file_names_are_unique() -> None:
    table = tomllib.loads(Path(registry.__file__).with_name("registry.toml").read_text("utf-8"))
    for kind, key in (("model", "id"), ("file", "name")):
        names = [row[key] for row in table[kind]]
        assert len(names) == len(set(names))


def test_every_file_is_used() -> None:
    table = tomllib.loads(Path(registry.__file__).with_name("registry.toml").read_text("utf-8"))
    assert {file.name for file in files()} == {row["name"] for row in table["file"]}


@pytest.mark.parametrize("model", entries(), ids=lambda model: model.id)
def test_every_model_is_whole(model: registry.ModelEntry) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]*", model.id)
    assert model.title and model.licence and model.attribution
    assert model.commercial in ("yes", "no", "ask")
    assert model.builders
    for kind, builder in model.builders.items():
        room = {"tracker": "trackers", "head": "heads", "detector": "detectors"}[kind]
        assert re.fullmatch(rf"wisp\.{room}\.[a-z_0-9.]+:build", builder)
    if "head" in model.kinds:
        assert model.tracker is not None
        assert "tracker" in entry(model.tracker).kinds
    assert not model.segments or "tracker" in model.kinds


def test_segments_are_the_trackers_own() -> None:
    from wisp.models.build import load_tracker
    from wisp.trackers.sam2.tracker import Sam2Tracker
    from wisp.weights.options import RunOptions

    for model in entries("tracker"):
        tracker = Sam2Tracker if model.files else load_tracker(model.id, RunOptions())
        assert model.segments == tracker.segments


BUILDERS = sorted({builder for model in entries() for builder in model.builders.values()})


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_builder_exists(builder: str) -> None:
    module, function = builder.split(":")
    parameters = inspect.signature(getattr(importlib.import_module(module), function)).parameters
    assert list(parameters) == ["entry", "files", "options"]


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_file_can_be_fetched_and_checked(file: registry.WeightFile) -> None:
    assert file.url or file.page or (file.repo and file.path and file.revision)
    assert file.revision is None or re.fullmatch(r"[0-9a-f]{40}", file.revision)
    assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    assert file.size is None or file.size > 0
    assert Path(file.name).name == file.name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("sam2.1_hiera_tiny.pt", 38_962_498),
        ("sam2.1_hiera_base_plus.pt", 80_850_178),
        # model, and twice the heads' 4 949 060 parameters beside it
        ("SAM2Matting-SAM2.1Tiny.pt", 43_911_558 + 2 * 4_949_060),
        ("SAM2Matting-SAM2.1Base+.pt", 85_799_238 + 2 * 4_949_060),
    ],
)
def test_sizes_agree_with_the_parameter_counts(name: str, parameters: int) -> None:
    """float32 tensors and a little structure: the sizes are of the right files."""
    (size,) = [file.size for file in files() if file.name == name]
    assert size is not None
    assert 0 < size - 4 * parameters < 500_000


def test_non_commercial_weights_are_marked() -> None:
    assert {model.id for model in entries() if model.commercial != "yes"} == {
        "sam2matting-sam2.1-tiny",
        "sam2matting-sam2.1-base-plus",
        "sam3",
        "sam2matting-sam3",
        "sam3-text",
        "gvm",
    }
    for model in entries():
        assert ("NC" in model.licence) == (model.commercial == "no")


def test_the_documentation_has_every_model_with_its_terms() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "models" / "README.md"
    rows = {row.split("|")[1].strip(" `"): row for row in page.read_text("utf-8").splitlines() if row.startswith("| `")}
    assert list(rows) == [model.id for model in entries()]
    for model in entries():
        assert model.licence in rows[model.id]
        assert f"| {model.commercial} |" in rows[model.id].replace("*", "")
        for file in model.files.values():
            size = f"{round(file.size / 1e6)} MB" if file.size else ""
            assert f"`{file.name}`" in rows[model.id] and size in rows[model.id]


def test_unknown_id_lists_all() -> None:
    with pytest.raises(UsageError, match=r"no model 'sam'\. Known: flow, guided, .*base-plus, .*\.") as caught:
        entry("sam")
    assert caught.value.exit_code == 2


def test_id_of_another_kind_lists_that_kind() -> None:
    with pytest.raises(UsageError, match=r"no head 'flow'\. Known heads: guided, closed-form, embedded, sam2matting"):
        entry_as("flow", "head")


def test_settings_follow_the_id_and_reach_the_builder() -> None:
    assert entry_as("mam", "head").parameters == {"guidance": "mask", "masks": "tracker"}
    chosen = entry_as("mam:masks=sam:guidance=plain", "head")
    assert chosen.parameters == {"guidance": "plain", "masks": "sam"}
    assert chosen.id == "mam:guidance=plain:masks=sam"
    assert entry_as(chosen.id, "head") == chosen
    assert entry_as("mam:guidance=mask", "head").id == "mam", "what is chosen anyway is no other model"


@pytest.mark.parametrize("model_id", ["mam:guidance=trimap", "mam:guidance", "mam:speed=fast", "mam:"])
def test_a_setting_that_is_not_there_is_refused(model_id: str) -> None:
    with pytest.raises(UsageError, match=r"'mam' has no setting .*guidance=mask\|alpha\|plain, masks=tracker\|sam"):
        entry_as(model_id, "head")


def test_a_model_without_settings_says_so() -> None:
    with pytest.raises(UsageError, match=r"'guided' has no setting 'a=b'\. It has: none"):
        entry_as("guided:a=b", "head")
