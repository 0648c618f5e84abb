"""The object's own colour out of the plate, in linear light or as a display shows it."""

from __future__ import annotations

import numpy as np

from ..finish.despill import despilled
from ..finish.foreground import foreground_before, foreground_colour
from ..plates.clip import FloatImage
from ..plates.colour import AS_IS, ColourChoice, DisplayTransform, LinearLight, srgb_decode, srgb_encode
from ..plates.plate import Plate
from ..solve.beside import Behind, BesidePlate


class Foreground:
    """Straight foreground colour of a plate's frames.

    It is worked out in linear light, because light is what mixes in a soft pixel: see `LinearLight`. Before a clean
    plate it is worked out as alpha was: from that, as it lay there, in the light that was found to mix.
    """

    def __init__(
        self, plate: Plate, colour: ColourChoice, screen: str | None = None, clean: BesidePlate | None = None
    ) -> None:
        """`screen`: one of `SCREENS`, whose light is taken out."""
        self._plate, self._colour, self._screen, self._clean = plate, colour, screen, clean
        self._light = LinearLight(colour)
        self._display = None if colour.view == AS_IS else DisplayTransform(self._light.space)

    def linear(self, frame: int, alpha: FloatImage, behind: Behind | None = None) -> FloatImage:
        """float32, height x width x 3: linear light, scene values above 1 included. `behind`: how the clean plate lay
        there when `alpha` was found."""
        picture = self._light(self._plate.read(frame).rgb)
        backing = None if behind is None else self._backing(frame, behind)
        if behind is None or backing is None:
            rgb = foreground_colour(picture, alpha)
        else:
            rgb = foreground_before(picture, alpha, backing, behind.light)
        return rgb if self._screen is None else despilled(rgb, self._screen)

    def _backing(self, frame: int, behind: Behind) -> FloatImage | None:
        """The clean plate behind that frame, in its linear light; None where it is another one now, as it may be for a
        locked matte, or one whose colours are others'."""
        clean = self._clean
        if clean is None or clean.colour != self._colour or not clean.shows(frame):
            return None
        if clean.identity(frame) != behind.clean:
            return None
        gain = np.float32(2.0**clean.colour.exposure)  # it was laid there as models saw it
        laid, _ = behind.laid.over(srgb_encode(gain * clean.light(frame)))
        return np.asarray(np.maximum(srgb_decode(laid), 0) / gain, np.float32)

    def display(self, frame: int, alpha: FloatImage, behind: Behind | None = None) -> FloatImage:
        """The same in 0..1 as a display shows it, for integer formats: the plate's own encoding, else its view."""
        linear = self.linear(frame, alpha, behind)
        shown = srgb_encode(linear) if self._display is None else self._display(linear)
        return np.clip(shown, 0.0, 1.0)
