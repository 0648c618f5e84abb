"""One stretch of tracking under way: its frames one after the other, and what is stored of each."""

from __future__ import annotations

import cv2
import numpy as np

from ..trackers.tracker import TrackedMask, TrackPass
from .context import ShotContext
from .objects import Chunk
from .prompts import drawn

#: A tracker's memory is kept every so many frames, so that a killed run repeats few steps.
SNAPSHOT_EVERY = 16


class Stepping:
    """A chunk of which some frames are done. `rejoined`: it goes on as an earlier pass did, of which more may be known
    than was planned."""

    def __init__(self, chunk: Chunk, context: ShotContext) -> None:
        self.rejoined = False
        self._chunk = chunk
        self._context = context
        self._shelf = context.shelf
        self._done = 0
        #: None before the first step, and where an empty anchor leaves nothing to follow.
        self._track: TrackPass | None = None

    @property
    def next(self) -> int | None:
        """The frame of the next step; None at the end."""
        frames = self._chunk.frames
        return frames[self._done] if self._done < len(frames) else None

    @property
    def _position(self) -> int:
        """Where the next frame is in its pass."""
        return self._chunk.start + self._done

    def step(self) -> int | None:
        """Track the next frame and store its mask. The first frame of another shot, where the tracker saw one begin.

        Raises what trackers and the shelf raise.
        """
        chunk, frame, position = self._chunk, self._chunk.frames[self._done], self._position
        planned = chunk.planned
        if self._done == 0:
            self._track = self._begin()
        if self._track is None:
            mask = TrackedMask(np.full((1, 1), -1.0, np.float32), 0.0, "lost")
        else:
            mask = self._track.step(frame)[chunk.work.item.id]
        self._context.source.check_unchanged([frame])
        mark = planned.mark(position)
        known = mark if self._track is None else self._recognise(self._track, frame, mask, mark)
        if frame != planned.anchor and known not in self._shelf.stored_masks():
            self._shelf.write_mask(known, mask)
        if known != mark:
            assert self._track is not None
            if known not in self._shelf.stored_snapshots():
                self._shelf.write_snapshot(known, self._track.snapshot())
            self._shelf.note_same(mark, known)
            self._context.source.chains.forget()
            self.rejoined = True
        self._done += 1
        if self._done % SNAPSHOT_EVERY == 0 or self.next is None:
            self.keep_memory()
        return max(planned.frames[position - 1 : position + 1]) if mask.cut else None

    def keep_memory(self) -> None:
        """Store what the tracker remembers after the last step."""
        if self._done and self._track is not None and not self.rejoined:
            self._shelf.write_snapshot(self._chunk.planned.mark(self._position - 1), self._track.snapshot())

    def _begin(self) -> TrackPass | None:
        """The pass, ready for the chunk's first frame; None where its anchor is empty and nothing can follow."""
        chunk, work, planned = self._chunk, self._chunk.work, self._chunk.planned
        clip = self._context.clip_of(work.region)
        if planned.anchor is None:
            prompts = {frame: work.prompts(frame) for frame in work.plan.keyframes}
        else:
            anchor = self._shelf.read_mask(work.plan.forward.mark(work.plan.forward.place(planned.anchor)))
            mask = cv2.resize(anchor.logits, (clip.width, clip.height), interpolation=cv2.INTER_LINEAR) > 0
            if not mask.any():
                return None
            given = work.prompts(planned.anchor).mask is not None
            prompts = {planned.anchor: drawn(mask, given)}
        track = self._context.tracker.start(clip, {work.item.id: prompts}, planned.frames[chunk.origin :])
        if chunk.start > chunk.origin:
            track.restore(self._shelf.read_snapshot(planned.mark(chunk.start - 1)))
        return track

    def _recognise(self, track: TrackPass, frame: int, mask: TrackedMask, mark: str) -> str:
        """The fingerprint of the mask that was just tracked, planned as `mark`: an earlier one where the pass is now in
        a state in which an earlier pass was, or where the frame's prompts found nothing to correct."""
        plan, planned = self._chunk.work.plan, self._chunk.planned
        if frame in plan.keyframes and mask.state != "keyframe":
            unprompted = plan.unprompted(planned, self._position)
            if unprompted is not None:
                return unprompted
        key = track.state_key()
        if key is None:
            return mark
        state = plan.state_mark(planned, frame, key)
        known: str | None = self._shelf.same().get(state)
        if known is None:
            self._shelf.note_same(state, mark)
            return mark
        return known
