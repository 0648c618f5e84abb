# SPDX-License-Identifier: GPL-3.0-or-later
"""A strip as a plate: its files, its frames over time, its place in the picture; or why it cannot be one."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Collection, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from . import animation, compat, mapping, movies, pictures
from .client.coordinates import XY, Affine, StripTransform, plate_to_blender_view
from .client.tables import MAX_ASPECT, OVERSCAN


class Refusal(Exception):  # noqa: N818 (a state of the strip, not a fault)
    """The strip cannot be a plate as it is. The text says why and what to do; `mend` names the operator that helps."""

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(text)
        self.mend = mend


class Plate(NamedTuple):
    """The pictures of a strip.

    `folder`, `pattern`: absolute folder and file name, with `%0Nd` where it is a sequence. `first`, `last`: its own
    frame numbers. `shown`: scene frame -> plate frame, for every scene frame in which the strip is visible.
    """

    folder: Path
    pattern: str
    first: int
    last: int
    width: int
    height: int
    shown: dict[int, int]
    pixel_aspect: float = 1.0

    @property
    def frames(self) -> list[int]:
        """The plate frames that are visible, ascending."""
        return sorted(set(self.shown.values()))


def plate_of(scene: Any, strip: Any) -> Plate:
    """Looked at anew, every file name of it. Raises Refusal."""
    check(scene, strip)
    _shown[scene.name, strip.name] = (timing(scene, strip), _frames_or_refusal(scene, strip))
    shown = shown_frames(scene, strip)
    path, size, aspect = media_path(strip), size_of(strip), pixel_aspect(scene, strip)
    if strip.type == "IMAGE":
        files = _files(strip)
        return Plate(path.parent, files.pattern, min(files.numbers), max(files.numbers), *size, shown, aspect)
    return Plate(path.parent, path.name, 1, movie_length(path), *size, shown, aspect)


def shown_frames(scene: Any, strip: Any) -> dict[int, int]:
    """Scene frame -> plate frame, wherever the strip is visible. Raises Refusal."""
    key, now = (scene.name, strip.name), timing(scene, strip)
    known = _shown.get(key)
    if known is None or known[0] != now:
        known = _shown[key] = (now, _frames_or_refusal(scene, strip))
    if isinstance(known[1], Refusal):
        raise known[1]
    return known[1]


#: Drawing asks for the frames of every strip over and over: (scene, strip) -> what they depend on, and the frames.
_shown: dict[tuple[str, str], tuple[Any, dict[int, int] | Refusal]] = {}


def _frames_or_refusal(scene: Any, strip: Any) -> dict[int, int] | Refusal:
    try:
        return _shown_frames(scene, strip)
    except Refusal as refusal:
        return refusal


def _shown_frames(scene: Any, strip: Any) -> dict[int, int]:
    if strip.type == "IMAGE":
        names = [element.filename for element in strip.elements]
        numbers = dict(zip(names, _files(strip).numbers, strict=True))
        return {time: numbers[name] for time, name in shown_files(strip).items()}
    timing = movie_timing(scene, strip)
    return {time: mapping.movie_frame(timing, time) for time in animation.frames_of(strip)}


def shown_files(strip: Any) -> dict[int, str]:
    """Scene frame -> file name, wherever an image strip is visible."""
    found = {time: strip.strip_elem_from_frame(time).filename for time in animation.frames_of(strip)}
    keys = [int(key.timeline_frame) for key in getattr(strip, "retiming_keys", ())]
    if len(keys) < 2 or not compat.KEEPS_PICTURES_BY_WHOLE_FRAMES:
        return found
    names = [element.filename for element in strip.elements]
    index = {name: number for number, name in enumerate(names)}
    content = [index[strip.strip_elem_from_frame(time).filename] for time in keys[:-1]]
    held = mapping.held_positions(list(zip(keys, [*content, len(names)], strict=True)), animation.frames_of(strip))
    fits = all(names[min(exact, len(names) - 1)] == found[time] for time, (exact, _) in held.items())
    return {time: names[min(shown, len(names) - 1)] for time, (_, shown) in held.items()} if fits else found


#: Who asks -> what was asked last, and the scene frames that show it: asked for at each redraw.
_asked: dict[str, tuple[Any, frozenset[int], list[int]]] = {}


def times_of(asker: str, shown: dict[int, int], frames: Collection[int]) -> list[int]:
    """The scene frames at which these plate frames are shown, ascending."""
    known = _asked.get(asker)
    wanted = frozenset(frames)
    if known is None or known[0] is not shown or known[1] != wanted:
        known = _asked[asker] = (shown, wanted, [time for time, frame in shown.items() if frame in wanted])
    return known[2]


TIMES = ("animation_offset_start", "animation_offset_end", "frame_start", "frame_offset_start", "frame_offset_end")
_timing = attrgetter(
    *map(compat.present_name, (*TIMES, "frame_final_start", "frame_final_end")),
    "strobe",
    "use_reverse_frames",
    "wisp.uid",
)


def timing(scene: Any, strip: Any) -> tuple[Any, ...]:
    """Everything that decides which frames a strip shows."""
    files, render, keys = strip.elements, scene.render, getattr(strip, "retiming_keys", ())
    count = len(files) if strip.type == "IMAGE" else 0
    if count:
        media: tuple[Any, ...] = (strip.directory, count, files[0].filename, files[count - 1].filename)
    else:
        media = (getattr(strip, "filepath", ""),)
    return (
        *media,
        *_timing(strip),
        *(key.timeline_frame for key in keys),
        render.fps,
        render.fps_base,
    )


def plate_frame(scene: Any, strip: Any, scene_frame: int) -> int | None:
    """The plate frame that the strip shows at a scene frame; None outside the strip. Raises Refusal."""
    return shown_frames(scene, strip).get(scene_frame)


#: Type of a strip that cannot be a plate -> why, and what to do.
_OTHERS = {
    "MOVIECLIP": "A movie clip strip has no pictures of its own: it shows a clip of the tracking workspace. Add the "
    "clip's file itself, by Add > Movie or Add > Image/Sequence.",
    "": "A {what} strip has no pictures of its own. Render it to pictures and use those as a strip.",
}


def check(scene: Any, strip: Any) -> None:
    """Raise Refusal where prompts on this strip would have no sure place in its pictures."""
    if strip.type not in ("IMAGE", "MOVIE"):
        raise Refusal(_OTHERS.get(strip.type, _OTHERS[""]).format(what=strip.type.replace("_", " ").lower()))
    _check_surroundings(scene, strip)
    if not media_path(strip).exists():
        raise _missing(media_path(strip))
    _check_size(strip)
    if strip.type == "MOVIE" and not compat.TURNS_MOVIES and movies.turned(media_path(strip)):
        raise Refusal(
            f"{media_path(strip)} is stored turned, as phones do, which this version of Blender passes over and the "
            "engine does not. Render it to pictures, or use Blender 4.5 or later."
        )
    if 0.0 in (strip.transform.scale_x, strip.transform.scale_y):
        raise Refusal("The strip is scaled to nothing. Give it a size again.", "sequencer.strip_transform_clear")
    if strip.type == "MOVIE" and len(getattr(strip, "retiming_keys", ())) > 0:
        raise Refusal(
            "A retimed movie cannot be mapped to its frames. Remove the retiming, or render the strip to pictures.",
            "sequencer.retiming_reset",
        )


def _check_size(strip: Any) -> None:
    """Raise Refusal where the pictures were exchanged for others of another size since all was drawn."""
    (width, height), (before, high) = size_of(strip), strip.wisp.size
    if (width, height) != (before, high) and before and strip.wisp.drawn:
        raise Refusal(
            f"The prompts were drawn on pictures of {before} x {high} pixels, and these have {width} x {height}. Scale "
            "the prompts to these, or point the strip back to those.",
            "wisp.scale_prompts",
        )


def unwritable(error: OSError) -> Refusal:
    """Files that the strip needs cannot be written."""
    where = f"{error.filename}" if error.filename else "The folder of the mattes"
    return Refusal(
        f"{where} cannot be written: {error.strerror or error}. Save the blend file where you may write, or name "
        "another folder in the add-on's preferences."
    )


def _missing(path: Path) -> Refusal:
    return Refusal(f"{path} is missing. Point the strip to its media.", "sequencer.change_path")


def _check_surroundings(scene: Any, strip: Any) -> None:
    mover = animation.otherwise_moved(strip)
    if mover:
        raise Refusal(f"{mover} moves the strip {strip.name}. Bake that to keyframes of the strip.")
    meta = strip.parent_meta()
    while meta is not None:
        if animation.curves(meta) or _transform(meta) != StripTransform():
            raise Refusal(f"The meta strip {meta.name} around it has a transform. Clear that, or take the strip out.")
        meta = meta.parent_meta()
    for other in compat.all_strips(scene):
        if other.type == "SPEED" and getattr(other, "input_1", None) == strip:
            raise Refusal(f"The speed effect {other.name} drives the strip. Render it to pictures and use those.")


def media_path(strip: Any) -> Path:
    """The strip's file, or the first of its sequence."""
    if strip.type == "IMAGE":
        return Path(bpy.path.abspath(strip.directory)) / (strip.elements[0].filename if len(strip.elements) else "")
    return Path(bpy.path.abspath(strip.filepath))


def _files(strip: Any) -> mapping.NumberedFiles:
    try:
        return mapping.sequence_of(tuple(element.filename for element in strip.elements))
    except mapping.NamesError as error:
        raise Refusal(f"{error} Use pictures that are numbered in one sequence.") from None


def movie_timing(scene: Any, strip: Any) -> mapping.MovieTiming:
    """How the movie's frames lie in time. Raises Refusal."""
    count = movie_length(media_path(strip))
    length = strip.frame_final_duration + strip.frame_offset_start + strip.frame_offset_end
    shown = count - strip.animation_offset_start - strip.animation_offset_end
    rate = mapping.movie_rate(length, shown, strip.fps, scene.render.fps / scene.render.fps_base)
    if rate is None:
        raise Refusal(
            f"The strip is {length:.0f} frames long, which fits neither the movie's {shown} frames nor its duration. "
            "Add the movie anew, or render the strip to pictures."
        )
    return mapping.MovieTiming(
        start=strip.frame_start,
        length=length,
        rate=rate,
        frames=count,
        skipped=strip.animation_offset_start,
        strobe=strip.strobe,
        reverse=strip.use_reverse_frames,
    )


def movie_length(path: Path) -> int:
    """The number of frames in a movie, as the host's own reader counts them. Raises Refusal."""
    return _measured(path, "movieclips")[2]


def size_of(strip: Any) -> tuple[int, int]:
    """Width and height of its pictures. Raises Refusal.

    The host forgets them when the strip's path is changed in the panel, and keeps the old ones when a script does it.
    """
    path, key = media_path(strip), (strip.id_data.name, strip.name)
    first = strip.elements[0] if len(strip.elements) else None
    told = (first.orig_width, first.orig_height) if first is not None and first.orig_width else None
    if told and _told_of.setdefault(key, path) == path:
        return told
    try:
        return _measured(path, "images" if strip.type == "IMAGE" else "movieclips")[:2]
    except Refusal:
        if told and path.exists():  # of a picture of several views the host's reader tells no size
            return told
        raise


#: Names of scene and strip -> the media that its size was told of when it was asked for first.
_told_of: dict[tuple[str, str], Path] = {}


def forget() -> None:
    """Another file is open: its strips may have the names of others."""
    _told_of.clear()


_measures: dict[tuple[str, float], tuple[int, int, int]] = {}


def _measured(path: Path, kind: str) -> tuple[int, int, int]:
    """Width, height and number of frames of a file, by the host's own reader. Raises Refusal."""
    try:
        key = (str(path), path.stat().st_mtime)
    except OSError:
        raise _missing(path) from None
    if key not in _measures:
        library = getattr(bpy.data, kind)
        try:
            media = library.load(str(path))
        except RuntimeError as error:
            raise Refusal(f"{path} cannot be read: {error}", "sequencer.change_path") from None
        width, height = media.size
        _measures[key] = (width, height, media.frame_duration)
        library.remove(media)
    width, height, count = _measures[key]
    if not width or not height:
        raise Refusal(f"{path} cannot be read as a picture. Point the strip to its media.", "sequencer.change_path")
    return width, height, count


def _transform(strip: Any) -> StripTransform:
    t = strip.transform
    place = {name: getattr(t, name) for name in animation.TRANSFORM}
    x, y = t.origin
    return StripTransform(**place, origin_x=x, origin_y=y, flip_x=strip.use_flip_x, flip_y=strip.use_flip_y)


def to_view(scene: Any, strip: Any) -> Affine:
    """Plate pixels to the preview's view2d coordinates."""
    render = (scene.render.resolution_x, scene.render.resolution_y)
    return plate_to_blender_view(size_of(strip), render, _transform(strip), _render_aspect(scene))


def pixel_aspect(scene: Any, strip: Any) -> float:
    """Width of a pixel of the plate by its height: what its EXR says, which the host passes over, else as the scene is
    rendered."""
    path = media_path(strip)
    with contextlib.suppress(pictures.PictureError, struct.error):
        if path.suffix.lower() == ".exr":
            (told,) = struct.unpack("<f", pictures.header(path).get("pixelAspectRatio", b""))
            if told != 1.0 and 1 / MAX_ASPECT <= told <= MAX_ASPECT:
                return float(told)
    return _render_aspect(scene)


def _render_aspect(scene: Any) -> float:
    return float(scene.render.pixel_aspect_x / scene.render.pixel_aspect_y)


#: How far beside the picture, in widths or heights of it, a point of a prompt may lie.
_FAR = 10


def placed(plate: Plate, points: Iterable[XY]) -> list[XY]:
    """The points of a prompt as they are stored: beyond the picture's border too.

    Raises Refusal where one is no number or far outside: that is a mistake, not a gesture past the picture's edge.
    """
    width, height = plate.width, plate.height
    found = []
    for x, y in points:
        if not (abs(x - width / 2) <= _FAR * width and abs(y - height / 2) <= _FAR * height):
            raise Refusal(f"({x:g}, {y:g}) is no place in the picture, which is {width} x {height} pixels.")
        found.append((x, y))
    return found


def visible(strip: Any, x: float, y: float) -> bool:
    """Whether a place is not cropped away, and lies in the plate or where it may have overscan."""
    (width, height), crop = size_of(strip), strip.crop
    left, right, top, bottom = (
        cut or -OVERSCAN * size
        for cut, size in ((crop.min_x, width), (crop.max_x, width), (crop.max_y, height), (crop.min_y, height))
    )
    return left <= x <= width - right and top <= y <= height - bottom
