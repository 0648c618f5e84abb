"""The embedded tracker: keyframe-assisted roto by optical flow, colour and a cut, with nothing to download.

`tracker` walks through the clip; `start` makes the first mask from prompts and `correct` mends one; `target` carries an
object from frame to frame out of `wisp.motion`, `appearance` and `cut`; `search` finds a lost object again.
"""

from .tracker import FlowPass, FlowTracker, build

__all__ = ["FlowPass", "FlowTracker", "build"]
