"""Approved frames, a check, deliveries (Blender's own Cryptomatte node reads one), Blender's masks out and in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import stage, track

#: Corners, plate pixels.
BOX = ([40, 20], [90, 20], [90, 60], [40, 60])


def run() -> None:
    strip = stage.select(stage.image_strip(track.clip(), start=11))
    bpy.context.scene.frame_set(11)
    stage.must_fail(bpy.ops.wisp.deliver, "Name the files", wait=True)
    bpy.ops.wisp.add_box(x0=16, y0=4, x1=44, y1=32)
    strip.wisp.objects[0].name = "red"
    stage.must_fail(bpy.ops.wisp.lock, "track first")
    stage.must_fail(bpy.ops.wisp.deliver, "Not solved yet", wait=True, filepath=str(stage.FOLDER / "no" / "m.####.exr"))
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    checked(strip)
    locked(strip)
    absent(strip)
    delivered()
    farm_jobs()
    cryptomatte()
    node_group()
    masks(strip)
    roto(strip)
    carried(strip)
    others()


def state(strip: Any) -> Any:
    return stage.addon("runs").run_of(strip.wisp.uid)


def checked(strip: Any) -> None:
    """A check tells how many frames it judged; a doubt of before that it does not share is gone."""
    stage.must_fail(bpy.ops.wisp.check, "use wait=True")
    state(strip).mark_suspicious(1, 1003, "confidence 0.12")
    assert bpy.ops.wisp.check(wait=True) == {"FINISHED"}
    assert "frames judged" in state(strip).message, state(strip).message
    assert state(strip).doubtful[1].get(1003) != "confidence 0.12"


def locked(strip: Any) -> None:
    """A locked matte stays whatever is edited; unlocked, it is computed as the prompts say now."""
    item = strip.wisp.objects[0]
    assert bpy.ops.wisp.lock(frame=1004) == {"FINISHED"} and item.locks == "1004"
    words = stage.drawn(stage.addon("panels").WISP_PT_track)
    assert "Locked: 14" in words, words
    item.grow = -8.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert track.overlap(stage.render(14), track.disc(3, track.RED)) > 0.85, "the locked frame is as it was"
    assert track.overlap(stage.render(15), track.disc(4, track.RED)) < 0.5, "its neighbour is not"
    ((first, last, name),) = item.approved
    assert (first, last) == (1004, 1004) and list(
        stage.addon("places").here().cache.glob(f"locked/{name}/*/alpha.1004.exr")
    )
    assert bpy.ops.wisp.lock(lock=False, everywhere=True) == {"FINISHED"} and item.locks == item.approvals == ""
    item.grow = 0.0
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert bpy.ops.wisp.lock(everywhere=True) == {"FINISHED"} and item.locks == "1001-1008"
    assert bpy.ops.wisp.lock(lock=False, everywhere=True) == {"FINISHED"}
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def absent(strip: Any) -> None:
    """Where it is said to be gone nothing is tracked, and the matte is empty."""
    item = strip.wisp.objects[0]
    stage.must_fail(bpy.ops.wisp.absent, "It is there on 1001", frame=1001)
    assert bpy.ops.wisp.absent(frame=1005, onwards=True) == {"FINISHED"} and item.absent == "1005-1008"
    assert bpy.ops.wisp.absent(frame=1007, absent=False) == {"FINISHED"} and item.absent == "1005-1006,1008"
    words = " ".join(stage.drawn(stage.addon("panels").WISP_PT_track))
    assert "Absent on plate frames 1005-1006,1008" in words, words
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    assert stage.render(15)[..., 3].max() < 0.01 < track.overlap(stage.render(13), track.disc(2, track.RED))
    assert bpy.ops.wisp.absent(frame=1005, onwards=True, absent=False) == {"FINISHED"} and item.absent == ""
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}


def delivered() -> None:
    folder = stage.FOLDER / "out"
    assert bpy.ops.wisp.deliver(wait=True, filepath=str(folder / "red.####.exr")) == {"FINISHED"}
    assert sorted(path.name for path in folder.iterdir()) == [f"red.{1001 + i}.exr" for i in range(track.COUNT)]
    numbered = str(folder / "v" / "{version}" / "red.####.exr")
    for _ in range(2):
        asked = {"frames": "1001-1005x2", "next_version": True, "exclusive": True}
        assert bpy.ops.wisp.deliver(wait=True, filepath=numbered, **asked) == {"FINISHED"}
    made = sorted(str(path.relative_to(folder / "v")) for path in (folder / "v").glob("*/*"))
    assert made == [f"{version}/red.{frame}.exr" for version in ("v001", "v002") for frame in (1001, 1003, 1005)], made
    sure = stage.FOLDER / "sure"
    asked = {"filepath": str(sure / "m.####.exr"), "layout_kind": "layers", "confidence": True, "frames": "1003"}
    assert bpy.ops.wisp.deliver(wait=True, **asked) == {"FINISHED"}
    told = stage.addon("pictures").header(sure / "m.1003.exr")["channels"]
    assert b"conf.red" in told and b"matte.red" in told, told
    crypto = str(stage.FOLDER / "crypto" / "c.####.exr")
    assert bpy.ops.wisp.deliver(wait=True, filepath=crypto, layout_kind="crypto") == {"FINISHED"}


def farm_jobs() -> None:
    """A job for each queue, whose document finds plate and prompts from where it lies."""
    stage.must_fail(bpy.ops.wisp.farm, "Name the folder", wait=True)
    where = stage.FOLDER / "farm"
    for queue in ("flamenco", "deadline-cloud", "opencue", "openjd"):
        rules = "P:/film=/mnt/film"
        assert bpy.ops.wisp.farm(wait=True, directory=str(where), queue=queue, paths=rules) == {"FINISHED"}
        (folder,) = where.glob("*_" + queue)
        (document,) = folder.glob("*.wisp")
        shot = json.loads(document.read_text(encoding="utf-8"))
        pattern = (folder / shot["plate"]["path"]).resolve()
        assert (pattern.parent / (pattern.name % 1001)).is_file(), pattern
        told = [path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix != ".js"]
        assert any(rules in text for text in told), queue
        assert queue == "openjd" or any(document.as_posix() in text for text in told), queue


def cryptomatte() -> None:
    """Blender's own Cryptomatte node finds the object by its name, and its matte is the one that was solved."""
    shown = stage.render(14)[..., 3]
    found = composed(cryptomatte_of(stage.FOLDER / "crypto" / "c.1004.exr", "red"))
    stage.near(np.abs(found - shown).max(), 0.0, 2.0 / 255, "Cryptomatte node")
    assert composed(cryptomatte_of(stage.FOLDER / "crypto" / "c.1004.exr", "nobody")).max() < 0.01


def cryptomatte_of(path: Path, name: str) -> Any:
    def build(tree: Any) -> Any:
        node = tree.nodes.new("CompositorNodeCryptomatteV2")
        node.source = "IMAGE"
        node.image = bpy.data.images.load(str(path), check_existing=True)
        node.layer_name = "CryptoObject"  # chosen in the list, as a person does: 4.2 does not by itself
        node.matte_id = name
        return node.outputs["Matte"]

    return build


def node_group() -> None:
    """The node group gives each object's matte, frame by frame; made again, it takes its own place."""
    shown = stage.render(14)[..., 3]
    assert bpy.ops.wisp.node_group() == {"FINISHED"} and bpy.ops.wisp.node_group() == {"FINISHED"}
    groups = groups_of_ours()
    assert [socket.name for socket in groups[0].interface.items_tree if socket.in_out == "OUTPUT"] == [
        "Image",
        "Matte",
        "red",
    ]
    assert len(groups) == 1, [group.name for group in groups]
    (item,) = stage.addon("active").target(bpy.context)[1].wisp.objects
    item.name = "Image"
    assert bpy.ops.wisp.node_group() == {"FINISHED"}
    names = [socket.name for socket in groups_of_ours()[0].interface.items_tree if socket.in_out == "OUTPUT"]
    assert names == ["Image", "Matte", "Image_2"], "an object's name is no other socket's"
    item.name = "red"
    assert bpy.ops.wisp.node_group() == {"FINISHED"}
    groups = groups_of_ours()

    def build(tree: Any) -> Any:
        node = tree.nodes.new("CompositorNodeGroup")
        node.node_tree = groups[0]
        return node.outputs["red"]

    stage.near(np.abs(composed(build, 14) - shown).max(), 0.0, 2.0 / 255, "the node group's matte")


def groups_of_ours() -> list[Any]:
    return [group for group in bpy.data.node_groups if group.name.startswith("Wisp ")]


def composed(build: Any, frame: int = 1) -> np.ndarray:
    """What a compositor makes of an output socket (`build` makes its node in the tree it gets): its red channel."""
    scene = stage.prepare(bpy.data.scenes.new("compositor"))
    scene.view_settings.view_transform = "Raw"
    scene.render.use_sequencer, scene.render.dither_intensity = False, 0.0
    scene.render.engine = "CYCLES"
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    if hasattr(scene, "compositing_node_group"):
        tree = scene.compositing_node_group = bpy.data.node_groups.new("composed", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        end = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        end = tree.nodes.new("CompositorNodeComposite")
    tree.links.new(build(tree), end.inputs[0])
    picture = stage.render(frame, scene)[..., 0]
    bpy.data.scenes.remove(scene)
    return picture


def masks(strip: Any) -> None:
    """Mattes become a mask; a mask says what the object is, its hole too."""
    assert bpy.ops.wisp.make_masks(wait=True) == {"FINISHED"}, state(strip).message
    assert [mask.name for mask in bpy.data.masks] == ["red"], state(strip).message
    bpy.ops.wisp.add_object(name="ring")
    mask = bpy.data.masks.new("ring")
    to_mask, size = stage.addon("shapes").to_mask, (stage.WIDTH, stage.HEIGHT)
    for blend, radius in (("ADD", 20.0), ("SUBTRACT", 10.0)):
        layer = mask.layers.new()
        layer.blend = blend
        spline = layer.splines.new()
        spline.points.add(3)
        spline.use_cyclic = True
        corners = ((-radius, -radius), (radius, -radius), (radius, radius), (-radius, radius))
        for point, (dx, dy) in zip(spline.points, corners, strict=True):
            point.handle_left_type = point.handle_right_type = "FREE"
            point.co = point.handle_left = point.handle_right = to_mask((64 + dx, 32 + dy), size)
    stage.must_fail(bpy.ops.wisp.add_blender_mask, "no mask", mask="nobody")
    bpy.context.scene.frame_set(11)
    assert bpy.ops.wisp.add_blender_mask(mask="ring") == {"FINISHED"}
    item = strip.wisp.active_object
    assert [(prompt.kind, prompt.frame) for prompt in item.prompts] == [("lasso", 1001)]
    inside = stage.addon("lasso").inside(item.prompts[0].points, *size)
    wanted = np.zeros_like(inside)
    wanted[12:52, 44:84] = True
    wanted[22:42, 54:74] = False
    assert (inside != wanted).sum() < 0.06 * wanted.sum(), (inside != wanted).sum()


def roto(strip: Any) -> None:
    """A mask with keys becomes an object at them; a file one that is kept on every frame but for a band."""
    stage.must_fail(bpy.ops.wisp.take_blender_mask, "no mask", mask="nobody", wait=True)
    stage.must_fail(bpy.ops.wisp.take_roto, "no file", filepath="//none.nk", wait=True)
    bare = bpy.data.masks.new("bare").name
    stage.must_fail(bpy.ops.wisp.take_blender_mask, "no closed spline", mask=bare, wait=True)
    assert bpy.ops.wisp.take_blender_mask(mask="red", wait=True) == {"FINISHED"}, state(strip).message
    item, folder = strip.wisp.active_object, stage.addon("places").here().plate(strip.wisp.uid)
    assert item.name == "red" and item.life == "1001-1008" and not item.core, item.life
    assert {prompt.kind for prompt in item.prompts} == {"mask"} and 1 < len(item.prompts) <= 8
    for prompt in item.prompts:
        assert prompt.text.startswith("prompts/"), "it goes along wherever the plate's files go"
        drawn = _mask_picture(str(folder / prompt.text))
        assert track.overlap(drawn, track.disc(prompt.frame - 1001, track.RED)) > 0.9
    document = {"wisp_shapes": 1, "plate": {"width": stage.WIDTH, "height": stage.HEIGHT, "first": 1001, "last": 1008}}
    corners = [{"xy": xy, "in": [0, 0], "out": [0, 0], "feather": 0.0} for xy in BOX]
    splines = [{"id": 1, "role": "add", "keys": [{"frame": 1002, "points": corners}]}]
    document["objects"] = [{"name": "box", "spans": [{"first": 1002, "last": 1005, "splines": splines}]}]
    path = stage.FOLDER / "box.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert bpy.ops.wisp.take_roto(filepath=str(path), finish=True, band=5, wait=True) == {"FINISHED"}
    (stage.FOLDER / "saved").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(stage.FOLDER / "saved" / "roto.blend"))  # the files of before are gone
    item = strip.wisp.active_object
    assert (item.name, item.life, item.keyframes) == ("box", "1002-1005", [1002, 1003, 1004, 1005])
    for each in strip.wisp.objects:
        each.enabled = each == item
    assert bpy.ops.wisp.track(wait=True) == {"FINISHED"}
    alpha = stage.render(14)[..., 3]
    assert alpha[30:50, 50:80].min() > 0.99, "inside of the band it is as drawn"
    assert alpha[:12].max() < 0.01 and alpha[:, :32].max() < 0.01, "and outside"


def carried(strip: Any) -> None:
    """The same clip as another shot: its prompts come where their object is, in place of those of that frame."""
    wisp = strip.wisp
    plate = stage.addon("plates").plate_of(bpy.context.scene, strip)
    shot = stage.addon("document").shot_document(wisp, plate, stage.FOLDER)
    x, y = _middle(1)
    prompts = [
        {"frame": 1002, "kind": "point", "xy": [x, y], "include": True},
        {"frame": 1002, "kind": "stroke", "xy": [[x, y], [x + 3, y]], "radius": 3.0, "include": True, "softness": 0.5},
    ]
    edge = {"grow": -1.5, "frame_edge": 2}
    shot["objects"] = [{"id": 1, "name": "carried", "color": "#ff8000", "edge": edge, "prompts": prompts}]
    path = stage.FOLDER / "other.wisp"
    path.write_text(json.dumps(shot), encoding="utf-8")
    stage.must_fail(bpy.ops.wisp.carry, "no file", filepath="//none.wisp", wait=True)
    for _ in range(2):
        assert bpy.ops.wisp.carry(filepath=str(path), wait=True) == {"FINISHED"}, state(strip).message
    item = wisp.active_object
    assert item.name == "carried" and [one.kind for one in item.prompts] == ["point", "stroke"], "again in their place"
    stage.near(item.color, (1.0, 128 / 255, 0.0), 1e-3, "its colour comes along")
    assert (item.grow, item.frame_edge) == (-1.5, 2), "and its edge"
    stage.near(item.prompts[0].points[0], (x, y), 0.6, "on the same picture they stay")
    assert item.prompts[1].softness == 0.5 and item.prompts[1].radius == 3.0
    made = stage.addon("document").shot_document(wisp, plate, stage.FOLDER)
    stroke = next(one for each in made["objects"] if each["name"] == "carried" for one in each["prompts"][1:])
    assert stroke["softness"] == 0.5
    assert "1002" in state(strip).message, state(strip).message
    item.name, count = "Carried", len(wisp.objects)
    item.prompts.clear()
    for absent, kinds, words in (("1001-1008", [], "absent"), ("1003", ["point", "stroke"], "carried to 1002")):
        item.absent = absent
        assert bpy.ops.wisp.carry(filepath=str(path), wait=True) == {"FINISHED"}
        assert len(wisp.objects) == count, "to documents the two names are one"
        assert [one.kind for one in item.prompts] == kinds and words in state(strip).message, state(strip).message


def _middle(index: int) -> tuple[float, float]:
    rows, columns = np.nonzero(track.disc(index, track.RED))
    return float(columns.mean() + 0.5), float(rows.mean() + 0.5)


def _mask_picture(path: str) -> np.ndarray:
    """As `stage.render` gives it, what it covers as its alpha."""
    picture = bpy.data.images.load(path)
    width, height = picture.size
    pixels = np.array(picture.pixels[:]).reshape(height, width, 4)[::-1].copy()
    pixels[..., 3] = pixels[..., 0]
    return pixels


def others() -> None:
    """Strips without pictures of their own are refused in a sentence that says what to do."""
    clip = bpy.data.movieclips.load(str(stage.FOLDER / "bars.mp4"))
    strip = stage.select(stage.strips().new_clip("clip", clip, 5, 1))
    del strip
    assert "Add > Movie" in stage.addon("troubles").of(bpy.context).text
    stage.must_fail(bpy.ops.wisp.add_point, "movie clip strip", x=5, y=5, frame=1)
    stage.select(stage.strips().new_scene("scene", bpy.data.scenes.new("other"), 6, 1))
    assert "Render it to pictures" in stage.addon("troubles").of(bpy.context).text
