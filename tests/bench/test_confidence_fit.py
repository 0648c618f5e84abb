from __future__ import annotations

import numpy as np
import pytest
from wisp.bench.confidence_fit import fit
from wisp.heads.guided import GuidedHead
from wisp.train.scenes import MadeSource


class Wrong(GuidedHead):
    """A head that errs by a tenth of every pixel's softness."""

    def __init__(self, samples) -> None:
        super().__init__()
        self._truth = {sample.image.tobytes(): sample.alpha for sample in samples}

    def matte(self, clip, frame, logits):
        true = self._truth[clip.image(frame).tobytes()]
        inward = np.where(true > 0.5, np.float32(-1), np.float32(1))
        return {number: true + inward * np.float32(0.1) * 4 * true * (1 - true) for number in logits}


def test_what_a_head_errs_by_is_found() -> None:
    samples = [MadeSource(128, 5)(number, "exact") for number in range(3)]
    found = fit(samples, [Wrong(samples)])
    assert found.softness == pytest.approx(0.1, abs=0.05)
    assert all(weight >= 0 for weight in found)
    assert fit(samples, [Wrong(samples)]) == found
