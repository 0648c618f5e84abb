"""The pictures that a shot is about, opened once and kept for as long as the shot is open."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cache import MatteStamp
from ..errors import InputError, UsageError, WispError
from ..fingerprint import fingerprint
from ..plates import Plate, apply_missing, files_state, open_plate
from ..plates.clip import Clip, CroppedClip, DisplayClip, FloatImage, SquareClip, unsqueezing
from ..plates.colour import ColourChoice, DisplayTransform, choose_colour
from ..plates.missing import MissingPlate
from ..plates.opening import Fence
from ..plates.plate import Window
from ..shot import PlateSpec, resolve_path
from .beside import BesidePlate
from .holdout import Holdout
from .plan import Chains

#: Solved alphas that are kept for whoever turns the edge settings of a frame, in bytes.
ALPHA_BYTES = 48 * 2**20


class Source:
    """A plate, how models see it, and what was found out about it. It depends on nothing else of a document."""

    def __init__(
        self,
        spec: PlateSpec,
        base: Path,
        fence: Fence | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """`base`: the folder that stored paths refer to. `fence`: where files must lie, links followed, whenever one is
        opened. `should_stop`: asked while the plate is opened. Nothing is opened before it is needed."""
        self.spec = spec
        self.fence = fence
        self.base = base
        self._should_stop = should_stop
        #: What earlier documents' plans found out about the plate.
        self.chains = Chains()
        #: Whether a file was found to be another one than when it was looked at first: no more is to be made of it.
        self.is_stale = False
        #: The plate's files as they were when it was opened.
        self._files: str | None = None
        self._regions: dict[Window | None, Clip] = {}
        self._identities: dict[int, str] = {}
        self._holdouts: dict[str, Holdout] = {}
        self._alphas: OrderedDict[str, tuple[FloatImage, MatteStamp]] = OrderedDict()
        self._alpha_bytes = 0

    @cached_property
    def plate(self) -> MissingPlate:
        """The plate over the shot's frame range, gaps treated as the shot says. Raises InputError, UsageError, and
        CancelledError."""
        spec = self.spec
        path = self.locate(spec.path)
        self._files = files_state(path)
        plate: Plate = open_plate(
            path, offset=spec.offset, layer=spec.layer, fence=self.fence, should_stop=self._should_stop
        )
        plate = apply_missing(plate, spec.missing, spec.first, spec.last, self._should_stop)
        if (plate.width, plate.height) != (spec.width, spec.height):
            raise UsageError(
                f"The plate {spec.path} is {plate.width}x{plate.height}, but the shot was made for "
                f"{spec.width}x{spec.height}.",
                hint="Point the shot at the plate it was made for, or fit it to this one: "
                "File > Fit to the plate's size, or wisp prompt SHOT scale.",
            )
        return plate

    @cached_property
    def colour(self) -> ColourChoice:
        """How models see the plate."""
        spec = self.spec
        return choose_colour(
            spec.colorspace or self.plate.colorspace, config=spec.ocio, view=spec.view, exposure=spec.exposure
        )

    @cached_property
    def clip(self) -> DisplayClip:
        """The plate as models see it."""
        return DisplayClip(self.plate, DisplayTransform(self.colour))

    @property
    def stretch(self) -> tuple[float, float]:
        """By what the plate's pixels are stretched to the right and down before models see them: see `unsqueezing`."""
        return unsqueezing(self.spec.pixel_aspect)

    def clip_of(self, region: Window | None) -> Clip:
        """What models see: the clip, or that region of it, its pixels made square; always the same one, so that what is
        kept per clip is shared."""
        if region is None and self.stretch == (1.0, 1.0):
            return self.clip
        if region not in self._regions:
            seen: Clip = self.clip if region is None else CroppedClip(self.clip, region)
            if self.stretch != (1.0, 1.0):
                seen = SquareClip(seen, self.spec.pixel_aspect)
            self._regions[region] = seen
        return self._regions[region]

    def locate(self, stored: str) -> Path:
        """The place of a path stored in the shot. UsageError where it has come to lie outside the fence."""
        path = resolve_path(stored, self.base / "shot")
        if self.fence is not None and not self.fence.holds(path.resolve()):
            raise UsageError(
                f"{stored} lies outside the folders that were opened with the shot.", hint="Move it there.", path=path
            )
        return path

    def identity(self, frame: int) -> str:
        """See `Plate.identity`; asked once. Raises FrameReadError."""
        known = self._identities.get(frame)
        if known is None:
            known = self._identities[frame] = self.plate.identity(frame)
        return known

    def check_unchanged(self, frames: Iterable[int]) -> None:
        """InputError where the file of one of these frames is another one than when `identity` was asked: what was made
        of it would be kept under the name of the one before."""
        for frame in frames:
            if self.plate.identity(frame) != self.identity(frame):
                self.is_stale = True
                raise InputError(
                    f"Frame {frame} of the plate was written anew since the plate was opened.",
                    hint="Try again when it is finished: the plate is opened anew then.",
                    path=str(self.plate.path),
                )

    @cached_property
    def state(self) -> str:
        """Stands for all frames and files of the plate as they were when it was opened; reads none of them."""
        plate = self.plate
        return fingerprint(plate.path, plate.frames[0], plate.frames[-1], len(plate.frames), plate.state())

    def has_changed(self) -> bool:
        """Whether files of the plate, a core or garbage matte or what was filmed beside have come, gone or been written
        anew since they were opened. Looks at names, sizes and times alone."""
        plate = self.is_stale
        if self._files is not None and not plate:
            try:
                plate = files_state(self.locate(self.spec.path)) != self._files
            except WispError:
                plate = True
        beside: Mapping[str, BesidePlate] = vars(self).get("beside", {})
        others: list[Holdout | BesidePlate] = [*self._holdouts.values(), *beside.values()]
        return plate or any(other.has_changed() for other in others)

    @cached_property
    def beside(self) -> Mapping[str, BesidePlate]:
        """What was filmed beside the plate, by key of `BESIDE`: nothing, the clean plate, or a pair's three. Raises
        InputError, UsageError."""
        self.spec.check_beside()
        return {
            key: BesidePlate(self.spec, key, self.locate(stored), self.fence, self._should_stop)
            for key, stored in self.spec.beside.items()
        }

    @property
    def beside_state(self) -> list[Any]:
        """Stands for all of that and what it is for, as JSON-able values; reads no picture. Empty where nothing is."""
        states: list[Any] = [[key, fingerprint(one.state)] for key, one in self.beside.items()]
        return [*states, "backlit"] if self.spec.backlit else states

    def holdout(self, stored: str, what: str) -> Holdout:
        """A core or garbage matte. InputError where it is not there."""
        if stored not in self._holdouts:
            self._holdouts[stored] = Holdout(stored, what, self.locate, self.fence)
        return self._holdouts[stored]

    def keep_alpha(self, mark: str, alpha: FloatImage, stamp: MatteStamp) -> None:
        """Keep a solved alpha for a while, by its fingerprint."""
        known = self._alphas.pop(mark, None)
        self._alphas[mark] = (alpha, stamp)
        self._alpha_bytes += alpha.nbytes - (0 if known is None else known[0].nbytes)
        while self._alpha_bytes > ALPHA_BYTES and len(self._alphas) > 1:
            self._alpha_bytes -= self._alphas.popitem(last=False)[1][0].nbytes

    def kept_alpha(self, mark: str) -> tuple[FloatImage, MatteStamp] | None:
        """The solved alpha of that fingerprint, if it is kept."""
        if mark in self._alphas:
            self._alphas.move_to_end(mark)
        return self._alphas.get(mark)

    def close(self) -> None:
        """Stop reading and drop what is kept."""
        for one in (vars(self).get("clip"), *vars(self).get("beside", {}).values()):
            if one is not None:
                one.close()
        self._alphas.clear()
        self._alpha_bytes = 0
        self.chains.forget()
