# SPDX-License-Identifier: GPL-3.0-or-later
"""The strip's data as the shot document that the engine reads. No host here: anything with these attributes will do."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from pathlib import Path, PurePath
from typing import Any

from . import lasso, pictures
from .client import tables
from .client.frames import frames_in, spans
from .client.names import usable_names
from .handles import kept

#: The settings of an object's edge, named alike in the strip's data and in the document.
EDGE = tuple(setting.key for setting in tables.EDGE)
#: How the plate is read and seen, named alike in the strip's data and in the document: what leaves that to the engine.
READING: dict[str, Any] = {
    "colorspace": "",
    "view": "",
    "exposure": 0.0,
    "layer": "",
    "missing": next(iter(tables.MISSING)),
}
Outline = list[tuple[float, float]]
#: Where in a plate's folder the pictures of prompts lie: of lassos, and of roto that was taken.
PICTURES = "prompts"


def layer_names(names: Collection[str]) -> list[str]:
    """Each name as the document has it."""
    return usable_names(names, "object")


def rgb(color: str) -> list[float]:
    """A colour of the document, #rrggbb, as the strip's data has it: 0..1 each."""
    return [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]


def shot_document(wisp: Any, plate: Any, folder: Path) -> dict[str, Any]:
    """The whole document. `folder`: the plate's, absolute, where pictures lie that are not named absolutely; those of
    lassos are drawn by `draw_lassos`.

    Prompts on frames that the plate does not have, or beside its picture, are left out: its media were exchanged.
    """
    names = layer_names([item.name for item in wisp.objects])
    return {
        "wisp": 1,
        "plate": {
            "path": (plate.folder / plate.pattern).as_posix(),
            "first": plate.first,
            "last": plate.last,
            "width": plate.width,
            "height": plate.height,
            **({"pixel_aspect": round(plate.pixel_aspect, 4)} if plate.pixel_aspect != 1.0 else {}),
            **wisp.beside_paths,
            **({"backlit": True} if wisp.backlit else {}),
            **{name: said for name, plain in READING.items() if (said := _said(wisp, name)) != plain},
        },
        "objects": [
            {
                "id": item.number,
                "name": name,
                "color": "#" + "".join(f"{round(value * 255):02x}" for value in item.color),
                "enabled": item.enabled,
                "prompts": _prompts(item, plate, folder),
                "edge": _edge(item),
                "locks": spans(_locked(item, plate)),
                **({"approvals": item.approved} if item.locks else {}),
                **_life(item),
                **_absent(item, plate),
                **({"region": region} if (region := _region(item, plate)) else {}),
                **({"accepted": [list(one) for one in item.fine.items()]} if item.accepted else {}),
                **{name: path for name in ("garbage", "core") if (path := _whole_matte(item, name, folder))},
            }
            for item, name in zip(wisp.objects, names, strict=True)
        ],
        "solve": {
            "tracker": wisp.tracker,
            "head": wisp.head,
            **({} if wisp.uncover else {"uncover": False}),
        },
    }


def other_folders(shot: dict[str, Any]) -> list[str]:
    """The folders beside the plate's that the document refers to: of masks, whole mattes and what was filmed beside."""
    paths = [shot["plate"][key] for key in tables.BESIDE if key in shot["plate"]]
    paths += [item[name] for item in shot["objects"] for name in ("garbage", "core") if name in item]
    paths += [prompt["path"] for item in shot["objects"] for prompt in item["prompts"] if "path" in prompt]
    return sorted({PurePath(path).parent.as_posix() for path in paths})


def draw_lassos(wisp: Any, plate: Any, folder: Path) -> None:
    """Write the pictures of lassos that the document names and that are not there. Raises OSError."""
    for item in wisp.objects:
        for outlines in _outlines(item, plate).values():
            path = _lasso_path(outlines, plate, folder)
            if not path.exists():
                mask = lasso.inside(outlines[0], plate.width, plate.height)
                for outline in outlines[1:]:
                    mask |= lasso.inside(outline, plate.width, plate.height)
                pictures.write_mask(path, mask)


def _whole_matte(item: Any, name: str, folder: Path) -> str:
    path = getattr(item, f"{name}_path")
    return (folder / path).as_posix() if path else ""


def _locked(item: Any, plate: Any) -> set[int]:
    return {frame for frame in frames_in(item.locks) if plate.first <= frame <= plate.last}


def _life(item: Any) -> dict[str, int]:
    frames = frames_in(item.life)
    return {"first": frames[0], "last": frames[-1]} if frames else {}


def absent_frames(item: Any) -> set[int]:
    """Those that an object is not to be seen on: a prompt or a lock on a frame says that it is there."""
    return {*frames_in(item.absent)} - {prompt.frame for prompt in item.prompts} - {*frames_in(item.locks)}


def _absent(item: Any, plate: Any) -> dict[str, list[list[int]]]:
    frames = {frame for frame in absent_frames(item) if plate.first <= frame <= plate.last}
    return {"absent": spans(frames)} if frames else {}


def _said(wisp: Any, name: str) -> Any:
    said = getattr(wisp, name)
    return said.strip() if isinstance(said, str) else round(said, 4)


def _region(item: Any, plate: Any) -> list[int]:
    """What of the region lies in the picture; nothing where it is all of it, or none."""
    corners = [int(value) for value in item.region.split()]
    x0, y0, x1, y1 = corners if len(corners) == 4 else (0, 0, plate.width, plate.height)
    found = [max(x0, 0), max(y0, 0), min(x1, plate.width), min(y1, plate.height)]
    holds = found[0] < found[2] and found[1] < found[3]
    return found if holds and found != [0, 0, plate.width, plate.height] else []


def _edge(item: Any) -> dict[str, float]:
    edge = {name: round(getattr(item, name), 4) for name in EDGE}
    edge["white"] = max(edge["white"], round(edge["black"] + 0.01, 4))
    return edge


def _prompts(item: Any, plate: Any, folder: Path) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = []
    for prompt in item.prompts:
        if prompt.kind == "mask":
            if plate.first <= prompt.frame <= plate.last:
                stored.append({"frame": prompt.frame, "kind": "mask", "path": (folder / prompt.mask_path).as_posix()})
            continue
        points = _points(prompt, plate)
        if not points:
            continue
        base = {"frame": prompt.frame, "kind": prompt.kind}
        match prompt.kind:
            case "point":
                stored.append({**base, "xy": list(points[0]), "include": prompt.include})
            case "box":
                (xa, ya), (xb, yb) = points[:2]
                if xa == xb or ya == yb:
                    continue
                stored.append({**base, "xyxy": [min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)]})
            case "stroke":
                line = {"xy": [list(xy) for xy in points], "radius": round(prompt.radius, 4), "include": prompt.include}
                soft = {"softness": round(prompt.softness, 4)} if prompt.softness else {}
                stored.append({**base, **line, **soft})
            case "unknown":
                stored.append({**base, "xy": [list(xy) for xy in points], "radius": round(prompt.radius, 4)})
            case "lasso" if not prompt.include:
                lines, radius = lasso.hatching(points)
                stroke = {**base, "kind": "stroke", "radius": round(radius, 4), "include": False}
                stored += [{**stroke, "xy": [list(xy) for xy in line]} for line in lines]
    for frame, outlines in _outlines(item, plate).items():
        stored.append({"frame": frame, "kind": "mask", "path": _lasso_path(outlines, plate, folder).as_posix()})
    return stored


def _points(prompt: Any, plate: Any) -> Outline:
    """The points of a prompt; none where the plate has not its frame, or it lies beside the picture."""
    points = [xy for xy in prompt.points if all(math.isfinite(value) for value in xy)]
    if (prompt.kind == "box" and len(points) < 2) or not plate.first <= prompt.frame <= plate.last:
        return []
    # Scripts may have written any number.
    points = [(kept(x, plate.width), kept(y, plate.height)) for x, y in points]
    beyond = prompt.kind != "point" and not _touches(points, plate, prompt.radius)
    return [] if beyond else points


def _outlines(item: Any, plate: Any) -> dict[int, list[Outline]]:
    """Plate frame -> what its lassos enclose together."""
    found: dict[int, list[Outline]] = {}
    for prompt in item.prompts:
        if prompt.kind == "lasso" and prompt.include and (points := _points(prompt, plate)):
            found.setdefault(prompt.frame, []).append(points)
    return found


def _lasso_path(outlines: list[Outline], plate: Any, folder: Path) -> Path:
    """Named by its content, so that it is drawn once."""
    key = hashlib.sha256(repr((outlines, plate.width, plate.height)).encode()).hexdigest()[:16]
    return folder / PICTURES / f"lasso.{key}.png"


def _touches(points: Outline, plate: Any, margin: float) -> bool:
    xs, ys = zip(*points, strict=True) if points else ((), ())
    return (
        bool(points)
        and max(xs) > -margin
        and max(ys) > -margin
        and min(xs) < plate.width + margin
        and min(ys) < plate.height + margin
    )
