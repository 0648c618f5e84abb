"""The panel under the Qt lines of Nuke 13 to 15: PySide2 on its own Pythons.

Name the interpreters in WISP_OLD_QT, separated as in PATH: environments with `PySide2==5.12.2` on Python 3.7 and
`PySide2==5.15.2.1` on Python 3.10, for example.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wisp.install import install_nuke

SCRIPT = """
import os, sys, time, types
from pathlib import Path
for name in ("numpy", "torch", "cv2", "wisp"):
    sys.modules[name] = None
sys.path.insert(0, sys.argv[1])
from wisp_nuke.vendor.host import client, engine_path
from wisp_nuke.vendor.panel import editor, frames, session, shot_edits
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
link = session.Session(engine, edits, session.Places(os.getcwd(), os.path.join(os.getcwd(), "cache")))
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
panel.set_mode("plate")
middle = panel.grab().toImage().pixelColor(panel.canvas.mapTo(panel, at(32, 10))).name()
print([p["kind"] for p in edits.objects[0]["prompts"]], engine.state, middle)
panel.close_down()
"""


def interpreters() -> list[str]:
    return [one for one in os.environ.get("WISP_OLD_QT", "").split(os.pathsep) if one] + [sys.executable]


@pytest.mark.parametrize("python", interpreters())
def test_the_panel_works(python: str, tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [python, "-c", SCRIPT, str(install_nuke(tmp_path)), sys.executable]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.split("\n")[0] == "['point', 'point'] ready #336699", run.stderr
