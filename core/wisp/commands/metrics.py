"""Compare mattes with the truth: SAD, MAD, MSE, Grad, Conn, MAD-T, dtSSD, J and F, per frame and for the clip.

  wisp metrics out/hero/hero.%04d.exr truth/hero.%04d.exr
  wisp metrics result.png truth.png --8bit

Both are read as data, never colour-converted; red is taken as alpha. MAD, MSE and MAD-T are times 1000, SAD, Grad
and Conn sums divided by 1000, dtSSD times 100.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..frames import format_frames, named_frames
from .options import add_output_options, frame_number, set_up_logging

if TYPE_CHECKING:
    from ..plates.plate import Plate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pred", help="the mattes: a sequence, folder, movie or picture")
    parser.add_argument("truth", help="the true mattes, with the same frame numbers")
    parser.add_argument("--frames", metavar="R", help="only these (default: all that both have)")
    parser.add_argument(
        "--truth-first",
        type=frame_number,
        metavar="N",
        help="renumber the truth: its first frame is N",
    )
    parser.add_argument("--8bit", dest="eight_bit", action="store_true", help="round to 8 bits first, as papers do")
    parser.add_argument("--normalize-grad", action="store_true", help="stretch to 0..1 before Grad (the 512x288 rule)")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    set_up_logging(args.verbose)
    from ..metrics import METRICS, compare_sequences
    from ..plates import open_plate

    pred, truth = open_plate(args.pred), open_plate(args.truth, first=args.truth_first)
    wanted = named_frames(args.frames)
    report = compare_sequences(
        _alphas(pred, wanted), _alphas(truth, wanted), normalize_grad=args.normalize_grad, eight_bit=args.eight_bit
    )
    if args.json:
        for row in report.as_rows():
            print(json.dumps({"event": "frame", **row}))
        summary = report.as_dict()
        summary.pop("frames")
        print(json.dumps({"event": "done", **summary}))
        return 0
    print("  frame " + "".join(f"{name:>10}" for name in METRICS))
    if not args.quiet:
        for row in report.as_rows():
            print(f"{row['frame']:>7} " + cells(row))
    print(f"{'mean':>7} " + cells(report.means))
    for side, frames in (("mattes", report.only_pred), ("truth", report.only_truth)):
        if frames:
            print(f"Only the {side} have {format_frames(frames)}: not compared.")
    return 0


def _alphas(plate: Plate, wanted: Collection[int] | None) -> Iterator[tuple[int, Any]]:
    for frame in plate.frames:
        if wanted is None or frame in wanted:
            yield frame, plate.read(frame).rgb[..., 0]


def cells(row: Mapping[str, float | None]) -> str:
    """A row's values under those of `METRICS`."""
    from ..metrics import METRICS

    return "".join(f"{value:>10.4f}" if (value := row[name]) is not None else f"{'-':>10}" for name in METRICS)
