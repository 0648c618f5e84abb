"""Matting Anything (Li, Jain, Shi, 2023): Segment Anything's features and a small decoder from a mask to a matte.

`sam` is the Segment Anything network, `m2m` the mask-to-matte decoder, `cascade` puts the decoder's three alphas
together, `model` holds the networks and their weights, `head` is what the rest of Wisp sees.
"""

from .head import MamHead, build

__all__ = ["MamHead", "build"]
