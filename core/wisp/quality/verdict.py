"""What a check says about a frame: evidence in numbers and words, weighed into one score.

Every cue is a number that grows as things get worse, and has two limits: what good frames usually show, and what is
alarming. Evidence is worth 0 up to the usual, 1 at the alarming value and grows on in proportion. The score is
1 - 2^-(sum of the worths): one alarming cue alone makes 0.5, and so do two that are half-way. From there on a frame
is suspicious.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from ..client.events import Verdict

#: No single piece of evidence is worth more; it alone makes a score of 0.97.
_MOST = 5.0
#: Evidence that is worth less is not given as a reason.
_MENTIONED = 0.15

#: Frames this close show the same fault.
_APART = 5

State = Literal["judged", "locked", "accepted", "unsolved"]


class Limits(NamedTuple):
    """What good frames usually show of a cue, and what is alarming."""

    usual: float
    alarming: float


#: Cue -> its limits, as measured by `wisp.bench.checking`; see docs/quality.md.
LIMITS: Mapping[str, Limits] = MappingProxyType(
    {
        "area": Limits(0.035, 0.45),  # log2 of the ratio to the frame before
        "centroid": Limits(0.008, 0.13),  # distance over the square root of the area
        "flicker": Limits(0.028, 0.64),  # share of the matte
        "pieces": Limits(0.0, 4.6),  # more or fewer than on the frame before
        "unknown": Limits(0.22, 5.7),  # log2 of the ratio to the frames before
        "confidence": Limits(0.25, 1.15),  # 1 - confidence: too coarse to be alarming by itself
        "mask": Limits(0.018, 0.25),  # 1 - overlap of matte and tracked mask
        "passes": Limits(0.10, 0.91),  # 1 - overlap of both passes, half-way between the keyframes
        "size": Limits(0.26, 1.75),  # log2 of the ratio to the keyframe
        "inside": Limits(0.017, 0.195),  # 1 - likeness of colours
        "outside": Limits(0.022, 0.52),  # probability
        "drift": Limits(0.09, 2.3),  # sum of shares of the matte
    }
)


@dataclass(frozen=True)
class Evidence:
    """One observation. `value` is in the cue's own unit; `text` says it in words with its numbers."""

    cue: str
    value: float
    text: str

    def worth(self, limits: Mapping[str, Limits]) -> float:
        """0 where usual, 1 where alarming, at most _MOST. A cue without limits is worth its value."""
        usual, alarming = limits.get(self.cue, Limits(0.0, 1.0))
        return min(_MOST, max(0.0, (self.value - usual) / (alarming - usual)))


def weigh(evidence: Iterable[Evidence], limits: Mapping[str, Limits] = LIMITS) -> tuple[float, tuple[str, ...]]:
    """(score 0..1, reasons with the weightiest first)."""
    ranked = sorted(((piece.worth(limits), piece.text) for piece in evidence), key=lambda pair: -pair[0])
    score = 1.0 - 2.0 ** -float(sum(worth for worth, _ in ranked))  # worths may be NumPy's, which no message carries
    return score, tuple(text for worth, text in ranked if worth >= _MENTIONED)


def worst(verdicts: Iterable[Verdict], count: int) -> list[Verdict]:
    """Up to `count` judged frames, the highest score first; neighbours of a chosen frame only when none else is left.

    A fault lasts for many frames: shown side by side they would hide the next one.
    """
    ranked = sorted((item for item in verdicts if item.state == "judged"), key=lambda item: -item.score)
    apart: list[Verdict] = []
    near: list[Verdict] = []
    for item in ranked:
        beside = any(item.object == other.object and abs(item.frame - other.frame) < _APART for other in apart)
        (near if beside else apart).append(item)
    return sorted([*apart, *near][:count], key=lambda item: -item.score)
