"""Publish: the mattes as files of a new version, written by the engine, and plain nodes that read them."""

from __future__ import annotations

import contextlib
import itertools
import re
from pathlib import Path
from typing import Any, Dict, List, Optional

from . import bake, edits, graph, host, knobs, solving
from .vendor.client.ends import Done, Packed
from .vendor.client.requests import Deliver, Pack
from .vendor.client.tables import (
    FORMATS,
    LAYOUTS,
    PICTURE_FORMATS,
    QUEUES,
    SHARED_LAYOUTS,
    confidence_fits,
    despill_fits,
    formats_of,
    premultiplied_fits,
)


def start(group: Any) -> None:
    """Begin to write the next version; nodes that read it are made once it is written. Raises Refusal where no object
    counts, while a frame is unsolved, while the engine is at work for the node, and as `edits.span`."""
    objects = [item for item in edits.stored(group)["objects"] if item.get("enabled", True)]
    if not objects:
        raise edits.Refusal("No object counts, so there is nothing to publish: switch 'counts' on for one.")
    frames = host.text_of(group["wisp_publish_frames"]).strip()
    if not frames:
        bake.require_solved(group)
    edits.span(group)  # before there is a version
    names = [item["name"] for item in objects]
    layout = list(LAYOUTS)[host.choice(group["wisp_publish_layout"])]
    file_format = "nk" if layout == "shapes" else PICTURE_FORMATS[host.choice(group["wisp_publish_format"])]
    if file_format not in formats_of(layout):
        fitting = ", ".join(FORMATS[key].label for key in formats_of(layout))
        raise edits.Refusal(f"'{LAYOUTS[layout][0]}' cannot be {FORMATS[file_format].label}; choose one of {fitting}.")
    folder = _claim_version(group)
    suffix = FORMATS[file_format].suffix
    numbered = suffix if FORMATS[file_format].movie else f"%04d.{suffix}"
    if layout == "shapes":
        files = {"": (folder / f"{group.name()}.nk").as_posix()}
    elif layout in SHARED_LAYOUTS:
        files = {"": (folder / f"{group.name()}.{numbered}").as_posix()}
    else:
        files = {name: (folder / name / f"{name}.{numbered}").as_posix() for name in names}
    output = files.get("", (folder / "{object}" / f"{{object}}.{numbered}").as_posix())

    def ended(end: Optional[Done], _: str) -> None:
        if end is None:
            _give_back(folder)
        else:
            try:
                with host.undo_step("Wisp publish"):
                    more = read_them()
                solving.set_status(group, f"Published {folder.as_posix()}{more}")
            except (edits.Refusal, RuntimeError, OSError) as error:
                solving.set_status(group, f"Published {folder.as_posix()}, but no node reads it: {error}")

    def read_them() -> str:
        """Make nodes that read the files; returns what else there is to say."""
        if frames and layout != "shapes":
            return f": {frames}"
        if suffix not in ("exr", "nk"):
            return ""
        if layout == "alpha":
            bake.bake(group, _published(group, files))
        elif layout == "shapes":
            host.paste(Path(files[""]), group)
        else:
            reads = _read_plainly(group, list(files.values()))
            if layout == "crypto" and not _decode(group, reads[0]):
                return "; this Nuke has no Cryptomatte node, use one that reads Cryptomatte files"
        return ""

    spill = host.choice(group["wisp_publish_despill"]) > 0 and despill_fits(layout)
    asked = Deliver(
        output,
        layout=layout,  # type: ignore[arg-type]
        format=file_format,
        objects=[item["id"] for item in objects],
        frames=frames or None,
        exclusive=(bool(group["wisp_publish_exclusive"].value()) and layout != "shapes") or None,
        confidence=bool(group["wisp_publish_confidence"].value()) and confidence_fits(layout, file_format),
        despill=(knobs.SPILL[host.choice(group["wisp_publish_despill"])] if spill else None),  # type: ignore[arg-type]
        premultiply=(bool(group["wisp_publish_premultiply"].value()) and premultiplied_fits(layout, file_format))
        or None,
    )
    try:
        solving.run(group, asked, on_end=ended)
    except BaseException:
        _give_back(folder)
        raise


def _published(group: Any, files: Dict[str, str]) -> List[graph.Mattes]:
    """The mattes of the published files, in the order of the objects."""
    return [
        graph.Mattes(
            files.get(item["name"], ""), item["name"] in files, graph.channel_of(item["name"], item["id"]), item["id"]
        )
        for item in edits.stored(group)["objects"]
    ]


def _read_plainly(group: Any, files: List[str]) -> List[Any]:
    """A Read for each file: colour, layers or Cryptomatte as the host has them."""
    first, last = edits.span(group)
    span = {"first": first, "last": last, "origfirst": first, "origlast": last, "origset": True}
    return [host.create_beside(group, "Read", file=file, raw=True, **span) for file in files]


def _decode(group: Any, read: Any) -> bool:
    """The host's Cryptomatte node on a Read, with the chosen object's matte; False where there is none."""
    item = edits.active(group)
    made = host.try_to_create("Cryptomatte", group)
    if made is None:
        return False
    made.setInput(0, read)
    if item is not None and made.knob("matteList") is not None:
        made["matteList"].setValue(item["name"])
    return True


def farm(group: Any) -> None:
    """Write the shot and its job in the form of the chosen queue beside the plate, once that is rendered. Raises
    Refusal while the engine is at work for the node."""
    queue = list(QUEUES)[host.choice(group["wisp_farm_queue"])]
    folder = Path(solving.plate_folder(group)) / ("farm-" + queue)
    maps = [rule.strip() for rule in host.text_of(group["wisp_farm_map"]).split(";") if rule.strip()]

    def ended(end: Optional[Done], _: str) -> None:
        if isinstance(end, Packed):
            solving.set_status(group, f"{end.words}\nPress 'Take what is solved' once the farm has run it.")

    solving.run(group, Pack(queue, folder.as_posix(), maps=maps), on_end=ended)  # type: ignore[arg-type]


def _claim_version(group: Any) -> Path:
    """The folder of the next version, made here so that nobody else takes it: `NAME_v001`, where NAME is the node's."""
    folder = Path(solving.folder_of(group, "wisp_publish_dir", "mattes", "name a publish folder"))
    numbered = re.compile(re.escape(group.name()) + r"_v(\d+)")
    there = [numbered.fullmatch(one.name) for one in folder.iterdir()] if folder.is_dir() else []
    last = max([int(match.group(1)) for match in there if match], default=0)
    folder.mkdir(parents=True, exist_ok=True)
    for version in itertools.count(last + 1):
        claimed = folder / f"{group.name()}_v{version:03d}"
        with contextlib.suppress(FileExistsError):
            claimed.mkdir()
            return claimed
    raise AssertionError("versions do not end")


def _give_back(folder: Path) -> None:
    """A version that nothing was written of is none."""
    with contextlib.suppress(OSError):
        folder.rmdir()
