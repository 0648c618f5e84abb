"""Saved under another name, elsewhere, as a copy, renamed outside: each blend file keeps showing its own mattes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

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
    not_saved()
    renamed_outside()
    mattes_deleted()
    only_looked_at()
    copied_before_mattes()
    own_folder()


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


def group_images() -> list[str]:
    """The pictures that the compositor's node group shows."""
    nodes = next(group for group in bpy.data.node_groups if group.name.startswith("Wisp ")).nodes
    return [node.image.filepath for node in nodes if node.bl_idname == "CompositorNodeImage"]


def first_save(strip: Any) -> None:
    """The files of the session move beside the blend file; what is saved renders the same when opened again."""
    assert bpy.ops.wisp.node_group() == {"FINISHED"}
    next(group for group in bpy.data.node_groups if group.name.startswith("Wisp ")).use_fake_user = True
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
    assert [path.split("/wisp/mattes/v1/")[0] for path in group_images()] == ["/"] * 2, group_images()
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
    assert all("/mattes/v2/" in path for path in group_images()), group_images()
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
    assert all("/mattes/v2/" in path for path in (shown_in(plate()), *group_images()))
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
    other = stage.FOLDER / "other" / "deep"
    other.mkdir(parents=True)
    named = side_pictures(plate())
    bpy.ops.wm.save_as_mainfile(filepath=str(other / "copy.blend"), copy=True)
    assert [each.stored for each in named] == ["//clean.png", "//garbage.####.png", "//mask.png"], "as before the copy"
    (other / "copy.blend").unlink()
    bpy.ops.wm.save_as_mainfile(filepath=str(other / "shot.blend"))
    was = stage.FOLDER / "moved"
    assert [each.path for each in named] == [was / "clean.png", was / "garbage.####.png", was / "mask.png"], named
    assert all(each.stored.startswith("//../../moved/") for each in named), named
    mask = places().cache / "plate" / "mask.npz"
    assert places().cache.parent.parent == other and mask.samefile(old.cache / "plate" / "mask.npz")
    assert not (places().cache / "index.sqlite").exists()
    assert (places().cache / "locked" / "4e07" / "alpha.0001.exr").read_bytes() == b"kept"
    assert shown_in(plate()).startswith("//wisp/mattes/shot/")
    check(0.75)
    bpy.ops.wm.save_mainfile()
    opened(other / "shot.blend")
    wisp = plate().wisp
    found = [wisp.beside_paths["clean"], wisp.objects[0].garbage_path, wisp.objects[0].prompts[-1].mask_path]
    assert found == [each.as_posix() for each in (was / "clean.png", was / "garbage.####.png", was / "mask.png")], found
    wisp.clean = wisp.objects[0].garbage = ""
    wisp.objects[0].prompts.remove(len(wisp.objects[0].prompts) - 1)


def side_pictures(strip: Any) -> list[Any]:
    """Name pictures that lie beside the blend file, from there; returns the references."""
    item = strip.wisp.objects[0]
    stage.write_png(stage.FOLDER / "moved" / "mask.png", np.zeros((stage.HEIGHT, stage.WIDTH), np.uint8))
    strip.wisp.clean, item.garbage = "//clean.png", "//garbage.####.png"
    assert bpy.ops.wisp.add_mask(filepath="//mask.png", frame=101) == {"FINISHED"}
    references = stage.addon("references").references()
    return [each for each in references if not each.hosts and each.name != "shown_from"]


def not_saved() -> None:
    """Where it cannot be saved, all is as before, and nothing is left there."""
    strip, shown = plate(), shown_in(plate())
    strip.wisp.bypass = True
    (stage.FOLDER / "full" / "y.blend@").mkdir(parents=True)  # where the host writes before it renames
    for path in (stage.FOLDER / "full" / "y.blend", stage.FOLDER / "nowhere" / "deep" / "y.blend"):
        stage.must_fail(bpy.ops.wm.save_as_mainfile, "Cannot", filepath=str(path))
        assert shown_in(strip) == shown and strip.wisp.bypass, path
    assert [path.name for path in (stage.FOLDER / "full").iterdir()] == ["y.blend@"]
    assert not (stage.FOLDER / "nowhere").exists()
    strip.wisp.bypass = False


def renamed_outside() -> None:
    """A file that was copied by other means shows the first one's mattes until it makes its own; so does the host's
    backup."""
    other = stage.FOLDER / "other" / "deep"
    (other / "renamed.blend").write_bytes((other / "shot.blend").read_bytes())
    strip = opened(other / "renamed.blend")
    check(0.75)
    stage.addon("carrying").adopt()
    found = [shown_in(strip), *group_images()]
    assert all("/mattes/renamed/" in path for path in found), found
    solve(strip, 0.5)
    check(0.5)
    (other / "shot.blend1").write_bytes((other / "shot.blend").read_bytes())
    opened(other / "shot.blend1")
    assert places().mattes.name == "shot.blend1"
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


def only_looked_at() -> None:
    """Opening a file writes nothing, and one plate whose files cannot be looked at is no fault of the others."""
    strip = plate()
    bpy.ops.wisp.add_lasso(points="10,10 90,10 90,50", frame=102)
    other = stage.select(stage.image_strip([stage.FOLDER / "plates" / "grey.101.png"], channel=9))
    bpy.ops.wisp.add_point(x=9, y=9, frame=101)
    session, plates = stage.addon("session"), stage.addon("plates")
    session.forget()
    real = plates.plate_of

    def denied(scene: Any, each: Any) -> Any:
        if each == strip:
            raise PermissionError(13, "Permission denied")
        return real(scene, each)

    plates.plate_of = denied
    session.recall()
    plates.plate_of = real
    assert session.unasked == {other.wisp.uid}
    session.recall()
    assert session.unasked == {other.wisp.uid, strip.wisp.uid}
    assert not list(places().mattes.glob("*/prompts/*")), "no picture of the lasso is drawn"
    session.forget()


def copied_before_mattes() -> None:
    """A copy of a plate that has roto, and no mattes yet, finds the roto also in another file."""
    strip = plate()
    stage.select(strip)
    bpy.ops.wisp.remove()
    model, outputs = stage.addon("model"), stage.addon("outputs")
    item = model.own(strip).add_object()
    folder = places().plate(strip.wisp.uid)
    picture = folder / "prompts" / "4e" / "roto.0101.png"
    stage.write_png(picture, np.zeros((stage.HEIGHT, stage.WIDTH), np.uint8))
    taking = stage.addon("taking")
    item.add_prompt("mask", 101, []).text = taking.kept(picture.as_posix(), folder)
    taking.keep_pictures(strip.wisp, folder)
    half = strip.split(frame=6, split_method="SOFT")
    assert model.own(half).uid != strip.wisp.uid
    outputs.use_own_files(bpy.context.scene, half)
    found = places().plate(half.wisp.uid) / half.wisp.objects[0].prompts[0].text
    assert found.samefile(picture) and found != picture
    (stage.FOLDER / "last").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "last" / "shot.blend"))
    assert (places().plate(strip.wisp.uid) / item.prompts[0].text).samefile(picture)


def own_folder() -> None:
    """A folder for all blend files, named from each: a plate's own files are known for its own, and go along."""
    preferences = bpy.context.preferences.addons[stage.PACKAGE].preferences
    preferences.place, preferences.folder = "custom", "//mattes_here/"
    try:
        strip = stage.select(stage.image_strip([stage.FOLDER / "plates" / "grey.101.png"], channel=11))
        bpy.ops.wisp.add_point(x=9, y=9, frame=101)
        bpy.ops.wisp.update_outputs()
        (stage.FOLDER / "very last").mkdir()
        bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "very last" / "shot.blend"))
        folder = places().plate(strip.wisp.uid)
        assert folder.is_relative_to(stage.FOLDER / "very last" / "mattes_here") and (folder / "all").is_dir()
        preferences.folder = str(stage.FOLDER / "for all")
        outputs, mattes = stage.addon("outputs"), stage.addon("mattes")
        bpy.ops.wisp.update_outputs()
        assert shown_in(strip).startswith("//../for all/")
        taken_over, mattes.MatteFolder.take_over = mattes.MatteFolder.take_over, None
        outputs.use_own_files(bpy.context.scene, strip)
        mattes.MatteFolder.take_over = taken_over
    finally:
        preferences.place, preferences.folder = "beside", ""
