"""Words become the chosen object's box, with the real engine and a detector of made weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from detectors.conftest import weights
from fake_nuke import FIRST

__all__ = ["weights"]
#: What is not known of the host has no part in this.
pytestmark = pytest.mark.parametrize("unknowns", [FIRST], ids=["first"])


@pytest.mark.slow
def test_words_become_the_objects_box(
    weights: Path, with_engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WISP_WEIGHTS", str(weights))
    session = with_engine
    picture = np.random.default_rng(7).random((96, 128, 4)).astype(np.float32)
    group = session.wisp(session.plate(lambda frame: picture, (128, 96)), tmp_path / "cache")
    session.host.frame(1002)
    session.sets(group, "wisp_words", "the runner")
    session.sets(group, "wisp_words_score", 1.0)

    def find() -> str:
        group["wisp_find"].execute()
        session.idle()
        session.until(lambda: not session.module("solving").busy(group))
        session.idle()
        return str(group["wisp_status"].value())

    find()
    assert session.objects(group) == [], "nothing is so sure"
    session.sets(group, "wisp_words_score", 0.0)
    assert find() == "1 box found"
    (item,) = session.objects(group)
    (box,) = item["prompts"]
    x0, y0, x1, y1 = box["xyxy"]
    assert (box["kind"], box["frame"]) == ("box", 1002) and -128 <= x0 < x1 <= 256 and -96 <= y0 < y1 <= 192
    session.undo()
    assert session.objects(group) == []
