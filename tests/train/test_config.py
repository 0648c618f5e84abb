"""Settings of a run: files, defaults, and errors that name the fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wisp.errors import InputError, UsageError
from wisp.train.config import TrainConfig, config_of, load_config


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.toml", 'steps = 7\nprecision = "fp32"\n[loss_weights]\nl1 = 2.0\n'), ("a.json", None)],
)
def test_files_change_what_they_name(tmp_path: Path, name: str, text: str | None) -> None:
    path = tmp_path / name
    path.write_text(text or json.dumps({"steps": 7, "precision": "fp32", "loss_weights": {"l1": 2.0}}))
    config = load_config(path)
    assert (config.steps, config.precision, config.loss_weights) == (7, "fp32", {"l1": 2.0})
    assert config.batch == TrainConfig().batch


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    config = TrainConfig(steps=3, ema=0.5, loss_weights={"l1": 0.1})
    (tmp_path / "c.json").write_text(config.dump())
    assert load_config(tmp_path / "c.json") == config


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"stpes": 3}, "unknown setting 'stpes'"),
        ({"steps": "many"}, "'steps'.*not a int"),
        ({"steps": True}, "'steps'"),
        ({"steps": 0}, "must be 1 or more"),
        ({"crop": 100}, "multiple of 32"),
        ({"ema": 1.0}, "0..1"),
        ({"recipe": "soup"}, "not one of"),
        ([1], "table of settings"),
    ],
)
def test_faults_are_named(values: object, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        config_of(values, "x.toml")


def test_whole_numbers_do_where_fractions_may_stand() -> None:
    assert config_of({"learning_rate": 1}, "x").learning_rate == 1


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        load_config(tmp_path / "none.toml")
