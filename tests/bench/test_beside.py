"""What is filmed beside a plate is measured beside the head on the same picture."""

from __future__ import annotations

import cv2
import numpy as np
from wisp.bench.beside import KINDS, Subject, beside, table
from wisp.heads.band import Mask
from wisp.plates.clip import FloatImage


def subject(seed: int) -> Subject:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :128]
    alpha = np.clip((34 - np.hypot(y - 48, x - 60)) / 12, 0, 1).astype(np.float32)
    colour = np.clip(0.5 + cv2.GaussianBlur(rng.normal(size=(96, 128, 3)), (0, 0), 2), 0.05, 0.95).astype(np.float32)
    return Subject(alpha, colour, (alpha > 0.02) & (alpha < 0.98), {"exact": alpha > 0.5})


def test_pairs_and_lit_backings_leave_little_of_what_a_mask_has_wrong() -> None:
    def hard(image: FloatImage, mask: Mask) -> FloatImage:
        return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1)

    rng = np.random.default_rng(5)
    sets = [cv2.GaussianBlur(rng.random((96, 128, 3), np.float32), (0, 0), 4) for _ in range(2)]

    def empty(image: FloatImage, mask: Mask) -> FloatImage:
        return np.zeros_like(hard(image, mask))

    # Errors of the head are those of how it mattes alone, whatever it expects before the plates tell.
    rows = beside([subject(1), subject(2)], sets, {"hard": (hard, hard)})
    others = beside([subject(1), subject(2)], sets, {"hard": (empty, hard)})
    assert [row.told for row in others] == [row.told for row in rows]
    assert all(other.alone > row.alone for other, row in zip(others, rows, strict=True))
    told = [(row.kind, row.mixed, row.head, row.mask) for row in rows]
    assert told == [(kind, mixed, "hard", "exact") for kind in KINDS for mixed in ("light", "encoded")]
    pairs = [row for row in rows if row.kind == "pair"]
    assert all(pair.alone > 30 and pair.told < 0.2 * pair.alone for pair in pairs)
    assert pairs[0].told != pairs[1].told  # mixed otherwise, it is another picture
    assert len(table(rows).splitlines()) == 1 + len(rows)
