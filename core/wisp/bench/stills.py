"""How good heads are on stills with a true alpha, from exact and from coarse masks, and how long they take.

`python -m wisp.bench.stills STILLS_DIR [--head ID ...]` prints a table. A still is a folder with `image.png`,
`alpha.png` (8 or 16 bits), `trimap.png` (the soft band is where it is neither black nor white), `mask.png` and
`mask_coarse.png` (above one half is inside). Errors are times 1000, over the whole picture and over the soft band.
Then how far confidence holds, how well subjects are matted that move while the shutter is open, and, of stills that
have `fg.png`, the object's own colour, what they look like over another background, and what clean plates, pairs and
backlit plates bring.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ..contact_sheet import write_png
from ..errors import InputError
from ..heads.band import logits_of
from ..heads.confidence import matte_confidence
from ..heads.head import ExpectingHead, Head
from ..metrics.matting import mad, mse
from ..models.build import load_head
from ..plates.clip import FloatImage
from ..weights.options import RunOptions
from . import beside as filming
from . import calibration as calibrating
from . import motion_blur
from . import over as composites
from .calibration import Calibration, calibration
from .closeups import Shown, close_ups, sheet

MaskKind = Literal["exact", "coarse"]
_MASK_FILES: Mapping[MaskKind, str] = {"exact": "mask.png", "coarse": "mask_coarse.png"}
#: The object's own colour, where it is known.
_COLOUR = "fg.png"
_TIMED_SIZE = (1920, 1080)
_OBJECT = 1


@dataclass(frozen=True)
class Still:
    """One picture with its truth: RGB and alpha as float 0..1, `band` where alpha is soft, masks as bool."""

    name: str
    image: FloatImage
    alpha: FloatImage
    band: NDArray[np.bool_]
    masks: Mapping[MaskKind, NDArray[np.bool_]]


@dataclass(frozen=True)
class Row:
    """One head on one picture from one kind of mask. Errors times 1000; `ms` the time of the head alone, and
    `ms_1080p` that of the same picture and mask stretched to 1920 x 1080 (None where not measured)."""

    head: str
    still: str
    mask: MaskKind
    mad: float
    mse: float
    band_mad: float
    band_mse: float
    ms: float
    ms_1080p: float | None = None


class PictureClip:
    """A `Clip` of pictures in memory, already display-referred and of one size: frames 1 and on."""

    def __init__(self, *images: FloatImage) -> None:
        self.frames: Sequence[int] = range(1, 1 + len(images))
        self.height, self.width = images[0].shape[:2]
        self._images = images

    def image(self, frame: int, size: tuple[int, int] | None = None) -> FloatImage:
        """See `Clip.image`."""
        picture = self._images[frame - 1]
        if size is None or size == (self.width, self.height):
            return picture
        resized: FloatImage = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return resized


def read_still(folder: Path) -> Still:
    """Read one still. Raises InputError naming the file that is missing or unreadable."""
    alpha = _read(folder / "alpha.png", cv2.IMREAD_UNCHANGED)
    trimap = _read(folder / "trimap.png", cv2.IMREAD_GRAYSCALE)
    return Still(
        name=folder.name,
        image=_rgb(folder / "image.png"),
        alpha=(alpha / np.iinfo(alpha.dtype).max).astype(np.float32),
        band=(trimap > 0) & (trimap < 255),
        masks={kind: _read(folder / name, cv2.IMREAD_GRAYSCALE) > 127 for kind, name in _MASK_FILES.items()},
    )


def read_stills(folder: Path) -> list[Still]:
    """All stills under `folder`, by name. Raises InputError where there are none."""
    places = sorted(path.parent for path in folder.glob("*/alpha.png"))
    if not places:
        raise InputError(f"There are no stills in {folder}.", hint="Expected NAME/alpha.png and others.", path=folder)
    return [read_still(place) for place in places]


def evaluate(folder: Path, heads: Sequence[Head], *, timed: bool = False) -> list[Row]:
    """Every head on every still of `folder` from both masks. `timed` also measures 1920 x 1080."""
    return [
        measure(head, still, kind, timed=timed)
        for still in read_stills(folder)
        for kind in _MASK_FILES
        for head in heads
    ]


def measure(head: Head, still: Still, kind: MaskKind, *, timed: bool = False) -> Row:
    """One head on one still from one kind of mask."""
    mask = still.masks[kind]
    alpha, ms = matte_still(head, still.image, mask)
    row = row_of(head, still, kind, alpha, ms)
    if not timed:
        return row
    image = cv2.resize(still.image, _TIMED_SIZE, interpolation=cv2.INTER_CUBIC)
    larger = cv2.resize(mask.astype(np.float32), _TIMED_SIZE, interpolation=cv2.INTER_LINEAR) > 0.5
    return replace(row, ms_1080p=matte_still(head, np.clip(image, 0, 1), larger)[1])


def row_of(head: Head, still: Still, kind: MaskKind, alpha: FloatImage, ms: float) -> Row:
    """What a head's alpha of a still is worth; `ms`: the time it took."""
    return Row(
        head=head.id,
        still=still.name,
        mask=kind,
        mad=mad(alpha, still.alpha),
        mse=mse(alpha, still.alpha),
        band_mad=mad(alpha, still.alpha, still.band),
        band_mse=mse(alpha, still.alpha, still.band),
        ms=ms,
    )


def calibrated(folder: Path, heads: Sequence[Head]) -> list[tuple[str, MaskKind, Calibration]]:
    """How far the confidence of every head's mattes is to be believed, over all stills of `folder`."""
    stills = read_stills(folder)
    found: list[tuple[str, MaskKind, Calibration]] = []
    for head in heads:
        for kind in _MASK_FILES:
            pictures = []
            for still in stills:
                alpha, _ = matte_still(head, still.image, still.masks[kind])
                sure = matte_confidence(still.image, alpha, still.masks[kind], head=head.id)
                pictures.append((sure, np.abs(alpha - still.alpha), still.band))
            found.append((head.id, kind, calibration(pictures)))
    return found


def smears(folder: Path, heads: Sequence[Head]) -> list[motion_blur.Blurred]:
    """How well heads find the alpha of the stills' subjects in motion."""
    subjects = [(still.image, still.alpha) for still in read_stills(folder)]
    return motion_blur.blurred(subjects, _mattings(heads))


def filmed(folder: Path, heads: Sequence[Head]) -> list[filming.Row]:
    """What is filmed beside a plate brings; nothing where fewer than two stills have their colours."""
    stills = _with_colour(folder)
    if len(stills) < 2:
        return []
    subjects = [
        filming.Subject(
            still.alpha,
            _rgb(folder / still.name / _COLOUR),
            still.band,
            {str(kind): m for kind, m in still.masks.items()},
        )
        for still in stills
    ]
    sets = [stills[(number + 1) % len(stills)].image for number in range(len(stills))]
    expecting = _mattings([head.expecting if isinstance(head, ExpectingHead) else head for head in heads])
    mattings = {name: (alone, expecting[name]) for name, alone in _mattings(heads).items()}
    return filming.beside(subjects, sets, mattings)


def _mattings(heads: Sequence[Head]) -> dict[str, motion_blur.Matting]:
    def matting(head: Head) -> motion_blur.Matting:
        return lambda image, mask: matte_still(head, image, mask)[0]

    return {head.id: matting(head) for head in heads}


def _with_colour(folder: Path) -> list[Still]:
    return [still for still in read_stills(folder) if (folder / still.name / _COLOUR).is_file()]


def composited(folder: Path, heads: Sequence[Head]) -> list[composites.Over]:
    """What the stills' subjects look like over another background; nothing where no still has its colours."""
    stills = _with_colour(folder)
    if not stills:
        return []
    subjects = [
        composites.Subject(still.image, still.alpha, _rgb(folder / still.name / _COLOUR), still.band)
        for still in stills
    ]
    alphas = {
        f"{head.id}, {kind}": [matte_still(head, still.image, still.masks[kind])[0] for still in stills]
        for head in heads
        for kind in _MASK_FILES
    }
    return composites.over(subjects, alphas)


def mean(rows: Sequence[Row]) -> Row:
    """The mean of rows of one head and one kind of mask, named `mean`."""
    times = [row.ms_1080p for row in rows if row.ms_1080p is not None]

    def average(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    return Row(
        head=rows[0].head,
        still="mean",
        mask=rows[0].mask,
        mad=average("mad"),
        mse=average("mse"),
        band_mad=average("band_mad"),
        band_mse=average("band_mse"),
        ms=average("ms"),
        ms_1080p=float(np.mean(times)) if times else None,
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, head by head and mask by mask, each followed by its mean."""
    lines = [
        f"{'head':12} {'mask':7} {'still':18} {'MAD':>7} {'MSE':>7} "
        f"{'MAD band':>9} {'MSE band':>9} {'ms':>6} {'1080p':>6}"
    ]
    for head, kind in dict.fromkeys((row.head, row.mask) for row in rows):
        group = [row for row in rows if (row.head, row.mask) == (head, kind)]
        for row in [*group, mean(group)]:
            timed = "" if row.ms_1080p is None else f"{row.ms_1080p:6.0f}"
            lines.append(
                f"{row.head:12} {row.mask:7} {row.still:18} {row.mad:7.2f} {row.mse:7.3f} "
                f"{row.band_mad:9.2f} {row.band_mse:9.2f} {row.ms:6.0f} {timed}"
            )
    return "\n".join(lines)


def matte_still(head: Head, image: FloatImage, mask: NDArray[np.bool_]) -> tuple[FloatImage, float]:
    """The head's alpha of one picture and mask, and the milliseconds it took."""
    start = time.perf_counter()
    alpha = head.matte(PictureClip(image), 1, {_OBJECT: logits_of(mask)})[_OBJECT]
    return alpha, (time.perf_counter() - start) * 1e3


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    picture: NDArray[np.uint8] | None = cv2.imread(str(path), flags)
    if picture is None:
        raise InputError(f"Cannot read {path}: it is missing or not a picture.", path=path)
    return picture


def _rgb(path: Path) -> FloatImage:
    rgb: FloatImage = cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
    return rgb


def _close_ups(folder: Path, heads: Sequence[Head], into: Path) -> None:
    """Write the five best and the five worst close-ups of the last head from coarse masks, beside the others."""
    stills = {still.name: still for still in read_stills(folder)}
    masks = {name: still.masks["coarse"] for name, still in stills.items()}
    mattes = {
        name: [matte_still(head, still.image, masks[name])[0] for head in heads] for name, still in stills.items()
    }
    found = [(close_ups(masks[name], mattes[name][-1], still.alpha), name) for name, still in stills.items()]
    pairs = [(*pair, name) for pair, name in found if pair]
    best = sorted(((close, name) for close, _, name in pairs), key=lambda item: item[0].left)[:5]
    worst = sorted(((close, name) for _, close, name in pairs), key=lambda item: -item[0].error)[:5]
    for kind, chosen in (("best", best), ("worst", worst)):
        if chosen:
            shown = [
                Shown(name, stills[name].image, masks[name], mattes[name], stills[name].alpha, close.window)
                for close, name in chosen
            ]
            write_png(into / f"close-ups-{kind}.png", sheet(shown, [head.id for head in heads]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of the heads, by default those that come with Wisp; draw close-ups where asked for."""
    parser = argparse.ArgumentParser(prog="wisp bench quality", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of stills")
    parser.add_argument("--head", action="append", help="id of a head (default: guided, closed-form and embedded)")
    parser.add_argument(
        "--close-ups", type=Path, metavar="DIR", help="also draw the last head's five best and five worst places there"
    )
    options = parser.parse_args(arguments)
    heads = [load_head(name, RunOptions()) for name in options.head or ("guided", "closed-form", "embedded")]
    print(table(evaluate(options.folder, heads, timed=True)))
    print()
    print(calibrating.table(calibrated(options.folder, heads)))
    print()
    print(motion_blur.table(smears(options.folder, heads)))
    seen = composited(options.folder, heads)
    if seen:
        print(f"\n{composites.table(seen)}")
    told = filmed(options.folder, heads)
    if told:
        print(f"\n{filming.table(told)}")
    if options.close_ups:
        options.close_ups.mkdir(parents=True, exist_ok=True)
        _close_ups(options.folder, heads, options.close_ups)


if __name__ == "__main__":
    main()
