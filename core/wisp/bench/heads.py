"""Every head on the same stills and clips: a table of each, and pictures to look at side by side.

`wisp bench heads DATA -o DIR [--head ID ...] [--clip NAME ...]` prints the tables as Markdown and writes `stills.png`
and one `CLIP.png` for each clip. DATA holds `stills` and `clips`. A head whose weights are not on this machine is named
with the reason. In clips without true masks the object is followed by `flow` from the first box of `clip.json`, or from
`first_mask.png`; with `alpha/NNNNN.png` errors are measured, elsewhere only flicker (`f_warp`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contact_sheet import GridRow, picture_grid, write_png
from ..errors import InputError, WispError
from ..heads.band import mask_from_logits
from ..heads.head import Head
from ..metrics.matting import mad
from ..metrics.temporal import dtssd, f_warp
from ..models.build import load_head, load_tracker
from ..plates import open_plate
from ..plates.clip import Clip, DisplayClip, FloatImage
from ..plates.colour import DisplayTransform, choose_colour
from ..plates.plate import Window
from ..trackers.tracker import FramePrompts
from ..weights.options import RunOptions
from ..weights.registry import entries
from .stills import Row, matte_still, mean, read_stills, row_of
from .tracking import mask_prompt

#: Frames of a clip that are matted, from its first one.
FRAMES = 6
_OBJECT = 1
#: Pixels around the object that are shown, as a part of its size.
_MARGIN = 0.15
_CELL = 240


@dataclass(frozen=True)
class ClipRow:
    """One head on one clip. `flicker`: `f_warp`; `mad` (times 1000) and `dtssd` are None where no alpha is known."""

    head: str
    clip: str
    flicker: float
    mad: float | None
    dtssd: float | None


@dataclass(frozen=True)
class Shot:
    """Frames of a clip with the logits of the object's mask in each, and its true alphas where they are known."""

    name: str
    clip: Clip
    frames: Sequence[int]
    logits: dict[int, NDArray[np.float32]]
    truth: dict[int, FloatImage]


def heads_here(names: Sequence[str] | None, options: RunOptions) -> tuple[list[Head], dict[str, str]]:
    """The heads that can be loaded, all known ones for None, and why each of the others can not."""
    found, absent = list[Head](), dict[str, str]()
    for name in [entry.id for entry in entries("head")] if names is None else names:
        try:
            found.append(load_head(name, options))
        except WispError as error:
            absent[name] = str(error)
    return found, absent


def on_stills(folder: Path, heads: Sequence[Head]) -> tuple[list[Row], list[GridRow]]:
    """Figures of every head on every still from both kinds of mask, and a row of pictures for each still: plate, coarse
    mask, every head's matte of it, truth."""
    rows, grid = [], []
    for still in read_stills(folder):
        shown: list[FloatImage] = []
        captions = ["", ""]
        for head in heads:
            for kind, mask in still.masks.items():
                alpha, ms = matte_still(head, still.image, mask)
                row = row_of(head, still, kind, alpha, ms)
                rows.append(row)
                if kind == "coarse":
                    shown.append(_grey(alpha))
                    captions.append(f"MAD {row.mad:.1f}")
        coarse = _grey(still.masks["coarse"].astype(np.float32))
        grid.append(GridRow(still.name, [still.image, coarse, *shown, _grey(still.alpha)], [*captions, ""]))
    return rows, grid


def read_shot(folder: Path, count: int = FRAMES) -> Shot:
    """The first frames of a clip, followed by `flow`. InputError where it says nothing of an object."""
    clip = _open(folder)
    frames = tuple(clip.frames)[:count]
    prompt = _first_prompt(folder)
    walk = load_tracker("flow", RunOptions()).start(clip, {_OBJECT: {frames[0]: prompt}}, frames)
    logits = {frame: walk.step(frame)[_OBJECT].logits for frame in frames}
    return Shot(folder.name, clip, frames, logits, dict(_truth(folder, frames)))


def on_clip(shot: Shot, heads: Sequence[Head]) -> tuple[list[ClipRow], list[GridRow]]:
    """Figures of every head on a clip, and rows of pictures of its first and last frame around the object."""
    mattes = {
        head.id: [head.matte(shot.clip, frame, {_OBJECT: shot.logits[frame]})[_OBJECT] for frame in shot.frames]
        for head in heads
    }
    pictures = [np.rint(shot.clip.image(frame) * 255).astype(np.uint8) for frame in shot.frames]
    truth = [shot.truth[frame] for frame in shot.frames if frame in shot.truth]
    known = len(truth) == len(shot.frames)
    rows = [
        ClipRow(
            head,
            shot.name,
            f_warp(found, pictures),
            float(np.mean([mad(one, true) for one, true in zip(found, truth, strict=True)])) if known else None,
            dtssd(found, truth) if known else None,
        )
        for head, found in mattes.items()
    ]
    grid = []
    for place in (0, len(shot.frames) - 1):
        frame = shot.frames[place]
        image = shot.clip.image(frame)
        mask = mask_from_logits(shot.logits[frame], shot.clip.width, shot.clip.height)
        x0, y0, x1, y1 = _around(mask)
        greys = [mask.astype(np.float32), *(found[place] for found in mattes.values())]
        greys += [truth[place]] if known else []
        cut = [image[y0:y1, x0:x1], *(_grey(grey[y0:y1, x0:x1]) for grey in greys)]
        grid.append(GridRow(f"{shot.name} {frame}", cut))
    return rows, grid


def still_table(rows: Sequence[Row]) -> str:
    """Means over the stills, a line a head, as Markdown."""
    lines = [
        "| head | exact: MAD | MSE | MSE, band | coarse: MAD | MSE | MSE, band | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for head in dict.fromkeys(row.head for row in rows):
        exact, coarse = (mean([row for row in rows if (row.head, row.mask) == (head, k)]) for k in ("exact", "coarse"))
        figures = [f"{row.mad:.2f} | {row.mse:.3f} | {row.band_mse:.1f}" for row in (exact, coarse)]
        lines.append(f"| `{head}` | {' | '.join(figures)} | {coarse.ms / 1e3:.2f} |")
    return "\n".join(lines)


def clip_table(rows: Sequence[ClipRow]) -> str:
    """A line a clip and head, as Markdown."""
    lines = ["| clip | head | flicker | MAD | dtSSD |", "|---|---|---|---|---|"]
    for row in rows:
        told = ["" if value is None else f"{value:.2f}" for value in (row.mad, row.dtssd)]
        lines.append(f"| {row.clip} | `{row.head}` | {row.flicker:.2f} | {' | '.join(told)} |")
    return "\n".join(lines)


def _open(folder: Path) -> DisplayClip:
    movies = sorted(folder.glob("*.mp4"))
    plate = open_plate(movies[0] if movies else folder / "frames")
    return DisplayClip(plate, DisplayTransform(choose_colour(plate.colorspace)))


def _first_prompt(folder: Path) -> FramePrompts:
    drawn, told = folder / "first_mask.png", folder / "clip.json"
    if drawn.is_file():
        mask = cv2.imread(str(drawn), cv2.IMREAD_GRAYSCALE)
        if mask is not None:
            return mask_prompt(mask > 127)
    boxes = [one["box_xyxy"] for one in json.loads(told.read_text()).get("prompts", [])] if told.is_file() else []
    if not boxes:
        raise InputError(
            f"{folder} says of no object where it is.",
            hint="Expected first_mask.png or a box in clip.json.",
            path=folder,
        )
    x0, y0, x1, y1 = map(float, boxes[0])
    return FramePrompts(np.zeros((0, 2), np.float32), np.zeros(0, np.int32), (x0, y0, x1, y1))


def _truth(folder: Path, frames: Sequence[int]) -> Iterator[tuple[int, FloatImage]]:
    for frame in frames:
        file = folder / "alpha" / f"{frame:05d}.png"
        alpha = cv2.imread(str(file), cv2.IMREAD_UNCHANGED) if file.is_file() else None
        if alpha is not None:
            yield frame, (alpha / np.iinfo(alpha.dtype).max).astype(np.float32)


def _around(mask: NDArray[np.bool_]) -> Window:
    """The object and a little of what is around it."""
    height, width = mask.shape
    if not mask.any():
        return Window(0, 0, width, height)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    aside = round(_MARGIN * max(np.ptp(rows), np.ptp(columns)))
    return Window(
        max(0, int(columns[0]) - aside),
        max(0, int(rows[0]) - aside),
        min(width, int(columns[-1]) + 1 + aside),
        min(height, int(rows[-1]) + 1 + aside),
    )


def _grey(plane: FloatImage) -> FloatImage:
    return np.repeat(np.asarray(plane, np.float32)[..., None], 3, axis=2)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables, write the pictures."""
    parser = argparse.ArgumentParser(prog="wisp bench heads", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with stills and clips")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--head", action="append", help="id of a head (default: all whose weights are here)")
    parser.add_argument("--clip", action="append", default=[], help="name of a clip")
    parser.add_argument("--weights", type=Path, action="append", default=[], help="folder with weights")
    options = parser.parse_args(argv)
    heads, absent = heads_here(options.head, RunOptions(weights=tuple(options.weights)))
    names = [head.id for head in heads]
    options.output.mkdir(parents=True, exist_ok=True)
    rows, grid = on_stills(options.data / "stills", heads)
    write_png(options.output / "stills.png", picture_grid(["plate", "mask", *names, "truth"], grid, cell_width=_CELL))
    print(still_table(rows))
    clip_rows: list[ClipRow] = []
    for name in options.clip:
        shot = read_shot(options.data / "clips" / name)
        found, grid = on_clip(shot, heads)
        clip_rows += found
        columns = ["plate", "mask", *names, *(["truth"] if shot.truth else [])]
        write_png(options.output / f"{name}.png", picture_grid(columns, grid, cell_width=_CELL))
    if clip_rows:
        print(f"\n{clip_table(clip_rows)}")
    for name, why in absent.items():
        print(f"\n{name}: {why}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
