"""How well `wisp check` finds the frames that are wrong, on clips with a true mask for every frame.

`python -m wisp.bench.checking CLIPS_DIR --work DIR` solves every clip with the embedded tracker and the guided head,
from a true mask on its first frame and from true masks every 20 frames, and prints what the check finds of the frames
whose overlap with the truth is below 0.7. Clips are folders as in `wisp.bench.tracking`. Solved frames stay in DIR.

Limits of cues are measured, never set by hand: the usual is the median of good frames; the alarming is that plus a
multiple of the way from there to their 95th percentile, one multiple for all cues, as small as lets no more than
`TOLERATED` of the good frames be suspicious. A clip is judged by limits measured on all others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..cache import read_matte
from ..client.tables import SUSPICIOUS
from ..errors import InputError
from ..metrics.tracking import jaccard
from ..plates import open_plate
from ..quality.verdict import LIMITS, Limits, weigh
from ..quality.walk import Sight, observe_shot
from ..shot import parse
from ..solve import solver_of
from ..weights.options import RunOptions

#: A frame is wrong below this overlap with the truth.
WRONG_BELOW = 0.7
#: The share of good frames that the limits may make suspicious.
TOLERATED = 0.15
#: Masks are drawn on the first frame, or every so many frames.
SPACINGS = (None, 20)


@dataclass(frozen=True)
class Case:
    """One judged frame: how it was solved, its evidence, and its overlap with the truth."""

    clip: str
    every: int | None
    sight: Sight
    j: float

    @property
    def wrong(self) -> bool:
        return self.j < WRONG_BELOW

    def suspicious(self, limits: Mapping[str, Limits]) -> bool:
        return weigh(self.sight.evidence, limits)[0] >= SUSPICIOUS


def cases_of(folder: Path, every: int | None, work: Path) -> list[Case]:
    """Solve one clip into `work` (what is there is kept) and look at every frame. Raises InputError."""
    truths = {int(path.stem): path for path in sorted((folder / "masks").iterdir())}
    plate = open_plate(str(folder / "frames"))
    keyframes = plate.frames[:: every or len(plate.frames)]
    document = {
        "wisp": 1,
        "plate": {
            "path": str(folder / "frames"),
            "first": plate.frames[0],
            "last": plate.frames[-1],
            "width": plate.width,
            "height": plate.height,
        },
        "objects": [
            {
                "id": 1,
                "name": "object",
                "prompts": [{"frame": frame, "kind": "mask", "path": str(truths[frame])} for frame in keyframes],
            }
        ],
        "solve": {"head": "guided"},
    }
    solver = solver_of(parse(document), work, work / "cache", RunOptions())
    solver.run()
    return [
        Case(folder.name, every, sight, _overlap(sight, truths[sight.frame]))
        for sight in observe_shot(solver)
        if sight.path is not None
    ]


def _overlap(sight: Sight, truth: Path) -> float:
    assert sight.path is not None
    picture = cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise InputError(f"The true mask {truth} cannot be read.", path=truth)
    return jaccard(read_matte(sight.path)[0], picture / np.float32(255))


def measure_limits(cases: Iterable[Case]) -> dict[str, Limits]:
    """Limits of all cues from the good ones of `cases`."""
    good = [case.sight.evidence for case in cases if not case.wrong]
    values: dict[str, list[float]] = {}
    for evidence in good:
        for piece in evidence:
            if piece.cue in LIMITS:
                values.setdefault(piece.cue, []).append(piece.value)
    spans = {cue: np.quantile(found, [0.5, 0.95]) for cue, found in values.items()}
    near = {cue: Limits(low, max(high, low + 1e-3)) for cue, (low, high) in spans.items()}
    sums = [sum(piece.worth(near) for piece in evidence if piece.cue in near) for evidence in good]
    multiple = float(np.quantile(sums, 1.0 - TOLERATED))
    return {cue: Limits(low, low + multiple * (high - low)) for cue, (low, high) in near.items()}


def table(cases: Sequence[Case]) -> str:
    """Precision and recall per clip and spacing, every clip by the limits of the others, then what ships."""
    lines = [f"{'clip':20} {'masks':>8} {'frames':>6} {'wrong':>6} {'found':>6} {'false':>6}"]
    verdicts: list[tuple[bool, bool]] = []
    for clip in sorted({case.clip for case in cases}):
        limits = measure_limits(case for case in cases if case.clip != clip)
        for every in SPACINGS:
            pairs = [(c.wrong, c.suspicious(limits)) for c in cases if c.clip == clip and c.every == every]
            lines.append(f"{clip:20} {f'every {every}' if every else 'first':>8} {_counts(pairs)}")
            verdicts += pairs
    lines.append(f"{'left out in turn':29} {_counts(verdicts)}  {_rates(verdicts)}")
    shipped = [(case.wrong, case.suspicious(LIMITS)) for case in cases]
    lines.append(f"{'limits as shipped':29} {_counts(shipped)}  {_rates(shipped)}")
    return "\n".join(lines)


def _counts(verdicts: Sequence[tuple[bool, bool]]) -> str:
    wrong, found, false = _tally(verdicts)
    return f"{len(verdicts):6d} {wrong:6d} {found:6d} {false:6d}"


def _rates(verdicts: Sequence[tuple[bool, bool]]) -> str:
    wrong, found, false = _tally(verdicts)
    return f"precision {found / max(1, found + false):.2f}  recall {found / max(1, wrong):.2f}"


def _tally(verdicts: Sequence[tuple[bool, bool]]) -> tuple[int, int, int]:
    """How many are wrong, wrong and found, suspicious though good."""
    return (
        sum(wrong for wrong, _ in verdicts),
        sum(wrong and suspicious for wrong, suspicious in verdicts),
        sum(suspicious and not wrong for wrong, suspicious in verdicts),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m wisp.bench.checking CLIPS_DIR --work DIR`."""
    parser = argparse.ArgumentParser(prog="python -m wisp.bench.checking")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where solved frames are kept")
    options = parser.parse_args(arguments)
    folders = [folder for folder in sorted(options.clips.iterdir()) if (folder / "masks").is_dir()]
    cases = [
        case
        for folder in folders
        for every in SPACINGS
        for case in cases_of(folder, every, options.work / f"{folder.name}-{every or 'first'}")
    ]
    print(table(cases))
    for cue, (usual, alarming) in measure_limits(cases).items():
        print(f"{cue:12} usual {usual:.3f}  alarming {alarming:.3f}")


if __name__ == "__main__":
    main()
