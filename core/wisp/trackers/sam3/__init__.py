"""SAM 3 (Carion et al., 2025) as a tracker: SAM 2's way of tracking on another trunk, from Meta's own checkpoint.

`checkpoint` renames the published tensors to those of the `transformers` package, `network` answers calls as sam2's
network does, `model` builds and loads, `tracker` is what the registry names. The pass, its memory and its prompts are
`trackers.sam2`'s.
"""

from .tracker import Sam3Tracker, build

__all__ = ["Sam3Tracker", "build"]
