"""Saved under another name, elsewhere, as a copy, renamed outside: each blend file keeps showing its own mattes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from . import stage
from .outputs import BACK, check, grey_plate, solve


def run() -> None:
    strip = grey_plate()
    bpy.ops.wisp.add_point(x=10, y=10, frame=101)
    bpy.ops.wisp.update_outputs()
    solve(strip)
    first_save(strip)
    next_version()
    a_copy()
    another_folder()
    renamed_outside()
    mattes_deleted()


def places() -> Any:
    return stage.addon("places").here()


def opened(path: Path) -> Any:
    """Open the file; returns its plate."""
    bpy.ops.wm.open_mainfile(filepath=str(path))
    stage.prepare(bpy.context.scene)
    return plate()


def plate() -> Any:
    return stage.select(next(s for s in stage.all_strips() if s.wisp.objects and not s.wisp.role))


def shown_in(strip: Any) -> str:
    return str(stage.addon("outputs").matte_strip(strip).directory)


def first_save(strip: Any) -> None:
    """The files of the session move beside the blend file; what is saved renders the same when opened again."""
    session_root = stage.addon("places").session_root()
    assert places().mattes.is_relative_to(session_root)
    strip.wisp.bypass = True
    (places().cache / "plate").mkdir(parents=True)
    (places().cache / "plate" / "mask.npz").write_bytes(b"of the engine")
    work = stage.FOLDER / "work"
    work.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(work / "v1.blend"))
    assert not session_root.exists()
    assert places() == (work / "wisp" / "mattes" / "v1", work / "wisp" / "cache")
    assert (places().cache / "plate" / "mask.npz").is_file()
    assert shown_in(strip).startswith("//wisp/mattes/v1/"), shown_in(strip)
    assert strip.wisp.bypass, "saving does not end the bypass for the user"
    moved = work.rename(stage.FOLDER / "moved")
    strip = opened(moved / "v1.blend")
    assert not strip.wisp.bypass, "the saved file renders masked"
    assert [p.kind for p in strip.wisp.objects[0].prompts] == ["point"]
    check(0.5)


def next_version() -> None:
    """A version saved beside the one before starts with the same mattes, and changes only its own."""
    folder = stage.FOLDER / "moved"
    before = places().plate(plate().wisp.uid) / "all" / "alpha.000101.exr"
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "v2.blend"))
    after = places().plate(plate().wisp.uid) / "all" / "alpha.000101.exr"
    assert after != before and after.samefile(before), "linked, not copied"
    check(0.5)
    solve(plate(), 0.25)
    check(0.25)
    bpy.ops.wm.save_mainfile()
    opened(folder / "v1.blend")
    check(0.5)
    opened(folder / "v2.blend")
    check(0.25)


def a_copy() -> None:
    """`Save Copy` leaves the open file's own mattes shown in it."""
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "moved" / "backup.blend"), copy=True)
    assert "/mattes/v2/" in shown_in(plate())
    solve(plate(), 0.75)
    check(0.75)
    bpy.ops.wm.save_mainfile()
    opened(stage.FOLDER / "moved" / "backup.blend")
    check(0.25)
    opened(stage.FOLDER / "moved" / "v2.blend")


def another_folder() -> None:
    """Mattes and the engine's cache go along, as links where that is possible; the engine's index does not."""
    old = places()
    (old.cache / "index.sqlite").write_bytes(b"changed in place")
    approved = old.cache / "locked" / "4e07" / "alpha.0001.exr"
    approved.parent.mkdir(parents=True)
    approved.write_bytes(b"kept")
    other = stage.FOLDER / "other"
    other.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(other / "shot.blend"))
    mask = places().cache / "plate" / "mask.npz"
    assert places().cache.parent.parent == other and mask.samefile(old.cache / "plate" / "mask.npz")
    assert not (places().cache / "index.sqlite").exists()
    assert (places().cache / "locked" / "4e07" / "alpha.0001.exr").read_bytes() == b"kept"
    assert shown_in(plate()).startswith("//wisp/mattes/shot/")
    check(0.75)


def renamed_outside() -> None:
    """A file that was copied by other means shows the first one's mattes until it makes its own."""
    other = stage.FOLDER / "other"
    (other / "renamed.blend").write_bytes((other / "shot.blend").read_bytes())
    strip = opened(other / "renamed.blend")
    check(0.75)
    stage.addon("carrying").adopt(strip)
    assert "/mattes/renamed/" in shown_in(strip)
    solve(strip, 0.5)
    check(0.5)
    opened(other / "shot.blend")
    check(0.75)


def mattes_deleted() -> None:
    """A deleted folder is seen and mended by one button."""
    outputs, folder = stage.addon("outputs"), places().plate(plate().wisp.uid)
    assert not outputs.missing(plate())
    folder.rename(Path(f"{folder}.away"))
    assert outputs.missing(plate())
    bpy.ops.wisp.update_outputs()
    assert not outputs.missing(plate())
    stage.near(stage.render(4)[..., 0], BACK, 0.012, "placeholders again")
