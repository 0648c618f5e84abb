"""One object, carried from frame to frame.

The network is shown a window around where the object is expected. It is told of the frame for certain (a keyframe), of
the last frame that it was sure of, and of the last mask brought here by optical flow; it says where the object is now,
how good that mask is, and whether the object is there at all. Lost, the object is looked for in the whole picture, and
what is found is a candidate until it has held for a few frames. A cut, or frames that are left out, lose the object; a
picture that is held changes nothing.

A mask that was given is finer than any that the network draws, so its outline is held on to as long as flow carries it:
each pixel's logit is a mean of the network's and of the last frame's, brought here, weighted by how far flow was
trusted on the whole way from the keyframe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ...motion.flow import Flow, FlowEstimator, expected_motion, pull
from ..tracker import MaskState, TrackedMask
from .eyes import Eyes, follower, look_at, plane, tensor
from .network import Memory
from .outline import FAR, signed_distance
from .planes import brought
from .search import likely_windows
from .window import Picture, Plane, Window, box_of, sigmoid

#: The share of the window's longer way that the object takes.
SHARE = 0.7
#: How much of its last step the object is expected to take again.
_MOMENTUM = 0.5
#: The window of something that moves is wider by this share of its last step on either side.
_ROOM = 2.0
#: Foreseen overlap below which a mask is none, from which it is remembered, and at which a lost object is found again.
_NONE, _SURE, _FOUND = 0.25, 0.45, 0.55
#: What is left of the hold on the keyframe's outline after a frame where flow is trusted fully, and the power of that
#: trust: half a trust costs a quarter of the hold.
_HOLD, _HOLD_POWER = 0.99, 0.4
#: Logits of a keyframe per pixel of distance to its outline: as steep as the network's, so that they do not outvote
#: what is a pixel or two wide.
_SLOPE = 4.0
#: A find must be followed so many frames, sure enough to be remembered, before it is believed and remembered.
_TRIAL = 3
#: A mask foreseen to be better than this is kept while the picture is held; a worse one is looked at again.
_SETTLED = 0.75
#: A mask of fewer pixels of the working picture is none.
_TOO_FEW = 12
#: Logits of the networks stay within this; what a stroke on an earlier frame adds where flow is trusted.
_CERTAIN, _PAINT = 12.0, 10.0
_MEMORY = tuple(field.name for field in fields(Memory))


class Target:
    """The state of one object within a pass: where it is now and what it looked like for certain."""

    def __init__(self, eyes: Eyes, frame: int, inside: Plane, painted: Plane, *, given: bool) -> None:
        """Start on `frame` with the mask `inside` (0..1, working grid). `given`: it was, and was not made from a box or
        clicks, whose outline the network may still better. `painted`: see `restart`."""
        self._eyes = eyes
        self._estimate = FlowEstimator()
        self._held = np.full_like(inside, float(given))
        self.restart(frame, inside, painted)

    def restart(self, frame: int, inside: Plane, painted: Plane) -> None:
        """Take `inside` on `frame` for certain from here on. `painted`: 1 where a stroke keeps, -1 where one removes;
        that is carried along by flow as far as flow is trusted, whatever the network makes of it."""
        self._painted = painted
        self._frame, self._inside = frame, inside
        self._logits = np.clip(_SLOPE * signed_distance(inside), -FAR, FAR)
        self._visited, self._cut = frame, False
        self._confidence, self._lost, self._trial = 1.0, False, 0
        self._step = np.zeros(2)
        box = box_of(inside > 0.5)
        self._box = np.array(box or (0, 0, *self._eyes.grid), np.float64)
        window = Window.around(tuple(self._box), SHARE)
        look = self._eyes.look(follower(), frame, window)
        self._key = self._recent = follower().remember(
            look, plane(window.plane(inside)), plane(window.known(self._eyes.shape))
        )
        self._lost = box is None

    @property
    def inside(self) -> Plane:
        """The present mask, 0..1 on the working grid; empty where lost."""
        return self._inside

    @property
    def lost(self) -> bool:
        return self._lost

    def result(self, state: MaskState = "tracked") -> TrackedMask:
        """The present mask as logits on the working grid."""
        if self.lost:
            return TrackedMask(np.full(self._inside.shape, -FAR, np.float32), 0.0, "lost", self._cut)
        if self._trial and state == "tracked":
            state = "candidate"
        return TrackedMask(self._logits.copy(), self._confidence, state, self._cut)

    def advance(self, frame: int) -> None:
        """Move on to `frame`."""
        adjoins, change = self._eyes.adjoin(self._visited, frame), self._eyes.change(self._frame, frame)
        self._visited, self._cut = frame, change == "cut" and adjoins
        if change == "held" and adjoins and (self.lost or self._confidence >= _SETTLED):
            return  # `_frame` stays: a picture that fades too slowly for one frame is told by several
        if not self.lost and (self._cut or not adjoins):
            self._lose()
        if self.lost:
            self._look_for(frame)
        else:
            self._follow(frame)
        self._frame = frame

    # Following ---------------------------------------------------------------------------------------------

    def _follow(self, frame: int) -> None:
        reach = _ROOM * np.abs(self._step)
        box = self._box + _MOMENTUM * np.tile(self._step, 2) + np.concatenate([-reach, reach])
        window = Window.around(tuple(box), SHARE)
        now = window.picture(self._eyes.working(frame))
        before = window.picture(self._eyes.working(self._frame))
        grey = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, now))
        flow, sure = expected_motion(self._estimate, *grey)
        expected = brought(plane(window.plane(self._inside)), tensor(flow).permute(2, 0, 1)[None])
        painted = np.zeros_like(sure)
        if self._painted.any():
            carried = brought(plane(window.plane(self._painted)), tensor(flow).permute(2, 0, 1)[None])
            painted = carried[0, 0].numpy() * np.minimum(1.0, 1.5 * sure)
        self._painted = window.paste(painted, self._eyes.shape, 0.0)
        last = self._carried(window, flow, sure)
        least = _SURE if self._trial else _NONE
        if self._decide(window, now, expected, plane(sure), least, painted, last):
            self._trial = max(0, self._trial - 1)
        else:
            self._lose()

    def _carried(self, window: Window, flow: Flow, sure: Plane) -> tuple[Plane, Plane]:
        """The last frame's logits brought here, and the hold on them (0..1), on the working grid. `flow` and the trust
        in it are on half the window's grid; outside the window nothing is held on to."""
        scale = 2.0 * window.scale
        far = np.stack([window.paste(scale * flow[..., axis], self._eyes.shape, 0.0) for axis in (0, 1)], axis=2)
        trust = np.clip(window.paste(sure, self._eyes.shape, 0.0), 0.0, 1.0)
        return pull(self._logits, far), pull(self._held, far) * (_HOLD * trust**_HOLD_POWER)

    def _look_for(self, frame: int) -> None:
        """Try the places that resemble the object; follow from the best if it is surely there."""
        for window in likely_windows(self._eyes, frame, self._key, tuple(self._box)):
            now = window.picture(self._eyes.working(frame))
            nothing = torch.zeros(1, 1, window.height // 2, window.width // 2)
            none = np.zeros(self._eyes.shape, np.float32)
            unpainted = np.zeros(nothing.shape[2:], np.float32)
            if self._decide(window, now, nothing, nothing, _FOUND, unpainted, (none, none)):
                self._step, self._trial = np.zeros(2), _TRIAL
                return

    def _decide(
        self,
        window: Window,
        now: Picture,
        expected: torch.Tensor,
        sure: torch.Tensor,
        least: float,
        painted: Plane,
        carried: tuple[Plane, Plane],
    ) -> bool:
        """Let the network say where the object is in the window; False where that is nowhere. `carried`: logits of the
        last frame and the hold on them."""
        network = follower()
        with torch.inference_mode():
            look = look_at(network, now)
            logits, quality = network(look, [self._key, self._recent], expected, sure)
            overlap, present = (float(value) for value in torch.sigmoid(quality[0]))
            known = window.known(self._eyes.shape)
            values = np.clip(logits[0, 0].numpy() + _PAINT * painted, -_CERTAIN, _CERTAIN)
            whole = window.paste(values, self._eyes.shape, -_CERTAIN)
            before, held = carried
            whole += held * (np.clip(before, -_CERTAIN, _CERTAIN) - whole)
            mask = whole > 0
            box = box_of(mask)
            if box is None or mask.sum() < _TOO_FEW or overlap < least or present < 0.5:
                return False
            if overlap >= _SURE and not self._lost and self._trial <= 1:
                self._recent = network.remember(look, plane(window.plane(sigmoid(whole))), plane(known))
        self._logits, self._held = whole, held
        self._inside = sigmoid(whole)
        self._confidence, self._lost = overlap, False
        centre, last = (np.array([b[0] + b[2], b[1] + b[3]]) / 2 for b in (box, self._box))
        self._step, self._box = centre - last, np.array(box)
        return True

    def _lose(self) -> None:
        self._inside = np.zeros_like(self._inside)
        self._logits = np.full_like(self._inside, -FAR)
        self._painted, self._held = np.zeros_like(self._inside), np.zeros_like(self._inside)
        self._lost, self._trial, self._confidence, self._step = True, 0, 0.0, np.zeros(2)

    # Memory --------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, NDArray[np.generic]]:
        """The state as plain arrays."""
        memories = {"key": self._key, "recent": self._recent}
        return {
            "frames": np.array([self._frame, self._visited, self._trial], np.int64),
            "numbers": np.array([self._confidence, float(self._lost), *self._step, *self._box], np.float64),
            "inside": self._inside.copy(),
            "logits": self._logits.copy(),
            "painted": self._painted.copy(),
            "held": self._held.copy(),
            **{f"{name}_{part}": getattr(m, part).numpy().copy() for name, m in memories.items() for part in _MEMORY},
        }

    def content(self) -> Iterator[bytes]:
        """All bytes that later steps depend on: the state and the picture that it refers to."""
        for array in self.snapshot().values():
            yield array.tobytes()
        yield self._eyes.working(self._frame).tobytes()

    @classmethod
    def restored(cls, eyes: Eyes, state: Mapping[str, NDArray[Any]]) -> Target:
        """A target that goes on bit for bit from `snapshot`'s arrays."""
        target = cls.__new__(cls)
        target._eyes, target._estimate = eyes, FlowEstimator()
        target._frame, target._visited, target._trial = (int(value) for value in state["frames"])
        target._cut = False
        numbers = [float(value) for value in state["numbers"]]
        target._confidence, target._lost = numbers[0], bool(numbers[1])
        target._step, target._box = np.array(numbers[2:4]), np.array(numbers[4:8])
        target._inside = np.array(state["inside"], np.float32)
        target._logits = np.array(state["logits"], np.float32)
        target._painted = np.array(state["painted"], np.float32)
        target._held = np.array(state["held"], np.float32)
        target._key, target._recent = (
            Memory(*(tensor(np.array(state[f"{name}_{part}"], np.float32)) for part in _MEMORY))
            for name in ("key", "recent")
        )
        return target
