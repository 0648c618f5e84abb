"""The object's own colour out of the plate, in linear light or as a display shows it."""

from __future__ import annotations

import numpy as np

from ..finish.despill import despilled
from ..finish.foreground import foreground_colour
from ..plates.clip import FloatImage
from ..plates.colour import AS_IS, ColourChoice, DisplayTransform, LinearLight, srgb_encode
from ..plates.plate import Plate


class Foreground:
    """Straight foreground colour of a plate's frames.

    It is worked out in linear light, because light is what mixes in a soft pixel: see `LinearLight`.
    """

    def __init__(self, plate: Plate, colour: ColourChoice, screen: str | None = None) -> None:
        """`screen`: one of `SCREENS`, whose light is taken out."""
        self._plate, self._screen = plate, screen
        self._light = LinearLight(colour)
        self._display = None if colour.view == AS_IS else DisplayTransform(self._light.space)

    def linear(self, frame: int, alpha: FloatImage) -> FloatImage:
        """float32, height x width x 3: linear light, scene values above 1 included."""
        rgb = foreground_colour(self._light(self._plate.read(frame).rgb), alpha)
        return rgb if self._screen is None else despilled(rgb, self._screen)

    def display(self, frame: int, alpha: FloatImage) -> FloatImage:
        """The same in 0..1 as a display shows it, for integer formats: the plate's own encoding, else its view."""
        linear = self.linear(frame, alpha)
        shown = srgb_encode(linear) if self._display is None else self._display(linear)
        return np.clip(shown, 0.0, 1.0)
