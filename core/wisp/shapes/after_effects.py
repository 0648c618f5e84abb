"""Shapes as an After Effects script (`.jsx`): a solid per object, a mask per spline and span, keyed.

The script carries the shapes as the plain document; it uses the documented scripting guide only (Shape, addProperty,
setValueAtTime). A mask's feather lies on both sides of it, as ours does; After Effects' feathers per point lie on one
side, so that a mask gets the mean one of its points. Not run in After Effects.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import InputError
from .model import Shapes, parse

_SCRIPT = """// Roto shapes. In After Effects: File > Scripts > Run Script File, with the plate's composition open.
(function () {
  var shapes = @DOCUMENT@;
  var comp = app.project.activeItem;
  if (!(comp instanceof CompItem)) {
    alert("Open the plate's composition first.");
    return;
  }
  var plate = shapes.plate;
  function time(frame) {
    return (frame - plate.first) * comp.frameDuration;
  }
  function mask(layer, name, spline, span) {
    var made = layer.property("ADBE Mask Parade").addProperty("ADBE Mask Atom");
    made.name = name + " " + spline.id + " " + span.first;
    made.maskMode = spline.role === "hole" ? MaskMode.SUBTRACT : MaskMode.ADD;
    var path = made.property("ADBE Mask Shape");
    var feather = made.property("ADBE Mask Feather");
    for (var k = 0; k < spline.keys.length; k++) {
      var key = spline.keys[k], shape = new Shape(), width = 0;
      var vertices = [], inTangents = [], outTangents = [];
      for (var p = 0; p < key.points.length; p++) {
        vertices.push(key.points[p].xy);
        inTangents.push(key.points[p]["in"]);
        outTangents.push(key.points[p].out);
        width += key.points[p].feather / key.points.length;
      }
      shape.vertices = vertices;
      shape.inTangents = inTangents;
      shape.outTangents = outTangents;
      shape.closed = true;
      path.setValueAtTime(time(key.frame), shape);
      feather.setValueAtTime(time(key.frame), [width, width]);
    }
    for (var n = 1; n <= path.numKeys; n++) {
      path.setInterpolationTypeAtKey(n, KeyframeInterpolationType.LINEAR, KeyframeInterpolationType.LINEAR);
    }
    var opacity = made.property("ADBE Mask Opacity");
    if (span.first > plate.first) opacity.setValueAtTime(time(plate.first), 0);
    opacity.setValueAtTime(time(span.first), 100);
    if (span.last < plate.last) opacity.setValueAtTime(time(span.last + 1), 0);
    for (var o = 1; o <= opacity.numKeys; o++) {
      opacity.setInterpolationTypeAtKey(o, KeyframeInterpolationType.HOLD, KeyframeInterpolationType.HOLD);
    }
  }
  app.beginUndoGroup("Roto shapes");
  for (var i = 0; i < shapes.objects.length; i++) {
    var object = shapes.objects[i];
    var layer = comp.layers.addSolid([1, 1, 1], object.name, plate.width, plate.height, comp.pixelAspect);
    for (var s = 0; s < object.spans.length; s++) {
      for (var j = 0; j < object.spans[s].splines.length; j++) {
        mask(layer, object.name, object.spans[s].splines[j], object.spans[s]);
      }
    }
  }
  app.endUndoGroup();
})();
"""
_DOCUMENT = re.compile(r"^\s*var shapes = (\{.*\});$", re.MULTILINE)


def write(shapes: Shapes) -> str:
    """The script."""
    return _SCRIPT.replace("@DOCUMENT@", shapes.dump().strip())


def read(text: str, source: str | Path) -> Shapes:
    """The shapes in a script that `write` made. InputError for any other script."""
    found = _DOCUMENT.search(text)
    if found is None:
        raise InputError(f"{source} is a script without shapes of Wisp.", hint="Give another format.", path=source)
    return parse(found[1], source)
