"""A shot that was drawn on a plate of another size, a proxy or the final one, fitted to its plate as it is now."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache as remembered
from pathlib import Path
from typing import Any

from .. import shot as documents
from ..errors import InputError, UsageError
from ..fingerprint import fingerprint
from ..shot import PlateSpec, Shot


def fit_to_plate(shot: Shot, document: Path) -> Shot:
    """The shot at `document` with all that was drawn scaled to its plate as it is now, a proxy or the final one: masks
    become pictures of its size beside the document. The shot itself where the size is the same. WispError.
    """
    from ..panel.carrying import scaled
    from ..plates import open_plate

    spec = shot.plate
    now = open_plate(documents.resolve_path(spec.path, document), layer=spec.layer)
    if (now.width, now.height) == (spec.width, spec.height):
        return shot
    plate = spec.model_copy(update={"width": now.width, "height": now.height, "pixel_aspect": now.pixel_aspect})
    values = shot.model_dump(mode="json")
    sizes = _size(spec), _size(plate)
    objects = scaled(values["objects"], *sizes, lambda path: _resized(path, document, *sizes))
    return documents.edited(dict(values, plate=plate.model_dump(mode="json"), objects=objects))


def follow_fit(document: Path, before: PlateSpec, now: PlateSpec) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What `fit_to_plate` does to an object, for those of the steps of undo. A mask that cannot be read stays as it is:
    the document itself may do without it. WispError where one cannot be written."""
    from ..panel.carrying import scaled

    sizes = _size(before), _size(now)

    @remembered
    def picture(stored: str) -> str:
        try:
            return _resized(stored, document, *sizes)
        except (InputError, UsageError):
            return stored

    def fitted(item: dict[str, Any]) -> dict[str, Any]:
        return scaled([item], *sizes, picture)[0]

    return fitted


def _size(plate: PlateSpec) -> tuple[int, int]:
    return plate.width, plate.height


def _resized(stored: str, document: Path, before: tuple[int, int], size: tuple[int, int]) -> str:
    """A mask of one plate size as a picture of another beside the document; its path, relative to it."""
    import cv2

    from ..atomic import replacing
    from ..plates.stills import read_coverage

    path = documents.resolve_path(stored, document)
    shrinks = size[0] * size[1] < before[0] * before[1]
    values = cv2.resize(
        read_coverage(path, *before), size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    # Masks of one name in several folders stay several.
    target = document.parent / "prompts" / f"{path.stem}_{size[0]}x{size[1]}_{fingerprint(str(path))[:8]}.png"
    with replacing(target) as temporary:
        temporary.write_bytes(cv2.imencode(".png", (values * 255).round().astype("uint8"))[1].tobytes())
    return documents.relative_path(target, document)
