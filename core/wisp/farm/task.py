"""What one task of the job does on a worker, told in Open Job Description's words on stdout.

A task is resumable and idempotent: frames that are done stay, so that a queue may run it again after any end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..client.events import Event, FrameDone, Notice, Progress, Started
from ..client.wording import counted
from ..errors import QualityError
from ..frames import format_frames
from ..solve import Solver, Stage

_DOING = {"track": "Tracking", "matte": "Matting"}


class Messages:
    """Solve events as `openjd_progress` (percent) and `openjd_status` lines.

    Source: Open Job Description specification 2023-09, "How Jobs Are Run", section "Stdout/stderr messages".
    """

    def __init__(self, title: str) -> None:
        self._title = title

    def __call__(self, event: Event) -> None:
        match event:
            case Started():
                self.status(f"{self._title}: {event.track + event.matte} to do, {event.cached} done before")
            case Progress():
                print(f"openjd_progress: {100 * event.done / max(1, event.total):.1f}", flush=True)
                self.status(f"{self._title}: frame {event.frame}")
            case Notice():
                print(event.message, flush=True)
            case FrameDone():
                pass

    def status(self, text: str) -> None:
        """One line that a queue shows beside the task."""
        print(f"openjd_status: {text}", flush=True)


def run_stage(solver: Solver, stage: Stage, name: str, frames: Sequence[int], should_stop: Callable[[], bool]) -> None:
    """Track or matte one object on `frames`. QualityError where a frame could not be matted.

    CancelledError when `should_stop` turned true: the frame under way is finished first.
    """
    title = f"{_DOING[stage]} {name} {format_frames(frames)}"
    solver.run(frames, [name], stages=(stage,), on_event=Messages(title), should_stop=should_stop)
    left = _unsolved(solver, name, frames)
    if stage == "matte" and left:
        raise QualityError(
            f"'{name}' has no mask to matte on {counted(len(left), 'frame')}: {format_frames(left)}.",
            hint="Run the job's Track step for this object first, with the same shot and cache.",
        )
    print("openjd_progress: 100", flush=True)


def _unsolved(solver: Solver, name: str, frames: Sequence[int]) -> list[int]:
    """The dirty ones of `frames`; those that no prompt reaches are none of them."""
    asked = set(frames)
    found = [item for item in solver.status().objects if item.name == name]
    return [frame for item in found for frame in item.of("dirty") if frame in asked]


def run_check(solver: Solver, names: Sequence[str], frames: Sequence[int], fail_on: str) -> None:
    """Whether every frame of the named objects is there and, where `fail_on` is `suspicious`, looks right.

    QualityError names what is missing or what to look at.
    """
    from ..quality import check_shot

    missing = {name: _unsolved(solver, name, frames) for name in names}
    told = [f"{name} {format_frames(left)}" for name, left in missing.items() if left]
    if told:
        raise QualityError(f"Mattes are missing: {'; '.join(told)}.", hint="Run the job again; what is done stays.")
    doubtful: dict[str, list[int]] = {}
    for verdict in check_shot(solver, frames, names):
        if verdict.suspicious:
            doubtful.setdefault(verdict.object, []).append(verdict.frame)
            print(f"{verdict.object} {verdict.frame}: {'; '.join(verdict.reasons)}", flush=True)
    told = [f"{name} {format_frames(sorted(found))}" for name, found in doubtful.items()]
    print(f"openjd_status: {'suspicious: ' + '; '.join(told) if told else 'nothing suspicious'}", flush=True)
    if told and fail_on == "suspicious":
        raise QualityError(
            f"Suspicious mattes: {'; '.join(told)}.", hint="Look at them, draw a prompt where the object goes wrong."
        )
