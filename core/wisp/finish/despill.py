"""The light that a screen throws on what stands before it, taken out of the object's own colour.

The usual average limit of keying: a screen's channel is nowhere more than the mean of the other two,
green' = min(green, (red + blue) / 2), and likewise for a blue screen. What lies below the limit stays as it is, as
skin does before a green screen. Yellow and leaves lose what they have above it: they need another way.
"""

from __future__ import annotations

import numpy as np

from ..client.tables import SCREENS
from ..plates.clip import FloatImage


def despilled(rgb: FloatImage, screen: str) -> FloatImage:
    """`rgb` without the spill of a `screen` of `SCREENS`: float32, height x width x 3, any values, linear in light.

    The result is never brighter. Values of the other channels, and pixels below the limit, are the same bits.
    """
    channel = 1 + tuple(SCREENS).index(screen)
    one, other = (rgb[..., index] for index in range(3) if index != channel)
    result = rgb.copy()
    np.minimum(rgb[..., channel], (one + other) / 2, out=result[..., channel])
    return result
