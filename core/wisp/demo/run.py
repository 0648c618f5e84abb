"""The demo: make the clip, matte it as a user would, measure against the truth, and leave a picture of it all."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import cli
from .. import shot as documents
from ..client.tables import CACHE
from ..contact_sheet import Row, contact_sheet, to_srgb, write_png
from ..errors import UsageError, WispError
from ..metrics import ClipReport, compare_sequences
from ..plates.exr import read_frame
from . import add_options
from .clip import COLORSPACE, DemoClip, write_clip

FloatImage = NDArray[np.float32]
#: Of a frame, its alpha and the true one: what somebody would say of it.
_Look = Callable[[int, FloatImage, FloatImage], Iterator[documents.Point | documents.Unknown]]

#: The share of the picture that a wrong part takes before somebody clicks on it, or paints over it.
_SEEN = 3e-4
#: What somebody paints beyond the rim of what is too solid, as a share of the picture's width.
_BEYOND = 0.006

_SCORES = (
    ("mad", "MAD", "mean error, x 1000"),
    ("mse", "MSE", "mean squared error, x 1000"),
    ("mad_t", "MAD-T", "mean error in the true matte's soft region, x 1000"),
    ("dtssd", "dtSSD", "flicker, x 100"),
)


def main(argv: Sequence[str]) -> int:
    """Run the demo. Options it does not know go to `wisp matte`. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="wisp.demo", description=__doc__, allow_abbrev=False)
    add_options(parser)
    try:
        return start(*parser.parse_known_args(argv))
    except WispError as error:
        print(f"wisp.demo: {error}", file=sys.stderr)
        return error.exit_code


def start(args: argparse.Namespace, passed_on: list[str]) -> int:
    """The same for options that were read (see `add_options`), with those for `wisp matte`. Returns the exit code.
    Raises WispError."""
    width, _, height = args.size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) >= 64 and int(height) >= 36):
        raise UsageError(f"--size {args.size} is not of the form 640x360 (at least 64x36).")
    if args.frames < 1 or args.rows < 1:
        raise UsageError("--frames and --rows are at least 1.")
    # The clip names its colour space after the built-in configuration; a studio's own may not know that name.
    os.environ.pop("OCIO", None)
    return _run(args.output, args.frames, (int(width), int(height)), args.rows, passed_on)


def _run(folder: Path, frames: int, size: tuple[int, int], rows: int, passed_on: list[str]) -> int:
    print(f"1/4  Making a clip of {frames} frames, {size[0]}x{size[1]}, whose mattes are known exactly ...", flush=True)
    began = time.monotonic()
    clip = write_clip(folder, frames, size)
    print(f"     {time.monotonic() - began:.1f} s")

    kept = (folder / CACHE).exists()
    print("2/4  Matting it from one box on the first frame, as you would:", flush=True)
    where = ["matte", str(clip.plate), "-o", str(folder), "--colorspace", COLORSPACE, "--object", clip.object_name]
    box = f"{clip.first}:{','.join(f'{edge:g}' for edge in clip.box)}"
    began = time.monotonic()
    if code := _command([*where, "--box", box, *passed_on]):
        return code
    seconds = time.monotonic() - began
    first = folder / clip.object_name / f"{clip.object_name}.%04d.exr"

    print("3/4  Correcting it as an artist would, on the first, middle and last frame: two rounds of clicks on what is")
    print("     wrong, then strokes over what is clear and came out solid:")
    shot = folder / "wisp_demo_corrected.wisp"
    mattes = folder / "corrected" / f"{clip.object_name}.%04d.exr"
    began = time.monotonic()
    if not shot.exists():  # one that is there already stays as it is
        draft = folder / "wisp_demo_correcting.wisp"  # what was not finished is begun again
        documents.save(documents.load(folder / "wisp_demo.wisp"), draft)
        for look, seen in ((_clicks, first), (_clicks, mattes), (_strokes, mattes)):
            _correct(draft, clip, look, seen)
            if code := _solved(draft, mattes):
                return code
        draft.replace(shot)
    elif code := _solved(shot, mattes):
        return code
    correcting = time.monotonic() - began

    print("4/4  Comparing with the truth ...", flush=True)
    reports = [compare_sequences(_alphas(pattern, clip), _alphas(clip.truth, clip)) for pattern in (first, mattes)]
    sheet = folder / "contact-sheet.png"
    write_png(sheet, contact_sheet(list(_rows(clip, mattes, rows)), title=_title(passed_on)))
    _say_scores(reports)
    per_frame = "mattes of an earlier run were kept" if kept else f"{seconds / frames:.2f} s a frame, start included"
    print(f"     time   {seconds:8.1f} {correcting:10.1f}  seconds ({per_frame})")
    _say_next(sheet, mattes, shot)
    return 0


def _command(words: list[str]) -> int:
    """Run a command of the command line, shown as it would be typed; its exit code."""
    print(f"     wisp {shlex.join(words)}", flush=True)
    return cli.main(words)


def _solved(document: Path, mattes: Path) -> int:
    return _command(["solve", str(document)]) or _command(["deliver", str(document), "-o", str(mattes), "--overwrite"])


def _correct(document: Path, clip: DemoClip, look: _Look, mattes: Path) -> None:
    """Add the prompts that somebody who looks at `mattes` would give."""
    shot = documents.load(document)
    for frame in (clip.first, (clip.first + clip.last) // 2, clip.last):
        alpha, truth = (read_frame(str(pattern) % frame, frame).rgb[..., 0] for pattern in (mattes, clip.truth))
        shot.objects[0].prompts.extend(look(frame, alpha, truth))
    documents.save(shot, document)


def _clicks(frame: int, alpha: FloatImage, truth: FloatImage) -> Iterator[documents.Point | documents.Unknown]:
    """In the middle of every part that is clearly too much or clearly missing and large enough to be seen."""
    for wrong, include in (((alpha > 0.5) & (truth < 0.05), False), ((alpha < 0.1) & (truth > 0.25), True)):
        for part in _parts(wrong):
            depth = cv2.distanceTransform(np.pad(part, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            xy = (float(column) + 0.5, float(row) + 0.5)
            print(f"     {'+' if include else '-'} {frame}:{xy[0]:g},{xy[1]:g}", flush=True)
            yield documents.Point(frame=frame, xy=xy, include=include)


def _strokes(frame: int, alpha: FloatImage, truth: FloatImage) -> Iterator[documents.Point | documents.Unknown]:
    """Along every part that is clear and came out solid, as broad as it is: there alpha may be anything."""
    solid = ((alpha > 0.5) & (truth < 0.7)).astype(np.uint8)
    for part in _parts(cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0):
        at = np.argwhere(part)[:, ::-1] + 0.5
        middle = at.mean(axis=0)
        along, across = np.linalg.svd(at - middle, full_matrices=False)[2]
        length, breadth = (at - middle) @ along, (at - middle) @ across
        radius = float(np.abs(breadth).max()) + _BEYOND * alpha.shape[1]
        inset = min(radius, float(np.ptp(length)) / 2)  # a stroke is round beyond its ends
        ends = (middle + end * along for end in (length.min() + inset, length.max() - inset))
        xy = [(round(float(x), 1), round(float(y), 1)) for x, y in ends]
        print(f"     ? {frame}:{'/'.join(f'{x:g},{y:g}' for x, y in xy)}@{radius:.0f}", flush=True)
        yield documents.Unknown(frame=frame, xy=xy, radius=round(radius, 1))


def _parts(wrong: NDArray[np.bool_]) -> Iterator[NDArray[np.uint8]]:
    """The connected parts that are large enough to be seen."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)
    for part in range(1, count):
        if stats[part, cv2.CC_STAT_AREA] >= _SEEN * wrong.size:
            yield (parts == part).astype(np.uint8)


def _alphas(pattern: Path, clip: DemoClip) -> Iterator[tuple[int, FloatImage]]:
    for frame in range(clip.first, clip.last + 1):
        yield frame, read_frame(str(pattern) % frame, frame).rgb[..., 0]


def _rows(clip: DemoClip, mattes: Path, count: int) -> Iterator[Row]:
    chosen = np.unique(np.linspace(clip.first, clip.last, count).round().astype(int))
    for frame in chosen.tolist():
        plate = read_frame(str(clip.plate) % frame, frame).rgb
        alpha, truth = (read_frame(str(pattern) % frame, frame).rgb[..., 0] for pattern in (mattes, clip.truth))
        yield Row(frame, to_srgb(plate), alpha, truth=truth)


def _title(passed_on: list[str]) -> str:
    models = " ".join(passed_on) or "embedded flow tracker + embedded head, no download"
    return f"Wisp demo, corrected: a box, clicks on what was wrong, strokes over what is clear; {models}"


def _say_scores(reports: Sequence[ClipReport]) -> None:
    print(f"     {'':6s} {'one box':>8s} {'corrected':>10s}")
    for name, label, meaning in _SCORES:
        one, corrected = (report.means[name] for report in reports)
        print(f"     {label:6s} {_figure(one):>8s} {_figure(corrected):>10s}  {meaning}")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _say_next(sheet: Path, mattes: Path, shot: Path) -> None:
    print(
        f"""
Look at   {sheet}
Mattes    {mattes}
Shot      {shot}  (plain JSON: add prompts, then `wisp solve {shot}`)

These mattes come from Wisp's embedded models, which need no download: one network follows the object, one
finds its edge. They find the hair and the wings; that the wings are clear, strokes told them.

On your own footage (activate .venv first, or call its bin/wisp):
  wisp matte PLATE.%04d.exr --box 1001:X0,Y0,X1,Y1     pixels from the top left, on frame 1001
  wisp matte clip.mov --point 640,360 --head guided -o mattes
  wisp models list                                     better models, and what their licences allow
  wisp models get edgetam                              a better tracker, Apache-2.0 (or Ctrl+G in wisp view)"""
    )
