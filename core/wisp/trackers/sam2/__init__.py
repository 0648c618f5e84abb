"""SAM 2.1 (Ravi et al., 2024) as a tracker: prompts on some frames, masks on all of them.

`model` builds the network and loads weights, `encoder` turns frames into features that trackers and heads
share, `prompts` translates what was drawn, `memory` is what is remembered of past frames, `tracker` walks
through the shot.
"""

from .tracker import Sam2Pass, Sam2Tracker, build

__all__ = ["Sam2Pass", "Sam2Tracker", "build"]
