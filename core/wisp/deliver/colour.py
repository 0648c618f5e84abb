"""The object's own colour out of the plate, in linear light or as a display shows it."""

from __future__ import annotations

import numpy as np

from ..finish.foreground import foreground_colour
from ..plates.clip import FloatImage
from ..plates.colour import AS_IS, ColourChoice, DisplayTransform, srgb_decode, srgb_encode
from ..plates.plate import Plate


class Foreground:
    """Straight foreground colour of a plate's frames.

    Plates that are ready for a display (sRGB stills and movies) are taken into linear light first, because light is
    what mixes in a soft pixel. Scene-linear plates are in it. Camera log is un-mixed as it is stored.
    """

    def __init__(self, plate: Plate, colour: ColourChoice) -> None:
        self._plate = plate
        self._encoded = colour.view == AS_IS
        self._display = None if self._encoded else DisplayTransform(colour)

    def linear(self, frame: int, alpha: FloatImage) -> FloatImage:
        """float32, height x width x 3: linear light, scene values above 1 included."""
        rgb = self._plate.read(frame).rgb
        return foreground_colour(srgb_decode(rgb) if self._encoded else rgb, alpha)

    def display(self, frame: int, alpha: FloatImage) -> FloatImage:
        """The same in 0..1 as a display shows it, for integer formats: the plate's own encoding, else its view."""
        linear = self.linear(frame, alpha)
        shown = srgb_encode(linear) if self._display is None else self._display(linear)
        return np.clip(shown, 0.0, 1.0)
