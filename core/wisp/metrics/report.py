"""Two sequences of mattes compared, frame by frame and as a whole, without holding them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..frames import format_frames
from .arrays import Alpha, as_alpha, quantise
from .matting import conn, grad, mad, mad_t, mse, sad
from .temporal import dtssd_pair
from .tracking import boundary_f, jaccard

Numbered = tuple[int, NDArray[Any]]


@dataclass(frozen=True)
class FrameScore:
    """All scores of one frame, in the scales of the functions of the same names.

    `dtssd` is None where there is no frame before to compare with.
    """

    frame: int
    mad: float
    mse: float
    sad: float
    grad: float
    conn: float
    mad_t: float
    dtssd: float | None
    j: float
    f: float


#: The scores in the order of a table's columns.
METRICS = tuple(field.name for field in fields(FrameScore) if field.name != "frame")


@dataclass(frozen=True)
class ClipReport:
    """Scores of every frame that both sequences have, and the frames that only one has."""

    frames: tuple[FrameScore, ...]
    only_pred: tuple[int, ...]
    only_truth: tuple[int, ...]
    normalize_grad: bool
    first_frame_zero: bool
    eight_bit: bool

    @property
    def means(self) -> dict[str, float | None]:
        """The clip's mean of every score, and `j_and_f`.

        A plain mean over frames, except dtSSD: over the frames that have one, and the first frame as 0 where
        `first_frame_zero` (the benchmarks' rule). None where no frame has the score.
        """
        columns = {name: [getattr(score, name) for score in self.frames] for name in METRICS}
        columns["dtssd"] = [score.dtssd for score in self.frames if score.dtssd is not None]
        if self.first_frame_zero and columns["dtssd"]:
            columns["dtssd"].append(0.0)
        columns["j_and_f"] = columns["j"] + columns["f"]
        return {name: _mean(values) for name, values in columns.items()}

    def as_rows(self) -> list[dict[str, float | None]]:
        """One row per frame, then the table's columns in order: `frame` and METRICS."""
        return [asdict(score) for score in self.frames]

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values for JSON; frame lists as range text."""
        return {
            "means": self.means,
            "frames": self.as_rows(),
            "only_pred": format_frames(self.only_pred),
            "only_truth": format_frames(self.only_truth),
            "normalize_grad": self.normalize_grad,
            "first_frame_zero": self.first_frame_zero,
            "eight_bit": self.eight_bit,
        }


def compare_sequences(
    pred: Iterable[Numbered],
    truth: Iterable[Numbered],
    *,
    normalize_grad: bool = False,
    first_frame_zero: bool = True,
    eight_bit: bool = False,
) -> ClipReport:
    """Score a predicted sequence of (frame, alpha) against the true one.

    Both ascend by frame and are read once, with no more than three frames of each in memory. Frames in only one
    of them are reported, not scored, and no dtSSD is taken across them. Alphas as in `as_alpha`; `eight_bit`
    rounds both to 8 bits first, as published scores are computed. UsageError, naming the frame, where sizes
    differ, a value is not finite or frames do not ascend; UsageError where no frame is in both.
    """
    scores: list[FrameScore] = []
    only_pred: list[int] = []
    only_truth: list[int] = []
    before: tuple[Alpha, Alpha] | None = None
    for frame, predicted, true in _joined(pred, truth):
        if predicted is None or true is None:
            (only_truth if predicted is None else only_pred).append(frame)
            before = None
            continue
        p, g = _prepared(predicted, frame, "prediction", eight_bit), _prepared(true, frame, "truth", eight_bit)
        if p.shape != g.shape:
            raise UsageError(
                f"Frame {frame}: the prediction is {p.shape[1]}x{p.shape[0]} and the truth {g.shape[1]}x{g.shape[0]}.",
                hint="Compare pictures of one size.",
            )
        scores.append(_score(frame, p, g, before, normalize_grad))
        before = p, g
    if not scores:
        raise UsageError(
            f"The prediction (frames {format_frames(only_pred) or 'none'}) and the truth "
            f"(frames {format_frames(only_truth) or 'none'}) have no frame in common.",
            hint="Compare sequences with the same frame numbers.",
        )
    return ClipReport(tuple(scores), tuple(only_pred), tuple(only_truth), normalize_grad, first_frame_zero, eight_bit)


def _score(frame: int, p: Alpha, g: Alpha, before: tuple[Alpha, Alpha] | None, normalize_grad: bool) -> FrameScore:
    return FrameScore(
        frame=frame,
        mad=mad(p, g),
        mse=mse(p, g),
        sad=sad(p, g),
        grad=grad(p, g, normalize=normalize_grad),
        conn=conn(p, g),
        mad_t=mad_t(p, g),
        dtssd=None if before is None else dtssd_pair(before[0], p, before[1], g),
        j=jaccard(p, g),
        f=boundary_f(p, g),
    )


def _joined(
    pred: Iterable[Numbered], truth: Iterable[Numbered]
) -> Iterator[tuple[int, NDArray[Any] | None, NDArray[Any] | None]]:
    """Every frame of either sequence, ascending, with None for the side that lacks it."""
    both = merge(_ascending(pred, "prediction"), _ascending(truth, "truth"), key=itemgetter(0))
    for frame, entries in groupby(both, key=itemgetter(0)):
        sides = {side: array for _, side, array in entries}
        yield frame, sides.get("prediction"), sides.get("truth")


def _ascending(sequence: Iterable[Numbered], side: str) -> Iterator[tuple[int, str, NDArray[Any]]]:
    """(frame, side, array) of the sequence; UsageError where its frames do not ascend."""
    last: int | None = None
    for frame, array in sequence:
        if last is not None and frame <= last:
            raise UsageError(f"The frames of the {side} do not ascend: {frame} comes after {last}.")
        last = frame
        yield frame, side, array


def _prepared(array: NDArray[Any], frame: int, what: str, eight_bit: bool) -> Alpha:
    alpha = as_alpha(array)
    if not np.isfinite(alpha).all():
        raise UsageError(
            f"Frame {frame}: the {what} holds values that are not numbers (NaN or infinite).",
            hint="Write that frame again.",
        )
    return as_alpha(quantise(alpha)) if eight_bit else alpha


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
