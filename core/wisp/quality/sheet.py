"""The worst frames as a picture to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache import read_matte
from ..client.events import Verdict
from ..contact_sheet import ByteImage, Row, contact_sheet
from ..plates.clip import resize

if TYPE_CHECKING:
    from ..solve import Solver

#: Width of one picture on the sheet in pixels.
_WIDTH = 420
#: Captions end after the last reason that fits in so many letters.
_LETTERS = 150


def worst_sheet(solver: Solver, worst: Sequence[Verdict]) -> ByteImage:
    """Plate, matte and cut-out of judged frames, one row each, with object, score and reasons under it: uint8 RGB.

    Raises UsageError where `worst` is empty, FrameReadError.
    """
    return contact_sheet([_row(solver, verdict) for verdict in worst], cell_width=_WIDTH)


def _row(solver: Solver, verdict: Verdict) -> Row:
    assert verdict.path is not None  # only judged frames come here
    clip = solver.clip
    size = (_WIDTH, max(1, round(_WIDTH * clip.height / clip.width)))
    alpha, _ = read_matte(Path(verdict.path))
    caption = f"{verdict.object}  {verdict.score:.2f}"
    mark = "  "
    for reason in verdict.reasons:
        if len(caption) + len(reason) > _LETTERS:
            break
        caption, mark = caption + mark + reason, "; "
    return Row(verdict.frame, clip.image(verdict.frame, size), resize(alpha, size), caption=caption)
