"""Every format comes back as it went, read by readers of its syntax; After Effects' script runs against a stand-in."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from wisp.errors import InputError, UsageError
from wisp.shapes.formats import FORMATS, format_of, read_shapes
from wisp.shapes.model import Key, ShapedObject, Shapes, Span, Spline, parse

SIZE = (320, 240)


def circle(x: float, y: float, radius: float, feather: float = 0.0) -> np.ndarray:
    at = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], float) * radius
    along = np.array([[0, 1], [-1, 0], [0, -1], [1, 0]], float) * radius * 0.5523
    return np.column_stack([at + np.array([x, y]), -along, along, np.full(4, feather)])


def moving(number: int, role: str, first: int, last: int, *circles: tuple) -> Spline:
    frames = np.linspace(first, last, len(circles)).round().astype(int)
    keys = tuple(Key(int(at), circle(*made)) for at, made in zip(frames, circles, strict=True))
    return Spline(number, role, keys)


SHAPES = Shapes(
    *SIZE,
    1001,
    1020,
    (
        ShapedObject(
            "hero",
            (
                Span(1001, 1008, (moving(1, "add", 1001, 1008, (100, 80, 60), (120, 90, 60)),)),
                Span(
                    1009,
                    1020,
                    (
                        moving(1, "add", 1009, 1020, (121, 91, 60), (150, 100, 70), (140, 120, 50)),
                        moving(2, "hole", 1009, 1020, (121, 91, 20), (140, 120, 30)),
                        moving(3, "add", 1009, 1020, (121, 91, 5), (140, 120, 9)),
                    ),
                ),
            ),
        ),
        ShapedObject("prop", (Span(1001, 1020, (moving(1, "add", 1001, 1020, (250, 200, 30)),)),)),
    ),
)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_a_format_comes_back_as_it_went(suffix: str, aspect: float, tmp_path: Path) -> None:
    path = tmp_path / f"made.{suffix}"
    path.write_text(FORMATS[suffix].write(SHAPES, aspect), "utf-8")
    back = read_shapes(path, SIZE, aspect)
    assert [item.name for item in back.objects] == ["hero", "prop"]
    for item, read in zip(SHAPES.objects, back.objects, strict=True):
        for frame in range(1001, 1021):
            one, two = (made.mask(frame, *SIZE) for made in (item, read))
            assert (one & two).sum() / (one | two).sum() > 0.999, (suffix, frame)


def test_the_document_is_exactly_what_it_promises() -> None:
    made = json.loads(SHAPES.dump())
    assert list(made) == ["wisp_shapes", "plate", "objects"] and made["wisp_shapes"] == 1
    assert made["plate"] == {"width": 320, "height": 240, "first": 1001, "last": 1020}
    spline = made["objects"][0]["spans"][1]["splines"][1]
    assert list(spline) == ["id", "role", "keys"] and spline["role"] == "hole"
    assert list(spline["keys"][0]) == ["frame", "points"]
    point = spline["keys"][0]["points"][0]
    assert list(point) == ["xy", "in", "out", "feather"] and point["xy"] == [141.0, 91.0]
    assert parse(SHAPES.dump(), "x").dump() == SHAPES.dump()


def test_nuke_counts_from_below_and_feathers_outwards(tmp_path: Path) -> None:
    soft = ShapedObject("soft", (Span(1, 9, (moving(1, "add", 1, 9, (100, 80, 40, 8.0), (110, 80, 40, 6.0)),)),))
    text = FORMATS["nk"].write(Shapes(*SIZE, 1, 9, (soft,)), 2.0)
    assert 'format "320 240 0 0 320 240 2 wisp_320x240"' in text
    path = tmp_path / "soft.nk"
    path.write_text(text)
    key = read_shapes(path, SIZE).objects[0].spans[0].splines[0].keys[0]
    assert np.allclose(key.points, circle(100, 80, 40, 8.0), atol=1e-3)
    # The first point is 40 right of the middle; inside by half of the feather, 160 = 240 - 80 above the lower edge.
    assert "x43080000" in text and "x43200000" in text


#: Laid out as Nuke saves a closed shape: one key for all points, transforms with keys; and what is no closed shape.
REAL = """Roto {
 output alpha
 curves {{{v x3f99999a}
  {f 0}
  {n
   {layer Root
    {f 2097152}
    {t x43200000 x42f00000}
    {a pt1x 0 pt1y 0}
    {curvegroup Top 512 bezier
     {{cc
       {f 8192}
       {px x44852000
        {0 0} {100 100} {0 0}
        {0 0} {200 100} {0 0}
        {0 0} {200 200} {0 0}
        {0 0} {100 200} {0 0}}}     idem}
     {t {{1065 150} {1070 150}} 150 0 {{1065 0} {1070 20}} 0 0 0 0 0 1 1 1 0}
     {a osw x41200000 osf 0 str 1 sb 1 tt x40800000}}
    {curvegroup Spline 512 bspline
     {{cc {f 8192} {px 1 {0 0} {1 1} {0 0} {0 0} {2 1} {0 0}}} idem} {a}}
    {cubiccurve Brush1 512 catmullrom {cc {f 2080} {p {1 2 1} {3 4 1}}} {a}}}}}}
 name Roto7
}
"""


def test_nukes_own_layout_is_read(tmp_path: Path) -> None:
    path = tmp_path / "real.nk"
    path.write_text(REAL)
    found = read_shapes(path, SIZE)
    (item,) = found.objects
    assert item.name == "Roto7" and item.key_frames() == (1065, 1070)
    mask = item.mask(1070, *SIZE)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (rows[0], rows[-1] + 1) == (40, 140) and (columns[0], columns[-1] + 1) == (120, 220)


def test_after_effects_makes_masks_of_it(tmp_path: Path) -> None:
    """The script is run by a JavaScript engine with objects that record what is set."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, to run the script")
    stand_in = """
    var log = [];
    function CompItem() { this.frameDuration = 1 / 25; this.pixelAspect = 1; }
    function Shape() {}
    var MaskMode = {ADD: "add", SUBTRACT: "subtract"}, KeyframeInterpolationType = {LINEAR: "linear", HOLD: "hold"};
    function prop(name) { return {numKeys: 0, keys: [], kind: [],
      setValueAtTime: function (t, v) { this.keys.push([t, v]); this.numKeys = this.keys.length; },
      setInterpolationTypeAtKey: function (n, a, b) { this.kind[n - 1] = a; }}; }
    function mask() { var parts = {}; var made = {property: function (n) { return parts[n] || (parts[n] = prop(n)); },
      parts: parts}; return made; }
    var comp = new CompItem();
    comp.layers = {addSolid: function (c, name, w, h) { var masks = []; log.push([name, w, h, masks]);
      function add() { var made = mask(); masks.push(made); return made; }
      return {property: function () { return {addProperty: add}; }};
    }};
    var app = {project: {activeItem: comp}, beginUndoGroup: function () {}, endUndoGroup: function () {}};
    """
    script = tmp_path / "run.js"
    script.write_text(stand_in + FORMATS["jsx"].write(SHAPES, 1.0) + "console.log(JSON.stringify(log));")
    done = subprocess.run([node, str(script)], capture_output=True, text=True, check=True)
    (name, width, height, masks), (other, *_) = json.loads(done.stdout)
    assert (name, width, height, other) == ("hero", 320, 240, "prop") and len(masks) == 4
    assert [made["maskMode"] for made in masks] == ["add", "add", "subtract", "add"]
    path = masks[1]["parts"]["ADBE Mask Shape"]
    assert [round(at * 25) for at, _ in path["keys"]] == [8, 13, 19] and set(path["kind"]) == {"linear"}
    assert path["keys"][0][1]["vertices"][0] == [181, 91] and path["keys"][0][1]["closed"] is True
    opacity = masks[0]["parts"]["ADBE Mask Opacity"]
    assert [(round(at * 25), value) for at, value in opacity["keys"]] == [(0, 100), (8, 0)]
    assert set(opacity["kind"]) == {"hold"}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", "{", "is no JSON"),
        ("a.json", "{}", "no shapes document"),
        ("a.json", '{"wisp_shapes": 2}', "version 2"),
        ("a.json", '{"wisp_shapes": 1}', "'plate' is missing"),
        ("a.json", SHAPES.dump().replace("320", "640", 1), "640x240"),
        ("a.json", SHAPES.dump().replace('"hole"', '"mask"', 1), "neither 'add' nor 'hole'"),
        ("a.json", SHAPES.dump().replace("[141.0,91.0]", "[141.0]", 1), "two numbers"),
        ("a.nk", "Roto {\n curves {{{v 1} {n {layer Root}}}}\n}", "no visible, closed Bezier shape"),
        ("a.nk", "Blur { size 3 }", "no visible, closed Bezier shape"),
        ("a.nk", "Roto { curves {", "not closed"),
        ("a.nk", "{" * 500, "nested too deeply"),
        ("a.fxs", "<Silhouette/>", "names no size"),
        ("a.fxs", "<Silhouette", "no Silhouette file"),
        ("a.fxs", '<!DOCTYPE a [<!ENTITY b "c">]><Silhouette width="320" height="240"/>', "entities"),
        ("a.svg", '<svg viewBox="0 0 320 240"><path d="M0 0L9 9"/></svg>', "no visible, closed path"),
        ("a.svg", '<svg viewBox="0 0 320 240"><path d="M0 0A9 9 0 0 0 1 1Z"/></svg>', "not read"),
        ("a.jsx", "alert(1)", "without shapes"),
        ("a.xyz", "", "no format of shapes"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(name: str, text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises((InputError, UsageError)) as caught:
        read_shapes(path, SIZE)
    assert says in str(caught.value)


def test_a_missing_file_and_a_binary_one(tmp_path: Path) -> None:
    (tmp_path / "b.nk").write_bytes(b"\xff\xfe\x00")
    for name in ("a.nk", "b.nk"):
        with pytest.raises(InputError, match="Cannot read"):
            read_shapes(tmp_path / name, SIZE)
    with pytest.raises(UsageError):
        format_of(Path("shapes"))


def test_thousands_of_parts_are_refused(tmp_path: Path) -> None:
    splines = tuple(moving(number, "add", 1, 1, (5, 5, 2)) for number in range(2500))
    text = Shapes(*SIZE, 1, 1, (ShapedObject("many", (Span(1, 1, splines),)),)).dump()
    (tmp_path / "many.json").write_text(text)
    with pytest.raises(InputError, match="2500 shapes on one frame"):
        read_shapes(tmp_path / "many.json", SIZE)


def test_foreign_drawings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "drawing.svg"
    outer, inner = "M10 10 H110 V110 H10 Z", "m30 30 l40 0 l0 40 l-40 0 z"
    path.write_text(f'<svg viewBox="0 0 320 240"><path d="{outer} {inner}"/></svg>')
    mask = read_shapes(path, SIZE, 1.0, 1001).objects[0].mask(1001, *SIZE)
    assert mask.sum() == 100 * 100 - 40 * 40
