"""A shot that was drawn on a plate of another size, a proxy or the final one, fitted to its plate as it is now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import shot as documents
from ..fingerprint import fingerprint
from ..shot import PlateSpec, Shot


def fit_to_plate(shot: Shot, document: Path) -> Shot:
    """The shot at `document` with all that was drawn scaled to its plate as it is now, a proxy or the final one: masks
    become pictures of its size beside the document. The shot itself where the size is the same. WispError.
    """
    from ..plates import open_plate

    spec = shot.plate
    now = open_plate(documents.resolve_path(spec.path, document), layer=spec.layer)
    if (now.width, now.height) == (spec.width, spec.height):
        return shot
    plate = spec.model_copy(update={"width": now.width, "height": now.height, "pixel_aspect": now.pixel_aspect})
    values = shot.model_dump(mode="json")
    objects = [fit_object(item, document, spec, plate) for item in values["objects"]]
    return documents.edited(dict(values, plate=plate.model_dump(mode="json"), objects=objects))


def fit_object(item: dict[str, Any], document: Path, before: PlateSpec, now: PlateSpec) -> dict[str, Any]:
    """An object drawn on a plate of another size, scaled to the one of now. WispError."""
    from ..panel.carrying import scaled

    sizes = (before.width, before.height), (now.width, now.height)
    (fitted,) = scaled([item], *sizes, lambda path: _resized(path, document, *sizes))
    return fitted


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
