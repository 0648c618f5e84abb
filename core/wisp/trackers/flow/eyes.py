"""The networks of the tracker and a clip as they see it; shared by all passes over the clip."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from ...features import load_features
from ...motion.change import is_cut, is_held
from ...motion.footage import working_size
from ...plates.clip import Clip
from ...weights.checkpoints import check_keys, load_state_dict
from .network import Look, MaskNetwork
from .planes import PROMPT_PLANES
from .weights import FOLLOWER, STARTER
from .window import LONG_SIDE, Picture, Window

_PICTURES = 4
#: How many answers to prompts, and views of a window for them, are kept.
_ANSWERS = 8
Change = Literal["moved", "held", "cut"]
Answer = TypeVar("Answer")


@lru_cache(maxsize=1)
def follower() -> MaskNetwork:
    return _loaded(FOLLOWER, 0)


@lru_cache(maxsize=1)
def starter() -> MaskNetwork:
    return _loaded(STARTER, PROMPT_PLANES)


def _loaded(path: Path, extra: int) -> MaskNetwork:
    network = MaskNetwork(2, extra)
    state = load_state_dict(path)
    check_keys({name: tuple(value.shape) for name, value in network.state_dict().items()}, state, path)
    network.load_state_dict({name: value.float() for name, value in state.items()})
    network.requires_grad_(False)
    return network.eval()


class Eyes:
    """Working pictures of a clip, the last few kept, and what a network says of a window of one."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self.picture = (clip.width, clip.height)
        self.grid = working_size(clip.width, clip.height, LONG_SIDE)
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self._change: tuple[tuple[int, int], Change] | None = None
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the working pictures."""
        return self.grid[1], self.grid[0]

    def working(self, frame: int) -> Picture:
        """The frame's working picture, uint8 h x w x 3. Raises FrameReadError."""
        if frame not in self._pictures:
            rgb = np.clip(self.clip.image(frame, self.grid), 0.0, 1.0)
            self._pictures[frame] = np.rint(rgb * 255.0).astype(np.uint8)
            while len(self._pictures) > _PICTURES:
                self._pictures.popitem(last=False)
        self._pictures.move_to_end(frame)
        return self._pictures[frame]

    def change(self, before: int, now: int) -> Change:
        """What became of the picture: all objects ask the same. Raises FrameReadError."""
        if self._change is None or self._change[0] != (before, now):
            pictures = self.working(before), self.working(now)
            found: Change = "held" if is_held(*pictures) else "cut" if is_cut(*pictures) else "moved"
            self._change = (before, now), found
        return self._change[1]

    def adjoin(self, before: int, now: int) -> bool:
        """Whether no frame of the clip lies between the two."""
        frames = self.clip.frames
        return abs(bisect_left(frames, now) - bisect_left(frames, before)) <= 1

    def once(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """What `make` gives, kept under `key` for a while: each click on a frame costs no more than the one before."""
        if key not in self._answers:
            self._answers[key] = make()
            while len(self._answers) > _ANSWERS:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        found: Answer = self._answers[key]
        return found

    def look(self, network: MaskNetwork, frame: int, window: Window) -> Look:
        """What `network` sees in the window of the frame."""
        return look_at(network, window.picture(self.working(frame)))


def look_at(network: MaskNetwork, picture: Picture) -> Look:
    """`picture`: uint8 h x w x 3, sides multiples of 32."""
    values = tensor(picture).permute(2, 0, 1)[None].float() / 255.0
    values = values.contiguous(memory_format=torch.channels_last)
    return network.look(load_features()(values), values)


def tensor(values: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))


def plane(values: NDArray[np.float32]) -> torch.Tensor:
    """1 x 1 x h x w."""
    return tensor(values)[None, None]
