"""The tracker's place in the registry. What needs torch is imported when a pass starts, not to know the version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import WeightsError
from ...plates.clip import Clip
from ..tracker import FramePrompts, TrackPass
from .weights import FEATURES, FOLLOWER, STARTER

if TYPE_CHECKING:
    from .eyes import Eyes

#: What the tracker's masks depend on besides its code; raise the number when that changes what comes out.
_CODE = "flow-11"


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with the code's number and with any of the weights. Raises WeightsError where one cannot be read."""
    digest = hashlib.sha256()
    for path in (FEATURES, FOLLOWER, STARTER):
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            hint = "It belongs to Wisp itself: install Wisp again."
            raise WeightsError(
                f"The built-in tracker's weights {path} cannot be read.", hint=hint, path=path
            ) from error
    return f"{_CODE}-{digest.hexdigest()[:16]}"


class FlowTracker:
    """Learned mask propagation with optical flow; its weights ship with Wisp."""

    id = "flow"
    segments = True
    grid: int | None = None

    def __init__(self) -> None:
        self.version = version()
        self._eyes: Eyes | None = None

    def start(
        self,
        clip: Clip,
        prompts: Mapping[int, Mapping[int, FramePrompts]],
        frames: Sequence[int],  # noqa: ARG002 - part of the protocol; a frame's mask depends on nothing after it
    ) -> TrackPass:
        """See `Tracker.start`. Passes over the same clip share small pictures."""
        from .eyes import Eyes
        from .passes import FlowPass

        if self._eyes is None or self._eyes.clip is not clip:
            self._eyes = Eyes(clip)
        return FlowPass(self._eyes, {number: dict(by_frame) for number, by_frame in prompts.items()})


def build(entry: object, files: Mapping[str, Path], options: object) -> FlowTracker:  # noqa: ARG001
    """The tracker for the registry; its files come with the package, and it has no options."""
    return FlowTracker()
