"""Nuke's panel under the Qt lines of Nuke 13, 15 and 16, each on its own Python: the plate and a matte of the engine's,
read through a process of its Python, and shown. `WISP_SHOTS` names a folder for pictures of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import qt_lines
from wisp.install import install_nuke
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window

WIDTH, HEIGHT = 320, 180
SCRIPT = """
import json, os, sys, time, types
for name in ("numpy", "torch", "cv2", "wisp"):
    sys.modules[name] = None
stub = types.ModuleType("nuke")
stub.INVISIBLE, stub.DO_NOT_WRITE, stub.STARTLINE, stub.NO_UNDO, stub.SAVE_MENU, stub.GUI = 1, 2, 4, 8, 16, True
sys.modules["nuke"] = stub
sys.path.insert(0, sys.argv[1])
folder, document, matte = sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
from wisp_nuke import engine, follow, panel, pictures, solving
from wisp_nuke.vendor.panel.qt import Qt, QtCore, QtGui, QtWidgets

app = QtWidgets.QApplication([])
frames = pictures.EngineFrames(engine.pictures(document, folder))
edits = panel.ShotEdits(document)
client = engine.ENGINE.client()
places = solving.Places(folder, os.path.join(folder, "cache"), own=os.path.join(folder, "own"))
session = solving.Session(client, lambda: edits.document, places, engine.ENGINE.clock, own_engine=False)
holder = panel.Panel()
holder.editor = editor = panel.Editor(edits, frames, session, folder)
holder._frames = frames
holder._column.addWidget(editor)
holder.resize(1100, 700)
holder.show()
editor.show()
session.open()

def wait(until):
    deadline = time.time() + 120
    while not until():
        assert time.time() < deadline, "still waiting"
        engine.ENGINE.poll()
        app.processEvents()
        time.sleep(0.01)

known = []
session.mattes_known.connect(lambda: known.append(True))
wait(lambda: known and editor.loader.get(("plate", 1)) is not None)
editor.loader.want([("matte", matte)])
wait(lambda: editor.loader.get(("matte", matte)) is not None)
read = editor.loader.get(("matte", matte))
plate = editor.loader.get(("plate", 1))
assert not hasattr(plate, "reason"), plate
assert not hasattr(read, "reason"), read
for _ in range(20):
    app.processEvents()
    time.sleep(0.01)
if os.environ.get("WISP_SHOTS"):
    holder.grab().save(os.path.join(os.environ["WISP_SHOTS"], "editor-{}.png".format(QtCore.__version__)))
keys = [key for one in editor.findChildren(panel.QAction) for key in one.shortcuts()]
assert panel.sequence(int(Qt.Key.Key_Right), Qt.KeyboardModifier.NoModifier) in keys, keys
follow.PICKS.watch(True)
follow.PICKS.watch(False)
print(plate.pixelColor(160, 90).name(), read.alpha.pixelColor(160, 90).name(), read.alpha.pixelColor(2, 2).name())
holder.close()
print(frames._process.wait(20))
engine.ENGINE.stop()
"""


@pytest.mark.parametrize("line", [None, *qt_lines.LINES], ids=lambda line: line.name if line else "this Python")
def test_the_panel_shows_plate_and_mattes(line: qt_lines.Line | None, tmp_path: Path) -> None:
    if line is not None and line.lack:
        pytest.skip(f"no {line.name}: {line.lack}")
    window = Window(0, 0, WIDTH, HEIGHT)
    disc = np.zeros((HEIGHT, WIDTH), np.float32)
    cv2.circle(disc, (160, 90), 60, 1.0, -1, cv2.LINE_AA)
    ramp = np.linspace(0.02, 0.3, WIDTH, dtype=np.float32)[None].repeat(HEIGHT, 0)
    for frame in (1, 2, 3):
        planes = {"R": ramp * (1 - disc) + disc * 0.5, "G": ramp * (1 - disc) + disc * 0.25, "B": ramp}
        half = {name: plane.astype(np.float16) for name, plane in planes.items()}
        write_exr(tmp_path / f"plate.{frame:04d}.exr", half, display=window, data=window)
    matte = tmp_path / "matte.exr"
    write_exr(matte, dict.fromkeys("RGB", disc.astype(np.float16)), display=window, data=window)
    box = {"frame": 1, "kind": "box", "xyxy": [95, 25, 225, 155]}
    point = {"frame": 1, "kind": "point", "xy": [20, 20], "include": False}
    plate = {"path": "plate.%04d.exr", "first": 1, "last": 3, "width": WIDTH, "height": HEIGHT}
    plate["colorspace"] = "Linear Rec.709 (sRGB)"
    item = {"id": 1, "name": "disc", "color": "#33c26b", "prompts": [box, point]}
    document = {"wisp": 1, "plate": plate, "objects": [item]}

    python = str(line.interpreter) if line else sys.executable
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "WISP_ENGINE": sys.executable}
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        environment[name] = str(tmp_path / name.lower())
        (tmp_path / name.lower()).mkdir(mode=0o700)
    command = [python, "-c", SCRIPT, str(install_nuke(tmp_path)), str(tmp_path), json.dumps(document), str(matte)]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    # Linear 0.5 and 0.25 are 188 and 137 on an sRGB display; the ramp's middle in blue.
    assert run.stdout.splitlines()[0].startswith("#bc89") if run.stdout else False, run.stderr
    assert run.stdout.split()[1:] == ["#ffffff", "#000000", "0"], run.stdout + run.stderr
