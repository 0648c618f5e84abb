"""One object of a shot on its way through: what each frame's matte depends on and what is missing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cache import Shelf, object_folder
from ..fingerprint import fingerprint
from ..heads.clip_matter import Windows
from ..plates.plate import Plate, Window
from ..shot import ObjectSpec
from .finishing import Finishing
from .locks import LockedMattes
from .plan import PlannedPass, Recipe, TrackPlan
from .prompts import defining_keyframes, prompt_content
from .reasons import Ingredients, hashes

#: Raise when the way from a mask to a solved alpha changes.
MATTE_SCHEMA = 2


@dataclass(frozen=True)
class ModelIds:
    """What identifies the models in fingerprints (JSON-able), how the tracker works (`Tracker.segments`), and the
    windows of a head that is a clip matter."""

    tracker: tuple[Any, ...]
    head: tuple[Any, ...]
    segments: bool
    windows: Windows | None = None


class ObjectWork:
    """The plan of one object over all frames of the shot, and its place in the cache."""

    def __init__(
        self,
        item: ObjectSpec,
        plate: Plate,
        shelf: Shelf,
        models: ModelIds,
        look: Sequence[Any],
        locate: Callable[[str], Path],
        locks: LockedMattes,
        same: Mapping[str, str],
    ) -> None:
        """`look`: JSON-able description of how models see the plate. `locate` resolves stored paths. `same`: which
        masks were found to be others (`Shelf.same`)."""
        self.item = item
        self.region = Window(*item.region) if item.region else None
        self._plate = plate
        self._look = look
        self._shelf = shelf
        self._models = models
        self.life = tuple(frame for frame in plate.frames if item.exists(frame))
        self.locks = locks
        #: Frozen frames -> content of their mattes.
        self.frozen = locks.frozen(self.life)
        self._prompts = prompt_content(item, locate)
        for frame, content in self.frozen.items():
            self._prompts[frame] = [{"kind": "lock", "matte": content}]
        self.plan = self._planned(same)
        self.finishing = Finishing(item, plate, self.life, self.frozen, locate)

    def _planned(self, same: Mapping[str, str]) -> TrackPlan:
        return TrackPlan(
            self.life,
            self._prompts,
            defining_keyframes(self.item) | self.frozen.keys(),
            (*self._models.tracker, *self._look, self.region),
            self._models.segments,
            self._plate.identity,
            same,
        )

    @cached_property
    def solved(self) -> dict[int, str]:
        """Fingerprint of the solved alpha, before any finishing, of every frame that can have one."""
        return self._solved(self.plan)

    @cached_property
    def marks(self) -> dict[int, str]:
        """Fingerprint of the finished matte of every frame that can have one; the solved alpha's where they are one."""
        return self._finished(self.solved)

    def _solved(self, plan: TrackPlan) -> dict[int, str]:
        marks: dict[int, str] = {}
        for frame in self._plate.frames:
            identity = self._plate.identity(frame)
            if frame in self.frozen:
                marks[frame] = fingerprint("locked", self.frozen[frame])
            elif not self.item.exists(frame):
                marks[frame] = fingerprint("outside", MATTE_SCHEMA, identity)
            elif frame in plan.recipes:
                mask = plan.recipes[frame].fingerprint
                context = self._context(frame)
                marks[frame] = fingerprint("matte", MATTE_SCHEMA, mask, identity, self._models.head, *context)
        return marks

    def _context(self, frame: int) -> list[str]:
        """The pictures that the alpha of `frame` depends on beside its own: a clip matter sees whole windows."""
        windows = self._models.windows
        frames = () if windows is None else windows.context(self._plate.frames, frame)
        return [self._plate.identity(near) for near in frames]

    def _finished(self, solved: Mapping[int, str]) -> dict[int, str]:
        return {frame: self.finishing.mark(frame, solved) for frame in solved}

    def solved_matte(self, frame: int, *, sure: bool = False) -> Path | None:
        """The file of the solved alpha of `frame`, wherever it lies; None where it is still to be computed.

        `sure`: as of `Shelf.find_matte`.
        """
        return self.locks.path(frame) if frame in self.frozen else self._shelf.find_matte(self.solved[frame], sure=sure)

    def matte(self, frame: int, *, sure: bool = False) -> Path | None:
        """The same of the finished matte."""
        if frame in self.frozen:
            return self.locks.path(frame)
        mark = self.marks.get(frame)
        return None if mark is None else self._shelf.find_matte(mark, sure=sure)

    def ingredients(self, frames: Collection[int]) -> Ingredients:
        """What the mattes of `frames` are made of now."""
        return Ingredients(
            marks={frame: self.marks[frame] for frame in sorted(frames) if frame in self.marks},
            prompts=hashes(self._prompts),
            plate={frame: self._plate.identity(frame)[:12] for frame in self._plate.frames},
            settings={
                "tracker": fingerprint(self._models.tracker),
                "head": fingerprint(self._models.head),
                "colour or layer": fingerprint(self._look),
                "region": fingerprint(self.region),
                "edge": fingerprint(self.item.edge.model_dump(mode="json")),
                "core or garbage matte": fingerprint(self.item.core, self.item.garbage),
                "the object's first or last frame": fingerprint(self.item.first, self.item.last),
            },
        )

    @cached_property
    def _folders(self) -> tuple[str, str]:
        """The cache folders of this object's solved alphas and finished mattes as it is prompted now.

        They are named after what was asked for, so that they stay where tracking finds that less has changed.
        """
        solved = self._solved(self._planned({}))
        name = self.item.name
        return object_folder(name, list(solved.values())), object_folder(name, list(self._finished(solved).values()))

    def solved_path(self, frame: int) -> Path:
        """Where the solved alpha of `frame` is put."""
        folder, _ = self._folders
        return self.path(frame) if self.solved[frame] == self.marks[frame] else self._at(folder, frame)

    def path(self, frame: int) -> Path:
        """Where the matte of `frame` lies or will lie."""
        _, folder = self._folders
        return self._at(folder, frame)

    def _at(self, folder: str, frame: int) -> Path:
        return self._shelf.matte_path(folder, frame, self._plate.padding)

    @property
    def pattern(self) -> Path:
        """Where hosts find all of them, with a printf frame number."""
        _, folder = self._folders
        return self._shelf.matte_pattern(folder, self._plate.padding)

    def mask_marks(self, frame: int) -> tuple[str, ...]:
        """Fingerprints of the stored masks (forward, backward) that the final mask of `frame` is made of."""
        recipe = self.plan.recipes[frame]
        sides = (("forward", recipe.forward), ("backward", recipe.backward))
        return tuple(self.by_direction[side][frame] for side, used in sides if used)

    @cached_property
    def by_direction(self) -> dict[str, dict[int, str]]:
        """Direction -> frame -> fingerprint of the stored mask (a backward pass's anchor is not stored again)."""
        marks: dict[str, dict[int, str]] = {"forward": {}, "backward": {}}
        for planned in self.plan.passes:
            for frame, mark in zip(planned.frames, planned.fingerprints, strict=True):
                if frame != planned.anchor:
                    marks[planned.direction].setdefault(frame, mark)
        return marks

    def recipe(self, frame: int) -> Recipe | None:
        """How the mask of `frame` comes about, None where the object gets none."""
        return self.plan.recipes.get(frame)


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of one pass that must run: from position `start` (a keyframe that starts afresh, or the frame after
    a kept memory) to `stop`, both included. `origin` is where the tracker is told the pass begins."""

    work: ObjectWork
    planned: PlannedPass
    origin: int
    start: int
    stop: int

    @cached_property
    def frames(self) -> tuple[int, ...]:
        """The frames to visit, in visiting order."""
        return self.planned.frames[self.start : self.stop + 1]


def chunks_to_run(work: ObjectWork, wanted: Sequence[int], masks: set[str], snapshots: set[str]) -> list[Chunk]:
    """The least tracking that gives all masks of the `wanted` frames. `masks`, `snapshots`: what is stored.

    Forward chunks come first; a backward chunk's anchor is then stored.
    """
    recipes = work.plan.recipes
    missing: dict[str, set[int]] = {"forward": set(), "backward": set()}
    for frame in wanted:
        recipe = recipes.get(frame)
        if recipe is None:
            continue
        for side, used in (("forward", recipe.forward), ("backward", recipe.backward)):
            if used and work.by_direction[side][frame] not in masks:
                missing[side].add(frame)
    for planned in work.plan.passes:
        anchor = planned.anchor
        if anchor is not None and missing["backward"].intersection(planned.frames):
            missing["forward"].update({anchor} if work.by_direction["forward"][anchor] not in masks else ())
    chunks: list[Chunk] = []
    for planned in work.plan.passes:
        for first, last in _restarts(work.plan, planned):
            positions = [i for i in range(first, last + 1) if planned.frames[i] in missing[planned.direction]]
            if not positions:
                continue
            start = positions[0]
            while start > first and planned.fingerprints[start - 1] not in snapshots:
                start -= 1
            chunks.append(Chunk(work, planned, first, start, positions[-1]))
    return chunks


def _restarts(plan: TrackPlan, planned: PlannedPass) -> list[tuple[int, int]]:
    """The stretches of a pass between keyframes that start afresh, as positions (first, last)."""
    starts = [0]
    if planned.direction == "forward":
        starts += [i for i, frame in enumerate(planned.frames) if i and plan.starts_afresh(frame)]
    return list(zip(starts, [*(i - 1 for i in starts[1:]), len(planned.frames) - 1], strict=True))
