"""The panel under the Qt lines of Nuke 13, 15 and 16, each on its own Python, and under this one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import qt_lines
from wisp.install import install_nuke

SCRIPT = """
import os, sys, time, types
from pathlib import Path
for name in ("numpy", "torch", "cv2", "wisp"):
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1])
from wisp_nuke.vendor.client import client, engine_path, session, shot_edits
from wisp_nuke.vendor.panel import editor, frames, qt
from wisp_nuke.vendor.panel.qt import Qt, QtCore, QtGui, QtWidgets
if QtCore.__name__.startswith("PySide2"):
    from PySide2.QtTest import QTest
else:
    from PySide6.QtTest import QTest

class Blue(frames.FrameSource):
    def plate(self, frame):
        image = QtGui.QImage(64, 48, QtGui.QImage.Format.Format_RGB32)
        image.fill(QtGui.QColor("#336699"))
        return image

app = QtWidgets.QApplication([])
plate = {"path": "p.%04d.png", "first": 1, "last": 9, "width": 64, "height": 48}
edits = shot_edits.ShotEdits({"wisp": 1, "plate": plate, "objects": []})
engine = client.Client(engine_path.command(Path(sys.argv[2])), "old-qt", Path("log"))
places = session.Places(os.getcwd(), os.path.join(os.getcwd(), "cache"), own=os.path.join(os.getcwd(), "own"))
link = session.Session(engine, lambda: edits.document, places, qt.clock)
panel = editor.Editor(edits, Blue(), link, os.getcwd())
panel.resize(900, 600)
panel.show()
panel.live.setChecked(False)
link.open()

def wait(until):
    deadline = time.time() + 180
    while not until() and time.time() < deadline:
        app.processEvents()
        time.sleep(0.01)

def active():  # shortcuts belong to the active window
    panel.activateWindow()
    return app.activeWindow() is panel

wait(active)
left, right, none = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier
at = lambda x, y: panel.canvas.to_screen(x, y).toPoint()
QTest.mouseClick(panel.canvas, left, none, at(20, 20))
QTest.mouseClick(panel.canvas, right, none, at(40, 20))
QTest.keyClick(panel.canvas, Qt.Key.Key_S)
QTest.mousePress(panel.canvas, left, none, at(10, 30))
QTest.mouseMove(panel.canvas, at(50, 40))
QTest.mouseRelease(panel.canvas, left, none, at(50, 40))
QTest.keyClick(panel.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
wait(lambda: engine.state == "ready" and panel.loader.get(("plate", 1)) is not None)
for mode in ("plate", "matte", "tint", "cutout", "checker"):
    panel.set_mode(mode)
    panel.grab()
row = panel.edge.rows["black"]
row.slider.setValue(row.slider.maximum())
row.number.setValue(0.5)
panel.set_mode("plate")
middle = panel.grab().toImage().pixelColor(panel.canvas.mapTo(panel, at(32, 10))).name()
print([p["kind"] for p in edits.objects[0]["prompts"]], engine.state, middle, edits.objects[0]["edge"]["black"])
panel.close_down()
panel.session.close()
"""


@pytest.mark.parametrize("line", [None, *qt_lines.LINES], ids=lambda line: line.name if line else "this Python")
def test_the_panel_works(line: qt_lines.Line | None, tmp_path: Path) -> None:
    if line is not None and line.lack:
        pytest.skip(f"no {line.name}: {line.lack}")
    python = str(line.interpreter) if line else sys.executable
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [python, "-c", SCRIPT, str(install_nuke(tmp_path)), sys.executable]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.split("\n")[0] == "['point', 'point'] ready #336699 0.5", run.stderr
