"""The delivery as a job: pictures, movies or shapes, as asked and otherwise as the shot says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from ..client.ends import Delivered
from ..client.events import Notice
from ..client.requests import Deliver
from ..client.tables import LAYOUTS, PICTURE_FORMATS, SHAPE_FORMATS
from ..errors import UsageError
from ..frames import named_frames
from ..solve import Solver
from ..solve.progress import Listener, ignore, never
from .delivery import Delivery
from .naming import Format, VersionTakenError, named_format
from .style import Style


def deliver(
    solver: Solver,
    asked: Deliver,
    on_event: Listener = ignore,
    should_stop: Callable[[], bool] = never,
) -> Delivered:
    """Write what is not there yet. Of two that deliver the next version at once, each gets a number of its own.

    Raises UsageError, InputError (frames that are not solved), OutputError and CancelledError.
    """
    while True:
        try:
            return _deliver(solver, asked, on_event, should_stop)
        except VersionTakenError:
            on_event(Notice("info", "Another delivery has taken that version; delivering the next one."))


def _deliver(solver: Solver, asked: Deliver, on_event: Listener, should_stop: Callable[[], bool]) -> Delivered:
    known = (*PICTURE_FORMATS, *SHAPE_FORMATS)
    if asked.layout not in (None, *LAYOUTS) or asked.format not in (None, *known):
        wrong, right = ("layout", LAYOUTS) if asked.layout not in (None, *LAYOUTS) else ("format", known)
        raise UsageError(f"There is no {wrong} {getattr(asked, wrong)!r}.", hint=f"There are {', '.join(right)}.")
    suffix = Path(asked.output).suffix.lower().removeprefix(".")
    if asked.layout == "shapes" or (asked.layout is None and suffix in SHAPE_FORMATS):
        return _shapes(solver, asked, on_event, should_stop)
    if asked.format in SHAPE_FORMATS:
        raise UsageError(f"The format {asked.format} is of shapes.", hint="Choose the layout shapes.")
    defaults = solver.shot.deliver
    delivery = Delivery(
        solver,
        asked.output,
        Style(
            layout=asked.layout or defaults.layout,
            format=cast(Format, asked.format) if asked.format else named_format(asked.output),
            compression=asked.compression or defaults.compression,
            premultiply=defaults.premultiply if asked.premultiply is None else asked.premultiply,
            exclusive=defaults.exclusive if asked.exclusive is None else asked.exclusive,
            confidence=asked.confidence,
            despill=asked.despill,
        ),
        stem=asked.name or solver.plate.name,
        frames=named_frames(asked.frames),
        objects=solver.names(asked.objects),
        overwrite=asked.overwrite,
        version=asked.version,
    )
    written = delivery.write(on_event, should_stop)
    return Delivered(written, delivery.skipped, delivery.version, [str(folder) for folder in delivery.folders])


def _shapes(solver: Solver, asked: Deliver, on_event: Listener, should_stop: Callable[[], bool]) -> Delivered:
    from ..shapes.trace import Options
    from .shapes import ShapesDelivery

    if asked.format is not None and asked.format not in SHAPE_FORMATS:
        raise UsageError(
            f"The format {asked.format} holds pictures, not shapes.", hint=f"There are {', '.join(SHAPE_FORMATS)}."
        )
    if asked.confidence or asked.premultiply is not None or asked.despill is not None:
        raise UsageError("Shapes have neither colour nor confidence.", hint="Leave the option out.")
    delivery = ShapesDelivery(
        solver,
        asked.output,
        Options(asked.tolerance, asked.points, asked.keys),
        format=asked.format,
        stem=asked.name or solver.plate.name,
        frames=named_frames(asked.frames),
        objects=solver.names(asked.objects),
        exclusive=solver.shot.deliver.exclusive if asked.exclusive is None else asked.exclusive,
        overwrite=asked.overwrite,
        version=asked.version,
    )
    figures, written = delivery.write(on_event, should_stop)
    for found in figures:
        on_event(found)
    folders = list(dict.fromkeys(str(path.parent) for path in delivery.paths.values()))
    return Delivered(written, len(delivery.paths) - written, delivery.version, folders)
