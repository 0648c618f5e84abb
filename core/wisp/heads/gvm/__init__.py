"""Generative video matting (Ge et al., SIGGRAPH 2025): a video diffusion network that paints the subject's alpha.

`network` holds the two networks, by the `diffusers` package, `memory` says what they will need, `matter` brings plates
to them and alpha back.
"""

from .matter import GvmMatter, build

__all__ = ["GvmMatter", "build"]
