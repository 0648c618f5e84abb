"""Heads side by side: the same masks matted by each, on one sheet and, where the truth is known, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from .atomic import spare_others
from .cache import read_matte
from .client.ends import Compared
from .client.events import HeadErrors
from .client.requests import Compare
from .contact_sheet import ByteImage, FloatImage, GridRow, check_name, cut_out, difference, picture_grid, write_png
from .errors import UsageError
from .frames import format_frames, named_frames
from .metrics import ClipReport, compare_sequences
from .metrics.matting import mad
from .plates import open_plate
from .plates.plate import Plate, Window
from .solve import Solver
from .solve.progress import Listener, ignore, never
from .weights.registry import entry_as

#: What is shown of a matte: the cut-out on a chequerboard or on black, the matte itself, the cut-out with the first
#: head's left of a line (the first head's own: the plate), or the difference from the first head's.
Shown = Literal["checker", "black", "matte", "wipe", "difference"]

#: Part of the picture's width that the enlarged detail shows, and the least pixels that are worth enlarging.
_DETAIL, _DETAIL_LEAST = 0.2, 48
_FRAME_COLOUR = np.array([1.0, 0.75, 0.2], np.float32)


def compare(
    solver: Solver,
    asked: Compare,
    on_event: Listener = ignore,
    should_stop: Callable[[], bool] = never,
) -> Compared:
    """Matte with every head, tell errors where the truth is known, and write the sheet.

    The shot is not changed. Raises UsageError, InputError, WeightsError, OutputError, CancelledError.
    """
    title, output = asked.name or solver.plate.name, Path(asked.output)
    heads = list(dict.fromkeys(entry_as(head.strip(), "head").id for head in asked.heads))
    check_name(output)
    if not asked.overwrite:
        spare_others(output, lambda _: False, "Say --overwrite, or choose another name.")
    solver.sources.refuse([output])
    objects = solver.names(asked.objects)
    truth = _truth(asked, objects)
    frames = _frames(asked, solver, objects, truth, title)
    read = truth.alpha if truth is not None else None
    items = solve_heads(solver, heads, frames, objects, on_event=on_event, should_stop=should_stop)
    rows = []
    for item in items:
        if read is not None:
            for head, report in score(item, read, item.frames).items():
                on_event(HeadErrors(head, dict(report.means)))
        rows += comparison_rows(item, spread(item.frames, asked.rows), solver.clip.image, read, asked.show)
    named = f"{title}  {format_frames(frames)}  tracker {solver.shot.solve.tracker}"
    write_png(output, sheet(heads, rows, truth=truth is not None, title=named))
    return Compared(asked.output, heads, format_frames(frames))


class _Truth:
    """The true mattes, by frame."""

    def __init__(self, plate: Plate) -> None:
        self._plate = plate
        self.frames = frozenset(plate.frames)

    def alpha(self, frame: int) -> FloatImage:
        return self._plate.read(frame).rgb[..., 0]


def _truth(asked: Compare, objects: Sequence[str]) -> _Truth | None:
    if asked.truth is None:
        return None
    if len(objects) != 1:
        raise UsageError(
            f"The truth is about one object, but there are {len(objects)}.", hint="Choose it with --objects NAME."
        )
    return _Truth(open_plate(asked.truth, first=asked.truth_first))


def _frames(asked: Compare, solver: Solver, objects: Sequence[str], truth: _Truth | None, title: str) -> list[int]:
    """What to matte: what was asked for, else where there is truth, else a few frames over the shot.

    UsageError where that is nothing, or where an asked frame has no truth.
    """
    reached = set.intersection(*(set(solver.work(name).marks) for name in objects)) if objects else set()
    wanted = named_frames(asked.frames)
    if wanted is not None:
        unknown = sorted(set(wanted) - truth.frames) if truth is not None else []
        if unknown:
            raise UsageError(f"The truth {asked.truth} has no frame {format_frames(unknown)}.", hint="Leave it out.")
        frames = [frame for frame in wanted if frame in reached]
    else:
        known = sorted(reached if truth is None else reached & truth.frames)
        frames = known if truth is not None else spread(known, asked.rows)
    if not frames:
        raise UsageError(f"There is no frame of {title} to compare.", hint="Draw a prompt, or check frames and truth.")
    return frames


@dataclass(frozen=True)
class ObjectMattes:
    """One object as each head mattes it. `mattes`: head -> frame -> the finished matte's file."""

    name: str
    mattes: Mapping[str, Mapping[int, Path]]

    @property
    def heads(self) -> tuple[str, ...]:
        """In the order in which they were asked for."""
        return tuple(self.mattes)

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames that every head has, ascending."""
        return tuple(sorted(set.intersection(*(set(own) for own in self.mattes.values()))))


def solve_heads(
    solver: Solver,
    heads: Sequence[str],
    frames: Sequence[int],
    objects: Sequence[str],
    *,
    on_event: Listener,
    should_stop: Callable[[], bool],
) -> list[ObjectMattes]:
    """Solve `objects` on `frames` with every head in turn, into the cache, each with the shot's own tracker.

    The shot is not changed; masks are tracked once. What a head already solved is not computed again.
    """
    mattes: dict[str, dict[str, dict[int, Path]]] = {name: {} for name in objects}
    for head in heads:
        document = solver.shot.model_copy(deep=True)
        document.solve.head = head
        rival = solver.of(document)
        rival.run(frames, objects, on_event=on_event, should_stop=should_stop, lasting=False)
        for name in objects:
            work = rival.work(name)
            mattes[name][head] = {frame: work.path(frame) for frame in frames if frame in work.marks}
    return [ObjectMattes(name, own) for name, own in mattes.items()]


def score(item: ObjectMattes, truth: Callable[[int], FloatImage], frames: Sequence[int]) -> dict[str, ClipReport]:
    """Every head's errors on `frames` against `truth` (frame -> alpha height x width 0..1)."""
    return {
        head: compare_sequences(
            ((frame, read_matte(paths[frame])[0]) for frame in frames), ((frame, truth(frame)) for frame in frames)
        )
        for head, paths in item.mattes.items()
    }


def comparison_rows(
    item: ObjectMattes,
    frames: Sequence[int],
    plate: Callable[[int], FloatImage],
    truth: Callable[[int], FloatImage] | None = None,
    shown: Shown = "checker",
) -> list[GridRow]:
    """Two rows per frame for `picture_grid`: the whole picture, and enlarged the place where the heads differ most.

    Columns: plate, the heads in order, truth where there is one. `plate`: frame -> display-referred RGB 0..1.
    """
    rows = []
    for frame in frames:
        picture = plate(frame)
        alphas = [read_matte(item.mattes[head][frame])[0] for head in item.heads]
        true = truth(frame) if truth is not None else None
        window = telling_window(alphas)
        captions = [f"MAD {mad(alpha, true):.2f}" if true is not None else "" for alpha in alphas]
        columns = [*alphas, *([] if true is None else [true])]
        detail = (slice(window.y0, window.y1), slice(window.x0, window.x1))
        looks = [_look(picture, alpha, shown, alphas[0]) for alpha in columns]
        closer = [_look(picture[detail], alpha[detail], shown, alphas[0][detail]) for alpha in columns]
        whole, enlarged = [_framed(picture, window), *looks], [picture[detail], *closer]
        rows.append(GridRow(f"{item.name} {frame}", whole))
        rows.append(GridRow("", enlarged, ("", *captions)))
    return rows


def sheet(heads: Sequence[str], rows: Sequence[GridRow], *, truth: bool, title: str = "") -> ByteImage:
    """The rows of `comparison_rows` as one picture, uint8 RGB. UsageError without rows."""
    return picture_grid(["plate", *heads, *(["truth"] if truth else [])], rows, title=title)


def telling_window(alphas: Sequence[FloatImage]) -> Window:
    """The part of the picture, of its shape, that tells most about the mattes: where they differ, else where they
    are soft. `alphas`: height x width, 0..1."""
    height, width = alphas[0].shape
    across = min(width, max(_DETAIL_LEAST, round(_DETAIL * width)))
    down = min(height, max(1, round(across * height / width)))
    stack = np.stack(alphas)
    softness = (4 * stack * (1 - stack)).mean(axis=0)
    telling = (stack.max(axis=0) - stack.min(axis=0) + 0.1 * softness).astype(np.float64)
    # Sums over every window, each at its top left corner.
    total = cv2.integral(telling)
    sums: NDArray[np.float64] = total[down:, across:] - total[:-down, across:] - total[down:, :-across]
    sums += total[:-down, :-across]
    y, x = divmod(int(sums.argmax()), sums.shape[1])
    return Window(x, y, x + across, y + down)


def spread(frames: Sequence[int], count: int) -> list[int]:
    """At most `count` of `frames`, evenly spread, the first and the last among them."""
    if len(frames) <= count:
        return list(frames)
    return [frames[round(place)] for place in np.linspace(0, len(frames) - 1, count)]


def _look(picture: FloatImage, alpha: FloatImage, shown: Shown, first: FloatImage) -> FloatImage:
    """One column's picture; `first`: the first head's alpha, beside which `wipe` and `difference` look."""
    if shown == "matte" or (shown == "difference" and alpha is first):
        return np.repeat(alpha[..., None], 3, axis=2)
    if shown == "difference":
        return difference(alpha, first)
    seen = cut_out(picture, alpha, np.zeros_like(picture) if shown == "black" else None)
    if shown == "wipe":
        middle, thick = picture.shape[1] // 2, max(1, picture.shape[1] // 200)
        left = picture if alpha is first else cut_out(picture, first)
        seen = np.concatenate([left[:, :middle], seen[:, middle:]], axis=1)
        seen[:, middle : middle + thick] = _FRAME_COLOUR
    return seen


def _framed(picture: FloatImage, window: Window) -> FloatImage:
    """The picture with the window's outline drawn into it, as thick as stays visible when it is shrunk."""
    framed = np.array(picture, np.float32)
    thick = max(1, picture.shape[1] // 200)
    x0, y0, x1, y1 = window
    for rows, columns in (
        (slice(y0, y0 + thick), slice(x0, x1)),
        (slice(y1 - thick, y1), slice(x0, x1)),
        (slice(y0, y1), slice(x0, x0 + thick)),
        (slice(y0, y1), slice(x1 - thick, x1)),
    ):
        framed[rows, columns] = _FRAME_COLOUR
    return framed
