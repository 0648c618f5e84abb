"""How often the subject is found with nothing prompted, on the first frames of clips with true masks.

`wisp bench subject CLIPS_DIR [--names NAME ...] [--json]`: J of the first candidate and of the best of three, the
foreseen overlap of the first, and whether it is called doubtful.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..metrics.tracking import jaccard
from ..trackers.flow.eyes import Eyes
from ..trackers.flow.subject import candidates, doubtful
from .tracking import FolderClip, clip_folders, read_mask


@dataclass(frozen=True)
class Row:
    """One clip's first frame. `seconds`: of finding, the picture read before."""

    clip: str
    first: float
    best: float
    confidence: float
    doubtful: bool
    seconds: float


def evaluate(clips: Path, names: Sequence[str] | None = None) -> list[Row]:
    """A row for each clip. Raises InputError."""
    rows = []
    for folder in clip_folders(clips, names):
        clip = FolderClip(folder / "frames")
        frame = clip.frames[0]
        truth = read_mask(folder / "masks" / f"{frame:05d}.png")
        eyes = Eyes(clip)
        eyes.working(frame)
        began = time.perf_counter()
        found = candidates(eyes, frame)
        seconds = time.perf_counter() - began
        size = (clip.width, clip.height)
        overlaps = [jaccard(cv2.resize(one.inside, size, interpolation=cv2.INTER_LINEAR) > 0.5, truth) for one in found]
        confidence = found[0].confidence if found else 0.0
        first, best = (overlaps[0], max(overlaps)) if overlaps else (0.0, 0.0)
        rows.append(Row(folder.name, first, best, confidence, doubtful(found), seconds))
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows and their means as aligned text."""
    lines = [f"{'clip':24} {'first':>6} {'best':>6} {'sure':>6} {'s':>6}"]
    for row in rows:
        doubt = "  in doubt" if row.doubtful else ""
        lines.append(f"{row.clip:24} {row.first:6.3f} {row.best:6.3f} {row.confidence:6.2f} {row.seconds:6.2f}{doubt}")
    first, best = (float(np.mean([getattr(row, name) for row in rows])) for name in ("first", "best"))
    lines.append(f"{'mean':24} {first:6.3f} {best:6.3f}")
    clear = [row.first for row in rows if not row.doubtful]
    if clear:
        lines.append(f"{f'clear: {len(clear)} of {len(rows)}':24} {np.mean(clear):6.3f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="wisp bench subject")
    parser.add_argument("clips", type=Path)
    parser.add_argument("--names", nargs="+", metavar="NAME", help="only these clips")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each clip instead of a table")
    options = parser.parse_args(arguments)
    rows = evaluate(options.clips, options.names)
    print("\n".join(json.dumps(dataclasses.asdict(row)) for row in rows) if options.json else table(rows), flush=True)


if __name__ == "__main__":
    main()
