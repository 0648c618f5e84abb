"""The walk over a solved shot: every object's mattes in the order in which its tracker went, two frames at a time.

From an object's first keyframe the walk goes forward to the end, then from there back to the start, so that the frame
before is always the one nearer to what a person has drawn. Pictures of two frames and a keyframe are held per object,
and numbers of the frames since the last keyframe: memory does not grow with the clip's pictures.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from ..cache import DamagedMaskError, MatteStamp, read_matte
from ..client.events import Verdict
from ..client.states import UNREACHED
from ..client.tables import SUSPICIOUS
from ..heads.band import mask_from_logits
from ..motion.footage import Footage
from ..plates.clip import resize
from ..plates.plate import Window
from ..trackers.blend import blend
from ..trackers.tracker import TrackedMask
from .evidence import (
    against_frame_before,
    against_keyframe,
    against_mask,
    against_recent_frames,
    along_the_way,
    between_passes,
    when_empty,
)
from .look import Change, Colors, Look, Mask
from .verdict import LIMITS, Evidence, Limits, State, weigh

if TYPE_CHECKING:
    from ..solve import Solver
    from ..solve.objects import ObjectWork

#: The width of the unknown region is compared with its median on so many frames before.
_RECENT = 5
#: What earlier frames did counts less by this factor per frame: half after 14 frames.
_FADING = 0.95
#: An outline that trembles by so many pixels is no drift.
_TREMBLE = 0.25


def check_shot(
    solver: Solver,
    frames: Collection[int] | None = None,
    objects: Collection[str] | None = None,
    limits: Mapping[str, Limits] = LIMITS,
    on_step: Callable[[int, int, int], None] = lambda *_: None,
) -> Iterator[Verdict]:
    """The verdict on each of `frames` (None: all) of `objects` (names; None: all enabled ones), as they are solved.

    Reads mattes and masks from the cache and computes none. Every object is walked as a whole, so that a frame's score
    does not depend on which frames are asked for. Verdicts come in the order of the walk, those between two keyframes
    when the second is reached. Frames outside an object's life have none. `on_step` is called after every step of the
    walk with the frame, the steps done and those in all. Raises UsageError, InputError.
    """
    for sight in observe_shot(solver, frames, objects, on_step):
        yield sight.verdict(limits)


def observe_shot(
    solver: Solver,
    frames: Collection[int] | None = None,
    objects: Collection[str] | None = None,
    on_step: Callable[[int, int, int], None] = lambda *_: None,
) -> Iterator[Sight]:
    """All evidence, before it is weighed; see `check_shot`."""
    available, wanted = solver.plate.frames, set(solver.frames_of(frames))
    footage: dict[Window | None, Footage] = {}
    works = solver.works if objects is None else tuple(solver.work(name) for name in objects)
    for work in works:
        if work.region not in footage:
            footage[work.region] = Footage(solver.clip_of(work.region))
    done = 0
    for backward in (False, True):
        # All objects step together, so that they share what a frame's picture and motion cost.
        walks = [_Walk(solver, work, footage[work.region], backward) for work in works]
        for frame in reversed(available) if backward else available:
            for walk in walks:
                yield from (sight for sight in walk.step(frame) if sight.frame in wanted)
            done += 1
            on_step(frame, done, 2 * len(available))
        for walk in walks:
            yield from (sight for sight in walk.finish() if sight.frame in wanted)


@dataclass
class Sight:
    """All evidence about one object on one frame.

    `loss`: the share 0..1 of the matte that changed from the frame before without motion or trembling explaining it.
    `between`: tracked from two keyframes. `note` says why nothing is judged.
    """

    object: str
    id: int
    frame: int
    state: State = "judged"
    path: Path | None = None
    evidence: list[Evidence] = field(default_factory=list)
    loss: float = 0.0
    between: bool = False
    note: str = ""

    def verdict(self, limits: Mapping[str, Limits] = LIMITS) -> Verdict:
        """The evidence weighed."""
        score, reasons = weigh(self.evidence, limits) if self.state == "judged" else (0.0, (self.note,))
        path = None if self.path is None else self.path.as_posix()
        suspicious = score >= SUSPICIOUS
        return Verdict(self.object, self.id, self.frame, self.state, round(score, 4), suspicious, reasons, path)


class _Walk:
    """One object in one direction."""

    def __init__(self, solver: Solver, work: ObjectWork, footage: Footage, backward: bool) -> None:
        self._shelf, self._work, self._footage, self._backward = solver.shelf, work, footage, backward
        self._keyframes = work.plan.keyframes
        self._stored = solver.shelf.stored_masks()
        self._before: tuple[int, Look] | None = None
        self._last_seen: Look | None = None
        self._widths: deque[float] = deque(maxlen=_RECENT)
        self._keys: OrderedDict[int, tuple[Look, Colors] | None] = OrderedDict()
        self._since: list[Sight] = []

    def step(self, frame: int) -> list[Sight]:
        """Go on to `frame`; returns what is complete: all since the last keyframe when the next one is reached."""
        if not self._work.item.exists(frame):  # what comes back is compared with nothing from before
            self._before = self._last_seen = None
            self._widths.clear()
            return []
        if not self._keyframes:
            return [] if self._backward else [self._unsolved(frame, UNREACHED)]
        start = self._keyframes[0]
        if frame > start if self._backward else frame < start:
            return []
        self._since.append(self._look_at(frame))
        if frame not in self._keyframes:
            return []
        done = self.finish()
        return done[:-1] if self._backward else done  # the forward walk has spoken about the first keyframe

    def finish(self) -> list[Sight]:
        """The frames since the last keyframe, with what has added up along the way to them.

        Between two keyframes the nearer one counts, that is the lesser of both sums.
        """
        sights, self._since = self._since, []
        losses = [sight.loss for sight in sights]
        ahead = accumulate(losses, _add_up)
        behind = reversed([*accumulate([0.0, *reversed(losses)], _add_up)][:-1])
        for sight, from_before, from_after in zip(sights, ahead, behind, strict=True):
            if sight.state == "judged" and sight.frame not in self._keyframes:
                drift = min(from_before, from_after) if sight.between else from_before
                sight.evidence += along_the_way(drift, self._nearest(sight.frame))
        return sights

    # One frame ---------------------------------------------------------------------------------------------

    def _look_at(self, frame: int) -> Sight:
        path = self._work.matte(frame)
        if path is None:
            self._before = None
            return self._unsolved(frame, "not solved")
        look, stamp = self._read(frame, path)
        recipe = self._work.recipe(frame)
        between = recipe is not None and len(recipe.marks) == 2
        sight = Sight(self._work.item.name, self._work.item.id, frame, path=path, between=between)
        if stamp.frame_state == "locked":
            sight.state, sight.note = "locked", "approved by a person"
        elif (frame, stamp.fingerprint) in self._work.item.accepted:
            sight.state, sight.note = "accepted", "a person has found it fine as it is"
        else:
            sight.evidence = self._evidence(frame, look, stamp)
            sight.evidence += self._against_before(frame, look, sight)
        self._before = (frame, look)
        if look.unknown_width > 0:
            self._widths.append(look.unknown_width)
        if not look.empty:
            self._last_seen = look
        return sight

    def _against_before(self, frame: int, look: Look, sight: Sight) -> list[Evidence]:
        """Compare with the frame before in the walk, if it is solved; sets the loss of `sight`."""
        before = self._before
        if before is None:
            return []
        motion = self._footage.motion(frame, before[0])
        change = Change.between(before[1], look, motion)
        if change is not None:
            sight.loss = max(0.0, change.flicker - _TREMBLE * look.outline / look.area)
        if frame in self._keyframes:
            return []  # drawn anew: a jump speaks against what led here, not against this frame
        return against_frame_before(look, before[1], change, f"frame {before[0]}")

    def _evidence(self, frame: int, look: Look, stamp: MatteStamp) -> list[Evidence]:
        """All but the comparison with the frame before."""
        evidence = when_empty(look, self._last_seen, stamp.track_state == "lost")
        evidence += against_recent_frames(look, self._widths)
        masks = self._masks(frame)
        recipe = self._work.recipe(frame)
        if recipe is not None and len(masks) == 2:
            forward, backward = (self._mask(mask) for mask in masks)
            evidence += between_passes(forward, backward, recipe.weight)
            masks = [blend(masks[0], masks[1], recipe.weight)]
        evidence += against_mask(look, stamp.confidence, self._mask(masks[0]) if masks else None)
        near = self._nearest(frame)
        key = self._key(near) if near != frame else None
        return evidence if key is None else evidence + against_keyframe(look, near, *key)

    def _masks(self, frame: int) -> list[TrackedMask]:
        """The stored masks that the one of `frame` is made of; a damaged one counts as absent."""
        masks = []
        for mark in self._work.mask_marks(frame):
            with contextlib.suppress(DamagedMaskError):
                masks += [self._shelf.read_mask(mark)] if mark in self._stored else []
        return masks

    def _nearest(self, frame: int) -> int:
        return min(self._keyframes, key=lambda keyframe: abs(keyframe - frame))

    def _key(self, keyframe: int) -> tuple[Look, Colors] | None:
        """What a keyframe teaches, None where it is not solved. The two used last are kept."""
        if keyframe not in self._keys:
            path = self._work.matte(keyframe)
            look = self._read(keyframe, path)[0] if path is not None else None
            self._keys[keyframe] = None if look is None else (look, Colors(look))
            while len(self._keys) > 2:
                self._keys.popitem(last=False)
        return self._keys[keyframe]

    def _read(self, frame: int, path: Path) -> tuple[Look, MatteStamp]:
        """The matte and the picture under it on the grid. Raises FrameReadError."""
        alpha, stamp = read_matte(path)
        assert stamp is not None  # the cache holds only what Wisp wrote
        region = self._work.region
        if region is not None:
            alpha = alpha[region.y0 : region.y1, region.x0 : region.x1]
        return Look(resize(alpha, self._footage.grid), self._footage.view(frame).lab), stamp

    def _mask(self, mask: TrackedMask) -> Mask:
        """On the grid."""
        return mask_from_logits(mask.logits, *self._footage.grid)

    def _unsolved(self, frame: int, note: str) -> Sight:
        return Sight(self._work.item.name, self._work.item.id, frame, "unsolved", note=note)


def _add_up(before: float, loss: float) -> float:
    return _FADING * before + loss
