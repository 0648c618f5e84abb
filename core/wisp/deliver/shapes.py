"""Solved mattes as animated shapes: one file for all objects, in one format or in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing, sweep
from ..client.events import Progress, ShapesMeasured
from ..errors import CancelledError, OutputError, UsageError
from ..finish.exclusive import make_exclusive
from ..frames import format_frames, gaps
from ..plates.clip import FloatImage
from ..shapes.check import measure
from ..shapes.formats import FORMATS
from ..shapes.model import ShapedObject, Shapes
from ..shapes.trace import Options, trace
from ..solve import Solver
from ..solve.progress import Eta, Listener, ignore
from .delivery import read_solved, require_solved
from .naming import VERSION, Pattern


class ShapesDelivery:
    """Traces the objects of a solved shot and writes their shapes."""

    def __init__(
        self,
        solver: Solver,
        output: str,
        options: Options,
        *,
        format: str | None = None,
        stem: str = "shot",
        frames: Sequence[int] | None = None,
        objects: Sequence[str] | None = None,
        exclusive: bool = False,
        overwrite: bool = False,
        version: int | Literal["next"] | None = None,
    ) -> None:
        """`output`: a file whose suffix says the format, or a folder for `format`, or for all where that is None.
        UsageError for a format there is not; InputError for frames that are not solved."""
        self._solver, self._options, self._exclusive = solver, options, exclusive
        works = solver.works if objects is None else tuple(solver.work(name) for name in objects)
        self._names = tuple(work.item.name for work in works)
        self._frames = tuple(solver.frames_of(frames))
        left_out = gaps(self._frames, self._frames[0], self._frames[-1])
        if left_out:
            raise UsageError(f"Shapes cannot leave out frame {format_frames(left_out)}.", hint="Name a range.")
        suffix = Path(output).suffix.lower().removeprefix(".")
        if suffix in FORMATS:
            if format not in (None, suffix):
                raise UsageError(f"The output '{output}' is not of the format {format}.", hint="Leave out --format.")
            patterns = {suffix: output}
        else:
            folder = output.rstrip("/")
            if version is not None and VERSION not in folder:
                folder += f"/{VERSION}"
            patterns = {name: f"{folder}/{stem}_shapes.{name}" for name in ([format] if format else FORMATS)}
        if version is not None and any(VERSION not in text for text in patterns.values()):
            raise UsageError(f"The output '{output}' has no {VERSION}.", hint=f"Put {VERSION} where it belongs.")
        self.version: int | None = None
        self._numbered: list[Pattern] = []
        if any(VERSION in text for text in patterns.values()):
            numbered = [_pattern(text) for text in patterns.values()]
            self._numbered = numbered if version in (None, "next") else []
            self.version = max(p.next_version() for p in numbered) if version in (None, "next") else int(version)
            patterns = {name: text.replace(VERSION, f"v{self.version:03d}") for name, text in patterns.items()}
        self.paths = {name: Path(text) for name, text in patterns.items()}
        solver.sources.refuse(self.paths.values())
        self._guarded = not overwrite or version is not None
        self._require_solved()

    def write(
        self, on_event: Listener = ignore, should_stop: Callable[[], bool] = lambda: False
    ) -> tuple[list[ShapesMeasured], int]:
        """Trace, measure and write; returns the figures of every object, and how many files were written (those that
        were there already with the same content are not). OutputError where others are in the way."""
        eta, done = Eta({"deliver": len(self._frames) * len(self._names)}), 0

        def step(frame: int) -> None:
            nonlocal done
            done += 1
            total = len(self._frames) * len(self._names)
            on_event(Progress("deliver", frame, done, total, eta.step("deliver")))
            if should_stop():
                raise CancelledError(f"Stopped at frame {frame}; nothing was written.")

        if self._exclusive:
            self._solver.require_masks(self._frames, self._needed(), on_event, should_stop)
        items, figures = [], []
        for name in self._names:
            kept = _Kept(lambda frame, name=name: self._read(name, frame))  # type: ignore[misc]
            item = trace(name, self._frames, kept, self._options, step)
            items.append(item)
            figures.append(measure(item, self._frames, kept, self._options.tolerance))
        with ExitStack() as claims:
            for pattern in self._numbered:
                claims.enter_context(pattern.claimed(self.version or 0))
            return figures, self._write(items)

    def _write(self, items: Sequence[ShapedObject]) -> int:
        plate = self._solver.plate
        shapes = Shapes(plate.width, plate.height, self._frames[0], self._frames[-1], tuple(items))
        texts = {path: FORMATS[name].write(shapes, plate.pixel_aspect) for name, path in self.paths.items()}
        fresh = {path: text for path, text in texts.items() if not _holds(path, text)}
        in_the_way = [path for path in fresh if path.exists()]
        if in_the_way and self._guarded:
            raise OutputError(
                f"{in_the_way[0]} would be overwritten.",
                hint="Choose another place, or say --overwrite.",
                path=in_the_way[0],
            )
        for folder in {path.parent for path in fresh}:
            sweep(folder)
        for path, text in fresh.items():
            with replacing(path, durable=True) as temporary:
                temporary.write_text(text, "utf-8", newline="\n")
        return len(fresh)

    def _require_solved(self) -> None:
        require_solved(self._solver, dict.fromkeys(self._needed(), self._frames), self._frames, gapless=True)

    def _needed(self) -> tuple[str, ...]:
        """The objects whose mattes are read."""
        return tuple(work.item.name for work in self._solver.works) if self._exclusive else self._names

    def _read(self, name: str, frame: int) -> FloatImage:
        if not self._exclusive:
            return read_solved(self._solver, self._solver.work(name), frame)[0]
        works = self._solver.works
        found = {work.item.name: read_solved(self._solver, work, frame)[0] for work in works}
        return make_exclusive(found, {work.item.name: work.sureness(frame, found[work.item.name]) for work in works})[
            name
        ]


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _pattern(text: str) -> Pattern:
    return Pattern(Path(), str(Path(text).parent), Path(text).name)


class _Kept:
    """Mattes read once: the part that is not empty, in 254 steps of which the 127th is exactly one half."""

    def __init__(self, read: Callable[[int], FloatImage]) -> None:
        self._read = read
        self._parts: dict[int, tuple[tuple[int, int], tuple[int, int], NDArray[np.uint8]]] = {}

    def __call__(self, frame: int) -> FloatImage:
        if frame not in self._parts:
            alpha = np.clip(np.nan_to_num(self._read(frame)), 0.0, 1.0)
            rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
            top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 0)
            left, right = (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, 0)
            part = np.floor(alpha[top:bottom, left:right] * 254).astype(np.uint8)
            self._parts[frame] = (alpha.shape[:2], (top, left), part)
        shape, (top, left), part = self._parts[frame]
        whole = np.zeros(shape, np.float32)
        whole[top : top + part.shape[0], left : left + part.shape[1]] = part.astype(np.float32) / 254
        return whole
