"""What a queue is given of a shot: the plan of its job, and the files in the queue's own form."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .. import shot as documents
from ..atomic import spare_others
from ..client.ends import Packed
from ..client.requests import Pack
from ..errors import UsageError
from ..frames import named_frames
from ..plates.sources import Sources
from ..shot import Shot
from .bundle import write_bundle, write_template
from .path_map import parse_rules
from .queues import write_flamenco, write_opencue
from .template import FRAMES_PER_SPAN, MOST_SPANS, JobPlan, job_values, joined

if TYPE_CHECKING:
    from ..solve import Solver


def plan_of(
    shot: Shot,
    place: Path,
    cache: Path,
    *,
    frames: str | None = None,
    objects: Iterable[str] | None = None,
    split: int = FRAMES_PER_SPAN,
    maps: Sequence[str] = (),
) -> JobPlan:
    """The job of a shot whose document lies at `place`. `split`: frames that are tracked apart, at least; 0 for never.

    Raises UsageError for objects, frames and rules that cannot be.
    """
    parse_rules(maps)
    chosen = None if objects is None else list(objects)
    for name in chosen or ():
        shot.object_named(name)
    names = [item.name for item in shot.objects if item.enabled and (chosen is None or item.name in chosen)]
    if not names:
        raise UsageError(
            f"{place} has no enabled object to work on.", hint="Draw a prompt first, or enable an object that has some."
        )
    for name in names:
        if shot.object_named(name).is_blank:  # and nobody is there to see it
            raise UsageError(
                f"The object '{name}' has no prompt.",
                hint="Draw one, disable the object, or name the others with --objects.",
            )
    first, last = shot.plate.first, shot.plate.last
    wanted = named_frames(frames) or tuple(range(first, last + 1))
    outside = [frame for frame in wanted if not first <= frame <= last]
    if outside:
        raise UsageError(f"Frame {outside[0]} is outside the shot, which has {first}-{last}.")
    spans = {name: _spans(shot, name, split) for name in names}
    return JobPlan(place.resolve(), cache, spans, wanted, path_map=";".join(maps))


def _spans(shot: Shot, name: str, least: int) -> list[list[int]]:
    """The parts in which the object is tracked, of `least` frames at least; 0 for one."""
    from ..solve.plan import independent_spans
    from ..solve.prompts import defining_keyframes
    from ..weights.registry import entry_as

    item = shot.object_named(name)
    life = [frame for frame in range(shot.plate.first, shot.plate.last + 1) if item.exists(frame)]
    segments = entry_as(shot.solve.tracker, "tracker").segments
    spans = independent_spans(life, item.keyframes, defining_keyframes(item, segments), segments)
    return joined(spans or [life], max(least or len(life), len(shot.objects) * len(life) // MOST_SPANS + 1))


def pack(queue: str, plan: JobPlan, folder: Path, template: Path | None = None) -> Packed:
    """Write the job in the queue's form (see `Pack`) into `folder`; of `openjd` as `template`, if that is given.
    Returns the files and how to send them. Raises OutputError."""
    if queue == "openjd":
        place = template or folder / f"{plan.shot.stem}.job.json"
        Sources((), str(documents.resolve_path(documents.load(plan.shot).plate.path, plan.shot))).refuse([place])
        write_template(plan, place)
        words = ["openjd", "run", str(place), *(f"-p{name}={value}" for name, value in job_values(plan).items())]
        return Packed(
            [place.as_posix()],
            f"Wrote {place}. Run it here with: wisp farm run {shlex.quote(str(plan.shot))}\n"
            f"or with any Open Job Description runner, such as: {shlex.join(words)}",
        )
    if queue == "flamenco":
        job_type, job = write_flamenco(plan, folder)
        return Packed(
            [job_type.as_posix(), job.as_posix()],
            f"Put {job_type} into the manager's folder 'scripts', once. Send the job with:\n"
            f"    curl -H 'Content-Type: application/json' -d {shlex.quote(f'@{job}')} http://MANAGER:8080/api/v3/jobs",
        )
    if queue == "opencue":
        (script,) = write_opencue(plan, folder)
        return Packed([script.as_posix()], f"Send the job with PyOutline: python {shlex.quote(str(script))}")
    files = write_bundle(plan, folder, _inputs(plan.shot))
    return Packed(
        [file.as_posix() for file in files],
        f"Packed the job in {folder}. Send it with: deadline bundle submit {shlex.quote(str(folder))}",
    )


def pack_open(solver: Solver, cache: Path, asked: Pack) -> Packed:
    """`pack` for a shot that is open, with its cache folder: its document is written beside the job, in one folder."""
    folder, source = Path(asked.folder), solver.source
    place = folder / f"{Path(asked.name or source.plate.name).name}.wisp"
    spare_others(place, lambda start: start.startswith(b"{") and b'"wisp":' in start)
    names = None if asked.objects is None else solver.names(asked.objects)
    moved = documents.moved(solver.shot, source.base / "shot", place)
    plan = plan_of(moved, place, cache, frames=asked.frames, objects=names, maps=asked.maps)
    documents.save(moved, place)
    packed = pack(asked.queue, plan, folder)
    return Packed([place.as_posix(), *packed.files], packed.words)


def _inputs(place: Path) -> list[Path]:
    """The files and folders that the shot reads, for queues that copy them to their workers."""
    shot = documents.load(place)
    plate = documents.resolve_path(shot.plate.path, place)
    found = {place, plate if plate.exists() else plate.parent}
    for stored in shot.plate.beside.values():
        beside = documents.resolve_path(stored, place)
        found.add(beside if beside.exists() else beside.parent)
    if shot.plate.ocio and (config := Path(shot.plate.ocio)).is_file():
        found |= {config, config.parent}  # with the tables that it names
    for item in shot.objects:
        found |= {documents.resolve_path(prompt.path, place) for prompt in item.prompts if prompt.kind == "mask"}
        found |= {documents.resolve_path(path, place).parent for path in (item.garbage, item.core) if path}
    return sorted(found)
