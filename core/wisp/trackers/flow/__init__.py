"""The built-in tracker: learned mask propagation on pretrained features, with optical flow; nothing to download.

`tracker` is its place in the registry and `passes` walks through a clip; `start` makes the first mask from prompts and
mends one; `target` carries an object from frame to frame; `search` says where a lost one may be. `network` is what both
networks are, `planes` and `window` what they are shown, `eyes` the networks and a clip as they see it.
"""

from .tracker import FlowTracker, build

__all__ = ["FlowTracker", "build"]
