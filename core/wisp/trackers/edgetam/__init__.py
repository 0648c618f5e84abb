"""EdgeTAM (Zhou et al., 2025) as a tracker: SAM 2's way of tracking with a small trunk and a compressed memory.

`repvit` is the picture trunk, `checkpoint` renames the published tensors and merges the trunk's layers, `network`
answers calls as sam2's network does, `model` builds and loads, `tracker` is what the registry names. The pass, its
memory and its prompts are `trackers.sam2`'s.
"""

from .tracker import EdgeTamTracker, build

__all__ = ["EdgeTamTracker", "build"]
