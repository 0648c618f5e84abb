"""How a delivery is to look, whatever is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..client.tables import SCREENS, SHARED_LAYOUTS, confidence_fits, despill_fits, formats_of, premultiplied_fits
from ..errors import UsageError
from ..heads.confidence import SCHEMA as CONFIDENCE_SCHEMA
from .naming import Format

Layout = Literal["alpha", "layers", "rgba", "crypto"]


@dataclass(frozen=True)
class Style:
    """Layouts: `alpha` one sequence per object (R=G=B=A=alpha), `layers` one for all of them (`matte.<object>`, the
    same set in every frame, and `A` as their union), `rgba` one per object with its foreground colour, `crypto` one
    Cryptomatte.

    `premultiply` is about `rgba`. `exclusive`: objects that overlap together have at most 1 (a Cryptomatte always
    is). `confidence` adds a layer `conf.<object>` to EXR: 1 minus the error to be expected of alpha, pixel by pixel.
    `despill`: the screen whose light is taken out of the colour of `rgba`. `compression` is of EXR; both are lossless.
    """

    layout: Layout = "alpha"
    format: Format = "exr"
    compression: Literal["zip", "zips"] = "zips"
    premultiply: bool = False
    exclusive: bool = False
    confidence: bool = False
    despill: Literal["green", "blue"] | None = None

    def __post_init__(self) -> None:
        """UsageError for what does not go together."""
        if self.format not in formats_of(self.layout):
            raise UsageError(f"The layout '{self.layout}' needs a format with named layers.", hint="Use --format exr.")
        if self.confidence and not confidence_fits(self.layout, self.format):
            raise UsageError(
                "Confidence is a layer of its own, which only EXR of the layouts alpha, layers and rgba has.",
                hint="Use --format exr.",
            )
        if self.despill is not None and not despill_fits(self.layout):
            raise UsageError(
                f"The layout '{self.layout}' has no colour from which a screen's light could be taken.",
                hint="Use --layout rgba.",
            )
        if self.despill not in (None, *SCREENS):
            raise UsageError(f"There is no screen '{self.despill}'.", hint=f"There are {', '.join(SCREENS)}.")
        if self.layout == "rgba" and self.premultiply and not premultiplied_fits(self.layout, self.format):
            raise UsageError("PNG holds straight colour, by its standard.", hint="Use --straight or another format.")

    @property
    def shared(self) -> bool:
        """Whether all objects are in one file."""
        return self.layout in SHARED_LAYOUTS

    @property
    def overlaps_matter(self) -> bool:
        """Whether an object's pixels depend on the other objects."""
        return self.exclusive or self.layout == "crypto"

    def content(self) -> dict[str, Any]:
        """What of it decides a file's pixels, as JSON-able values; empty for an object's matte as it is."""
        found: dict[str, Any] = {"exclusive": True} if self.exclusive else {}
        if self.confidence:
            found["confidence"] = CONFIDENCE_SCHEMA
        if self.layout != "alpha":
            found["layout"] = self.layout
        if self.layout == "rgba":
            found["premultiply"] = self.premultiply
        if self.despill:
            found["despill"] = self.despill
        if self.format != "exr":
            found["format"] = self.format
        return found
