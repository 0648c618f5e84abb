"""The region that an object asks for, found by tracking it."""

from __future__ import annotations

from collections.abc import Callable

from ..cache import DamagedMaskError
from ..client.ends import RegionsFitted
from ..client.events import RegionFitted
from ..client.requests import Region
from ..plates.plate import Window
from .approvals import settle_locks
from .progress import Listener, ignore, never
from .region import MIN_GAIN, region_of, whole
from .solver import Solver


def fit_region(
    solver: Solver,
    name: str,
    on_event: Listener = ignore,
    should_stop: Callable[[], bool] = never,
    *,
    asked: bool = False,
    lasting: bool = True,
) -> Window | None:
    """The region that the object's tracked masks ask for; None where the whole picture is as good.

    Tracks what is not tracked yet, in the region the object has now. `asked`: by a person, also for a tracker that
    has no fixed grid. `lasting`: as of `Solver.run`.
    """
    grid = solver.tracker.grid
    worth = asked if grid is None else max(solver.plate.width, solver.plate.height) >= MIN_GAIN * grid
    if not worth:
        return None
    size = (solver.plate.width, solver.plate.height)
    while True:
        solver.run(objects=[name], stages=("track",), on_event=on_event, should_stop=should_stop, lasting=lasting)
        work = solver.work(name)
        marks = sorted({mark for frame in work.life for mark in work.mask_marks(frame)})
        try:
            return region_of(
                (whole(solver.shelf.read_mask(mark).logits, work.region, size) for mark in marks), size, grid
            )
        except DamagedMaskError:
            solver.shelf.drop_damaged_masks(marks)


def fit_regions(
    solver: Solver, asked: Region, on_event: Listener = ignore, should_stop: Callable[[], bool] = never
) -> RegionsFitted:
    """Tell the region that each asked object should have, by its masks in the whole picture; a person asks, so that it
    is fitted for trackers of no fixed grid too. The solver's own document is not changed. CancelledError."""
    shot = solver.shot.model_copy(deep=True)
    chosen = [shot.object_named(name) for name in solver.names(asked.objects)]
    for item in chosen:
        item.region = None
    settle_locks(solver)  # what was approved is of the regions that the objects have
    bare, fitted = solver.of(shot), 0
    for item in chosen:
        found = fit_region(bare, item.name, on_event, should_stop, asked=True, lasting=False)
        fitted += found is not None
        on_event(RegionFitted(item.name, item.id, None if found is None else list(found)))
    return RegionsFitted(fitted)
