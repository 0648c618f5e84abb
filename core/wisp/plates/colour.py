"""What a model sees of a plate: display-referred sRGB in 0..1, through OpenColorIO.

Defaults by kind of file (`Plate.colorspace`): `scene_linear` and `compositing_log` are roles of the OCIO
configuration and go through its view; `sRGB - Texture` (8 and 16-bit stills, movies) is what a display
shows already and passes unchanged, the view `as is`.

The view is `Un-tone-mapped` on `sRGB - Display`: the plain sRGB curve, clipped. Models were trained on photographs,
a mid-grey of 0.18 comes out at 0.461 as there, and it takes a tenth of the time of an ACES 2.0 view. A
configuration without it gives its own default view.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .plate import clean

FloatImage = NDArray[np.float32]

AS_IS = "as is"
MODEL_DISPLAY = "sRGB - Display"
MODEL_VIEW = "Un-tone-mapped"

CG_CONFIG = "cg-config-v2.2.0_aces-v1.3_ocio-v2.4"
#: The same spaces and the camera logs.
STUDIO_CONFIG = "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
#: Recorded where OCIO takes no part: for the view `as is`, and where PyOpenColorIO is not installed.
NO_CONFIG = "none"

#: Other names of `sRGB - Texture` in common configurations and hosts.
_DISPLAY_REFERRED_NAMES = frozenset(
    {"srgb - texture", "srgb_texture", "srgb_tx", "srgb encoded rec.709 (srgb)", "utility - srgb - texture", "srgb"}
)


@dataclass(frozen=True)
class ColourChoice:
    """Everything that decides how plate values become what a model sees, with all names resolved.

    `config`: a built-in name, a file or an `ocio://` address, `none` where OCIO takes no part; `config_id`
    changes with its content. `display` is empty for the view `as is`. `exposure` in stops.
    """

    config: str
    config_id: str
    colorspace: str
    display: str
    view: str
    exposure: float = 0.0

    def describe(self) -> str:
        """One line for people."""
        view = f"{self.view} on {self.display}" if self.display else self.view
        exposure = f", exposure {self.exposure:+g}" if self.exposure else ""
        return f"{self.colorspace} -> {view}{exposure} (config: {self.config})"

    def key(self) -> tuple[str, str, str, str, float]:
        """What a fingerprint must hold: equal keys give equal pixels, wherever the configuration lies."""
        return (self.config_id, self.colorspace, self.display, self.view, self.exposure)


def choose_colour(
    colorspace: str, *, config: str | None = None, view: str | None = None, exposure: float = 0.0
) -> ColourChoice:
    """Resolve `colorspace` (a role, name or alias) and `view` (None: the model's) to a full choice.

    The configuration is `$OCIO`, else `config` (a built-in one's name, a file, an `ocio://` address), else the built-in
    CG one; where that lacks a colour space which the built-in studio one has, the studio one. Raises UsageError that
    lists the candidates.
    """
    if colorspace.casefold() in _DISPLAY_REFERRED_NAMES and view is None:
        view = AS_IS
    if not f"{colorspace}{view or ''}".isprintable():
        raise UsageError(f"There is no colour space {colorspace!r} with a view {view or AS_IS!r}.")
    if view == AS_IS:
        return ColourChoice(NO_CONFIG, NO_CONFIG, colorspace, "", AS_IS, exposure)
    if not _has_ocio():
        return _without_ocio(colorspace, view, exposure)
    name = os.environ.get("OCIO") or config or CG_CONFIG
    loaded = _load(name)
    space = loaded.getColorSpace(colorspace)
    if space is None and name == CG_CONFIG:
        studio = _load(STUDIO_CONFIG)
        space = studio.getColorSpace(colorspace)
        if space is not None:
            name, loaded = STUDIO_CONFIG, studio
    if space is None:
        known = [*loaded.getColorSpaceNames(), *(role for role, _ in loaded.getRoles())]
        raise UsageError(f"There is no colour space '{colorspace}' in {name}.", hint=_candidates(colorspace, known))
    display, view = _display_and_view(loaded, name, view)
    choice = ColourChoice(name, name, space.getName(), display, view, exposure)
    return choice if name in builtin_configs() else replace(choice, config_id=_config_id(loaded, choice))


class DisplayTransform:
    """The pixels of a choice. Keep one and reuse it; safe in threads."""

    def __init__(self, choice: ColourChoice) -> None:
        """Raises UsageError where the configuration cannot compute this choice."""
        self.choice = choice
        self._gain = np.float32(2.0**choice.exposure)
        self._processor = _processor(choice).getDefaultCPUProcessor() if choice.config != NO_CONFIG else None

    def __call__(self, rgb: FloatImage) -> FloatImage:
        """Plate values, float32 height x width x 3, to display-referred values in 0..1, in a new array.

        NaN counts as 0 and an infinity as the largest half value.
        """
        out = np.array(rgb, np.float32, order="C")
        clean(out)
        if self._processor is not None:
            _apply(self._processor, out)
        elif self.choice.view != AS_IS:
            out = srgb_encode(out * self._gain)
        elif self.choice.exposure:
            out = srgb_encode(srgb_decode(out) * self._gain)
        return np.clip(out, 0.0, 1.0, out=out)


class LinearLight:
    """Plate values as linear light, in which what mixes in a soft pixel can be told apart; safe in threads.

    `space` is the choice with the colour space of the result: display-referred plates through the inverse sRGB curve,
    linear ones as they are, whatever their primaries, all others (camera logs) in the configuration's `scene_linear`.
    """

    def __init__(self, choice: ColourChoice) -> None:
        """Raises UsageError where the configuration has no way to linear light."""
        self.space = choice
        self._encoded = choice.view == AS_IS
        self._processor = None
        if choice.config == NO_CONFIG:
            return
        import PyOpenColorIO as ocio  # noqa: N813

        config = _load(choice.config)
        try:
            if config.isColorSpaceLinear(choice.colorspace, ocio.REFERENCE_SPACE_SCENE):
                return
            linear = config.getColorSpace("scene_linear")
            if linear is None:
                raise UsageError(f"{choice.config} has no role scene_linear to take {choice.colorspace} into.")
            self.space = replace(choice, colorspace=linear.getName())
            self._processor = config.getProcessor(choice.colorspace, linear.getName()).getDefaultCPUProcessor()
        except (ocio.Exception, ocio.ExceptionMissingFile) as error:
            raise UsageError(f"OCIO cannot take {choice.colorspace} into linear light: {_sentence(error)}.") from error

    def __call__(self, rgb: FloatImage) -> FloatImage:
        """Plate values, float32 height x width x 3, as linear light: values above 1 included."""
        if self._encoded:
            return srgb_decode(rgb)
        if self._processor is None:
            return rgb
        out = np.array(rgb, np.float32, order="C")
        clean(out)
        _apply(self._processor, out)
        return out


def srgb_encode(linear: FloatImage) -> FloatImage:
    """IEC 61966-2-1: linear light to the sRGB curve, negative values mirrored."""
    size = np.abs(linear)
    curved = np.where(size <= 0.0031308, size * 12.92, 1.055 * np.power(size, 1.0 / 2.4) - 0.055)
    return np.copysign(curved, linear).astype(np.float32)


def srgb_decode(encoded: FloatImage) -> FloatImage:
    """Inverse of `srgb_encode`."""
    size = np.abs(encoded)
    linear = np.where(size <= 0.04045, size / 12.92, np.power((size + 0.055) / 1.055, 2.4))
    return np.copysign(linear, encoded).astype(np.float32)


# --- OpenColorIO -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def builtin_configs() -> tuple[str, ...]:
    """Names of the configurations that come within OpenColorIO; none where it is not installed."""
    if not _has_ocio():
        return ()
    import PyOpenColorIO as ocio  # noqa: N813

    return tuple(name for name, *_ in ocio.BuiltinConfigRegistry().getBuiltinConfigs())


def known_colours(config: str | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The colour spaces and the views of the configuration that `choose_colour` would take, by name; those of the sRGB
    display come first. None where OpenColorIO is not installed. Raises UsageError."""
    if not _has_ocio():
        return (), ()
    loaded = _load(os.environ.get("OCIO") or config or CG_CONFIG)
    displays = sorted(loaded.getDisplays(), key=lambda one: one != MODEL_DISPLAY)
    views = dict.fromkeys(view for display in displays for view in loaded.getViews(display))
    return tuple(loaded.getColorSpaceNames()), tuple(views)


@lru_cache(maxsize=1)
def _has_ocio() -> bool:
    try:
        import PyOpenColorIO  # noqa: F401
    except ImportError:
        return False
    return True


def _without_ocio(colorspace: str, view: str | None, exposure: float) -> ColourChoice:
    """The plain sRGB curve, which is what the default view does to linear Rec. 709."""
    if colorspace != "scene_linear" or view not in (None, MODEL_VIEW):
        raise UsageError(
            f"The colour space '{colorspace}' needs OpenColorIO, which is not installed.",
            hint="Run: pip install opencolorio",
        )
    return ColourChoice(NO_CONFIG, NO_CONFIG, colorspace, MODEL_DISPLAY, MODEL_VIEW, exposure)


def _load(name: str) -> Any:
    """A configuration by built-in name, `ocio://` address or file."""
    state = None
    if name not in builtin_configs():
        with contextlib.suppress(OSError, ValueError):
            found = Path(name).stat()
            state = (found.st_mtime_ns, found.st_size)
    return _loaded(name, state)


@lru_cache(maxsize=8)
def _loaded(name: str, _state: tuple[int, int] | None) -> Any:
    import PyOpenColorIO as ocio  # noqa: N813 - the name that all its documentation uses

    try:
        if name in builtin_configs():
            return ocio.Config.CreateFromBuiltinConfig(name)
        config = ocio.Config.CreateFromFile(name)
        config.setProcessorCacheFlags(ocio.PROCESSOR_CACHE_OFF)  # of files that may be edited
        return config
    except (ocio.Exception, ocio.ExceptionMissingFile) as error:
        raise UsageError(
            f"The OCIO configuration {name} cannot be used: {_sentence(error)}.",
            hint=f"Mend $OCIO or the shot's configuration. Built in: {', '.join(builtin_configs())}.",
        ) from error


def _config_id(config: Any, choice: ColourChoice) -> str:
    """A hash of a configuration and of the files (LUTs, CDLs) that this choice takes from beside it."""
    import PyOpenColorIO as ocio  # noqa: N813

    found = hashlib.blake2b(config.serialize().encode(), digest_size=16)
    with contextlib.suppress(UsageError, OSError, ocio.Exception, ocio.ExceptionMissingFile):  # told by who uses it
        for file in sorted(_processor(choice).getProcessorMetadata().getFiles()):
            found.update(hashlib.blake2b(Path(file).read_bytes()).digest())
    return found.hexdigest()


def _display_and_view(config: Any, name: str, view: str | None) -> tuple[str, str]:
    """The display that has `view`, sRGB before the default one before the rest; the default view for None."""
    default = config.getDefaultDisplay()
    displays = sorted(config.getDisplays(), key=lambda one: (one != MODEL_DISPLAY, one != default))
    for display in displays:
        if (view or MODEL_VIEW) in config.getViews(display):
            return display, view or MODEL_VIEW
    if view is None:
        return default, config.getDefaultView(default)
    known = sorted({one for display in displays for one in config.getViews(display)})
    raise UsageError(f"There is no view '{view}' in {name}.", hint=_candidates(view, [AS_IS, *known]))


def _processor(choice: ColourChoice) -> Any:
    import PyOpenColorIO as ocio  # noqa: N813

    config = _load(choice.config)
    if choice.config not in builtin_configs():
        ocio.ClearAllCaches()  # its files may have been edited
    steps = ocio.GroupTransform()
    source = choice.colorspace
    try:
        if choice.exposure:
            if not config.hasRole("scene_linear"):
                raise UsageError(f"{choice.config} has no role scene_linear, so exposure cannot be changed.")
            gain = 2.0**choice.exposure
            steps.appendTransform(ocio.ColorSpaceTransform(src=source, dst="scene_linear"))
            steps.appendTransform(ocio.MatrixTransform(matrix=np.diag([gain, gain, gain, 1.0]).ravel().tolist()))
            source = "scene_linear"
        steps.appendTransform(ocio.DisplayViewTransform(src=source, display=choice.display, view=choice.view))
        return config.getProcessor(steps)
    except (ocio.Exception, ocio.ExceptionMissingFile) as error:
        raise UsageError(f"OCIO cannot compute {choice.describe()}: {_sentence(error)}.") from error


def _apply(processor: Any, pixels: FloatImage) -> None:
    """In place, through an image description: three times as fast as `applyRGB`."""
    import PyOpenColorIO as ocio  # noqa: N813

    processor.apply(ocio.PackedImageDesc(pixels, pixels.size // 3, 1, 3))
    # No NaN went in, so one here is the difference of two overflows: brighter than everything.
    np.nan_to_num(pixels, copy=False, nan=1.0)


def _candidates(wanted: str, known: list[str], most: int = 12) -> str:
    """The known names, the ones most like `wanted` first, cut after `most`."""
    close = difflib.get_close_matches(wanted, known, n=most, cutoff=0.4)
    ordered = [*close, *(name for name in known if name not in close)]
    rest = f" and {len(ordered) - most} more" if len(ordered) > most else ""
    return f"Choose one of: {', '.join(ordered[:most])}{rest}."


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
