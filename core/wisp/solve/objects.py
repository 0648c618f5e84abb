"""One object of a shot on its way through: what each frame's matte depends on and what is missing of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..cache import DamagedMaskError, MatteStamp, Shelf, object_folder, read_matte
from ..client.events import Notice
from ..client.locks import LOCKED
from ..fingerprint import fingerprint
from ..frames import format_frames
from ..heads.band import logits_of, mask_from_logits
from ..heads.clip_matter import Windows
from ..heads.confidence import matte_confidence, tracker_doubt
from ..plates.clip import FloatImage, resize
from ..plates.plate import Window
from ..shot import ObjectSpec
from ..trackers.blend import blend
from ..trackers.tracker import FramePrompts, TrackedMask
from .finishing import Finishing
from .hints import Hints
from .locks import LockedMattes
from .plan import PlannedPass, Recipe, TrackPlan
from .progress import Listener
from .prompts import defining_keyframes, drawn, frame_prompts, prompt_content, stretched
from .reasons import Ingredients, hashes
from .region import in_region, whole
from .source import Source

#: Raise when the way from a mask to a solved alpha changes.
MATTE_SCHEMA = 3


@dataclass(frozen=True)
class ModelIds:
    """What identifies the models in fingerprints (JSON-able), how the tracker works (`Tracker.segments`), and the
    windows of a head that is a clip matter."""

    tracker: tuple[Any, ...]
    head: tuple[Any, ...]
    segments: bool
    windows: Windows | None = None


class Marks(Mapping[int, str]):
    """Frame -> fingerprint, worked out when it is asked for."""

    def __init__(self, frames: Sequence[int], has: Callable[[int], bool], make: Callable[[int], str]) -> None:
        """`frames`: those that may have one; `has`: whether a frame has."""
        self._frames = frames
        self._has = has
        self._make = make
        self._known: dict[int, str] = {}

    def __getitem__(self, frame: int) -> str:
        known = self._known.get(frame)
        if known is None:
            if not self._has(frame):
                raise KeyError(frame)
            known = self._known[frame] = self._make(frame)
        return known

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self._has(frame)

    def __iter__(self) -> Iterator[int]:
        return filter(self._has, self._frames)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class ObjectWork:
    """The plan of one object over all frames of the shot, and its place in the cache."""

    def __init__(
        self,
        item: ObjectSpec,
        source: Source,
        shelf: Shelf,
        models: ModelIds,
        look: Sequence[Any],
        locks: LockedMattes,
        uncover: bool = False,
    ) -> None:
        """`look`: JSON-able description of how models see the plate. `uncover`: whether the background is."""
        self.item = item
        self.region = Window(*item.region) if item.region else None
        self._source = source
        self._plate = source.plate
        self._look = look
        self._uncover = uncover
        self._shelf = shelf
        self._models = models
        self.life = _within(self._plate.frames, item.first, item.last)
        if item.absent:
            self.life = tuple(filter(item.exists, self.life))
        self.locks = locks
        #: Frozen frames -> content of their mattes.
        self.frozen = locks.frozen(self.life)
        self._prompts = prompt_content(item, source.locate)
        for frame, content in self.frozen.items():
            self._prompts[frame] = [{"kind": "lock", "matte": content}]
        self.plan = TrackPlan(
            self.life,
            self._prompts,
            defining_keyframes(item, models.segments) | self.frozen.keys(),
            # Trackers that hear all keyframes at once also weigh them by the plate's length.
            (*models.tracker, *look, self.region, *(() if models.segments else (len(self._plate.frames),))),
            models.segments,
            source.identity,
            shelf.same(),
            source.chains,
            _resumed(self.life, self._plate.frames) if item.absent else (),
        )
        self.hints = Hints(item, source, self.life, uncover)
        self.finishing = Finishing(item, source, self.life, self.frozen)
        #: Fingerprint of the solved alpha, before any finishing, of every frame that can have one.
        self.solved: Mapping[int, str] = Marks(self._plate.frames, self.reaches, self._solved_mark)
        #: Fingerprint of the finished matte of every frame that can have one; the solved alpha's where they are one.
        self.marks: Mapping[int, str] = Marks(self._plate.frames, self.reaches, self._finished_mark)

    def reaches(self, frame: int) -> bool:
        """Whether the frame, one of the plate's, gets a matte: a placeholder outside the object's life."""
        return has_frame(self._plate.frames, frame) and (not self.item.exists(frame) or self.plan.reaches(frame))

    def _solved_mark(self, frame: int) -> str:
        if frame in self.frozen:
            return fingerprint("locked", self.frozen[frame])
        identity = self._source.identity(frame)
        recipe = self.plan.recipe(frame)
        if recipe is None:
            return fingerprint("absent", MATTE_SCHEMA, identity)
        context = [*self._context(frame), *self.hints.content(frame, self._mask_mark)]
        return fingerprint("matte", MATTE_SCHEMA, recipe.fingerprint, identity, self._models.head, *context)

    def _mask_mark(self, frame: int) -> str:
        recipe = self.plan.recipe(frame)
        return "absent" if recipe is None else recipe.fingerprint

    def _finished_mark(self, frame: int) -> str:
        return self.finishing.mark(frame, self.solved.__getitem__)

    def _context(self, frame: int) -> list[str]:
        """The pictures that the alpha of `frame` depends on beside its own: a clip matter sees whole windows."""
        windows = self._models.windows
        frames = () if windows is None else windows.context(self._plate.frames, frame)
        return [self._source.identity(near) for near in frames]

    def solved_matte(self, frame: int, *, sure: bool = False) -> Path | None:
        """The file of the solved alpha of `frame`, wherever it lies; None where it is still to be computed.

        `sure`: as of `Shelf.find_matte`.
        """
        if frame in self.frozen:
            return self.locks.path(frame)
        return self._shelf.find_matte(self.solved[frame], self.solved_path(frame).parent.name, sure=sure)

    def solved_alpha(self, frame: int) -> tuple[FloatImage, MatteStamp]:
        """The solved alpha of `frame` (float32, height x width, 0..1) and its stamp; it must have been computed."""
        mark = self.solved[frame]
        kept = self._source.kept_alpha(mark)
        if kept is None:
            path = self.solved_matte(frame)
            assert path is not None  # whoever asks has made sure
            alpha, stamp = read_matte(path)
            assert stamp is not None  # everything in the cache's index has one
            kept = (alpha, stamp)
            self._source.keep_alpha(mark, *kept)
        return kept

    def matte(self, frame: int, *, sure: bool = False) -> Path | None:
        """The same of the finished matte."""
        if frame in self.frozen:
            return self.locks.path(frame)
        mark = self.marks.get(frame)
        return None if mark is None else self._shelf.find_matte(mark, self._folders[1], sure=sure)

    def mattes(self, frames: Sequence[int], *, sure: bool = False) -> dict[int, Path]:
        """The files of the finished mattes of those of `frames` that have one; `sure` as of `Shelf.find_matte`."""
        wanted = {frame: self.marks[frame] for frame in frames if frame in self.marks and frame not in self.frozen}
        found = self._shelf.find_mattes(wanted.values(), self._folders[1], sure=sure)
        mattes = {frame: found[mark] for frame, mark in wanted.items() if mark in found}
        return mattes | {frame: self.locks.path(frame) for frame in frames if frame in self.frozen}

    def adopt(self, frames: Sequence[int], *, sure: bool = False) -> set[int]:
        """Make those of `frames` that have a matte appear where hosts look for them; returns which."""
        found = self.mattes(frames, sure=sure)
        self._shelf.adopt_mattes((self.marks[frame], path, self.path(frame)) for frame, path in found.items())
        return set(found)

    def ingredients(self, frames: Collection[int]) -> Ingredients:
        """What the mattes of `frames` are made of now."""
        whole = len(frames) > 1
        return Ingredients(
            marks={frame: self.marks[frame] for frame in sorted(frames) if frame in self.marks},
            prompts=hashes(self._prompts),
            plate={f: self._source.identity(f)[:12] for f in (self._plate.frames if whole else frames)},
            settings={
                "tracker": fingerprint(self._models.tracker),
                "head": fingerprint(self._models.head),
                "colour or layer": fingerprint(self._look),
                "region": fingerprint(self.region),
                "edge": fingerprint(self.item.edge.model_dump(mode="json")),
                "core or garbage matte": fingerprint(self.item.core, self.item.garbage),
                "the object's first or last frame": fingerprint(self.item.first, self.item.last),
                "where the object is absent": fingerprint(self.item.absent),
                **({"clean or second plate": fingerprint(beside)} if (beside := self._source.beside_state) else {}),
                **({"whether the background is uncovered": "yes"} if self._uncover else {}),
                **({"unknown strokes": fingerprint(self.hints.strokes)} if self.hints.strokes else {}),
            },
        )

    @cached_property
    def _folders(self) -> tuple[str, str]:
        """The cache folders of this object's solved alphas and finished mattes as it is prompted now.

        They are named after what was asked for, so that they stay where tracking finds that less has changed, and
        so that naming them costs the same for a shot of any length.
        """
        models = (self._models.tracker, self._models.head, self._models.segments)
        prompts = sorted(self._prompts.items())
        life = (self.item.first, self.item.last, self.item.absent)
        hints = self.hints.request()
        solved = fingerprint(models, self._look, self.region, life, prompts, self._source.state, *hints)
        request = self.finishing.request
        name = self.item.name
        return object_folder(name, solved), object_folder(name, fingerprint(solved, request) if request else solved)

    def solved_path(self, frame: int) -> Path:
        """Where the solved alpha of `frame` is put."""
        folder, _ = self._folders
        return self.path(frame) if self.solved[frame] == self.marks[frame] else self._at(folder, frame)

    def path(self, frame: int) -> Path:
        """Where the matte of `frame` lies or will lie."""
        _, folder = self._folders
        return self._at(folder, frame)

    def doubt_path(self, frame: int) -> Path:
        """Where the error to be expected of the matte of `frame` is put, for whoever looks at it."""
        _, folder = self._folders
        return self._at(f"{folder}-doubt", frame)

    def _at(self, folder: str, frame: int) -> Path:
        return self._shelf.matte_path(folder, frame, self._plate.padding)

    @property
    def pattern(self) -> Path:
        """Where hosts find all of them, with a printf frame number."""
        _, folder = self._folders
        return self._shelf.matte_pattern(folder, self._plate.padding)

    def prompts(self, frame: int) -> FramePrompts:
        """The prompts on a keyframe as a tracker is given them: in the region's coordinates, its pixels made square."""
        size = (self._plate.width, self._plate.height)
        if frame in self.frozen:
            prompts = drawn(self.locks.mask(frame))
        else:
            prompts = frame_prompts(self.item, frame, size, self._source.locate)
        if self.region is not None:
            prompts = in_region(prompts, self.region, self.item.name, frame, approved=frame in self.frozen)
        seen = self._source.clip_of(self.region)
        return stretched(prompts, self._source.stretch, (seen.width, seen.height))

    def tell_blank(self, on_event: Listener) -> None:
        """Warn where nothing was drawn: an empty matte is not always meant."""
        if self.item.is_blank:
            on_event(Notice("warning", f"'{self.item.name}' has no prompt: its mattes are empty."))

    def tell_unfrozen(self, frames: Sequence[int], on_event: Listener) -> None:
        """Warn of those of `frames` that the document says are approved and whose mattes are not in this cache: others
        take their place."""
        lacking = [frame for frame in self.locks.wanted(frames) if frame not in self.frozen]
        if lacking:
            frames_text = format_frames(lacking)
            told = f"'{self.item.name}' is locked on {frames_text}, but its approved mattes are not in this cache"
            hint = f"Where they were approved elsewhere, bring that cache's folder '{LOCKED}' here."
            on_event(Notice("warning", f"{told}: they are computed anew. {hint}"))

    def mask_marks(self, frame: int) -> tuple[str, ...]:
        """Fingerprints of the stored masks (forward, backward) that the final mask of `frame` is made of."""
        recipe = self.plan.recipe(frame)
        return () if recipe is None else recipe.marks

    def mask_frames(self, frame: int) -> tuple[int, ...]:
        """The frames whose masks the solved alpha of `frame` is made of."""
        if self.plan.recipe(frame) is None:
            return ()
        return tuple(dict.fromkeys((frame, *self.hints.leans_on(frame))))

    def recipe(self, frame: int) -> Recipe | None:
        """How the mask of `frame` comes about, None where the object gets none."""
        return self.plan.recipe(frame)

    def tracked_mask(self, frame: int) -> TrackedMask:
        """The stored mask of `frame`, of both passes; absent where it gets none. Raises OSError, DamagedMaskError."""
        recipe = self.recipe(frame)
        if recipe is None:  # outside the object's first and last frame, or absent
            return TrackedMask(np.full((1, 1), -1.0, np.float32), 1.0, "absent")
        parts = [self._shelf.read_mask(mark) for mark in recipe.marks]
        return parts[0] if len(parts) == 1 else blend(parts[0], parts[1], recipe.weight)

    def sureness(self, frame: int, alpha: FloatImage) -> FloatImage:
        """How sure the tracker is of the object at every pixel of the plate, as logits. `alpha`: its matte, which is
        believed like a drawn mask where a person approved it and where no mask is kept."""
        if frame not in self.frozen:
            with suppress(OSError, DamagedMaskError):
                return self.plate_mask(frame)
        return logits_of(alpha > 0.5)

    def confidence(self, frame: int, alpha: FloatImage, stamp: MatteStamp | None) -> FloatImage:
        """How far `alpha`, this object's on that frame (height x width), is to be believed: see `matte_confidence`.

        Nothing, where it has no stamp, is believed not at all; what a person approved is as sure as a drawn mask, and
        an object that is lost, or found again but not surely, is never surer than its tracker.
        """
        if stamp is None:
            return np.zeros_like(alpha)
        if self.recipe(frame) is None:
            return np.ones_like(alpha)
        size = (self._plate.width, self._plate.height)
        mask = doubt = None
        if frame not in self.frozen:
            with suppress(OSError, DamagedMaskError):
                tracked = self.tracked_mask(frame)
                mask = mask_from_logits(whole(tracked.logits, self.region, size), *size)
                if not any(prompt.kind == "mask" and prompt.frame == frame for prompt in self.item.prompts):
                    doubt = resize(whole(tracker_doubt(tracked.logits), self.region, size, outside=0.0), size)
        found = matte_confidence(self._source.clip.image(frame), alpha, mask, doubt, self._models.head[0])
        if stamp.track_state in ("lost", "candidate"):
            found = np.minimum(found, np.float32(stamp.confidence))
        return found

    def plate_mask(self, frame: int) -> FloatImage:
        """The logits of `tracked_mask` over the whole plate, height x width."""
        size = (self._plate.width, self._plate.height)
        return resize(whole(self.tracked_mask(frame).logits, self.region, size), size)


def _within(frames: Sequence[int], first: int | None, last: int | None) -> Sequence[int]:
    """Those of the ascending `frames` from `first` to `last` (None: no bound)."""
    start = 0 if first is None else bisect_left(frames, first)
    stop = len(frames) if last is None else bisect_right(frames, last)
    return frames if (start, stop) == (0, len(frames)) else frames[start:stop]


def _resumed(life: Sequence[int], frames: Sequence[int]) -> tuple[int, ...]:
    """The frames of `life`, which is part of `frames`, before which some of `frames` are left out."""
    places = [bisect_left(frames, frame) for frame in life]
    return tuple(life[k] for k in range(1, len(life)) if places[k] - places[k - 1] > 1)


def has_frame(frames: Sequence[int], frame: int) -> bool:
    """Whether `frame` is one of the ascending `frames`."""
    place = bisect_left(frames, frame)
    return place < len(frames) and frames[place] == frame


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
    def frames(self) -> Sequence[int]:
        """The frames to visit, in visiting order."""
        return self.planned.frames[self.start : self.stop + 1]


def chunks_to_run(
    work: ObjectWork, wanted: Sequence[int], masks: Collection[str], snapshots: Collection[str]
) -> list[Chunk]:
    """The least tracking that gives all masks of the `wanted` frames. `masks`, `snapshots`: what is stored.

    Forward chunks come first; a backward chunk's anchor is then stored.
    """
    plan = work.plan
    ahead: set[int] = set()
    behind: dict[int | None, set[int]] = {}
    for frame in sorted({near for asked in wanted for near in work.mask_frames(asked)}):
        recipe = plan.recipe(frame)
        if recipe is None:
            continue
        if recipe.forward is not None and recipe.forward not in masks:
            ahead.add(frame)
        if recipe.backward is not None and recipe.backward not in masks:
            behind.setdefault(recipe.anchor, set()).add(frame)
            if recipe.anchor is not None and plan.forward.mark(plan.forward.place(recipe.anchor)) not in masks:
                ahead.add(recipe.anchor)
    chunks = [_chunk(work, plan.forward, stretch, snapshots) for stretch in _stretches(plan, ahead)]
    for anchor in sorted(behind, key=lambda frame: (frame is not None, frame)):
        planned = plan.backward(anchor)
        chunks.append(_chunk(work, planned, sorted(map(planned.place, behind[anchor])), snapshots))
    return chunks


def _stretches(plan: TrackPlan, frames: Collection[int]) -> list[list[int]]:
    """The places of `frames` in the forward pass, those between two restarts together."""
    stretches: dict[int, list[int]] = {}
    for frame in sorted(frames):
        place = plan.forward.place(frame)
        stretches.setdefault(plan.restart(plan.forward, place), []).append(place)
    return list(stretches.values())


def _chunk(work: ObjectWork, planned: PlannedPass, places: list[int], snapshots: Collection[str]) -> Chunk:
    """What must run for those places (ascending) of one stretch of a pass."""
    first = work.plan.restart(planned, places[0])
    start = places[0]
    while start > first and planned.mark(start - 1) not in snapshots:
        start -= 1
    return Chunk(work, planned, first, start, places[-1])
