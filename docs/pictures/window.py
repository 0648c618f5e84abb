"""The pictures of the window in view.md, of the window as it is: python docs/pictures/window.py PLATE [FOLDER]

PLATE: the clip of a car that drives to the left, 854x480, of which the masks below are drawn on its first frame.
Needs no screen. Pictures are written beside this file, or into FOLDER.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
#: Drafts and mattes of a person stay out of it.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp()

from wisp.panel import compose
from wisp.panel.gestures import BOX, POINT_ADD, POINT_REMOVE
from wisp.panel.qt import Qt, QtCore, QtGui, QtWidgets
from wisp.view.places import open_target
from wisp.view.window import Window, application

#: Drawn on the first frame: around the car, and on its shadow. Plate pixels.
CAR, SHADOW = ((312.0, 88.0), (652.0, 280.0)), (480.0, 272.0)
#: What is tracked, and the frame that is looked at.
LAST, LOOKED_AT = 7, 3


def main(plate: Path, folder: Path) -> None:
    app = application()
    window = Window(open_target(plate))
    window.resize(1280, 720)
    window.show()
    editor, session = window.editor, window.editor.session

    def wait(until: Callable[[], bool]) -> None:
        while not until():
            app.processEvents()
            time.sleep(0.01)

    def settle(seconds: float = 1.0) -> None:
        end = time.monotonic() + seconds
        wait(lambda: time.monotonic() > end)

    def mouse(kind: QtCore.QEvent.Type, xy: tuple[float, float]) -> None:
        place = editor.canvas.to_screen(*xy)
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        app.sendEvent(editor.canvas, QtGui.QMouseEvent(kind, place, place, left, left, none))

    def draw(tool: str, *path: tuple[float, float]) -> None:
        editor.set_tool(tool)
        mouse(QtCore.QEvent.Type.MouseButtonPress, path[0])
        for xy in path[1:]:
            mouse(QtCore.QEvent.Type.MouseMove, xy)
        mouse(QtCore.QEvent.Type.MouseButtonRelease, path[-1])

    def save(name: str, widget: QtWidgets.QWidget = window) -> None:
        settle()
        widget.grab().save(str(folder / f"view-{name}.png"))

    settle(2.0)
    editor.commands["subject"].trigger()
    wait(lambda: bool(editor.canvas.candidates))
    save("subject")
    editor.canvas.offer([])
    draw(BOX, *CAR)
    draw(POINT_REMOVE, SHADOW)
    editor.set_tool(POINT_ADD)
    wait(lambda: session.mattes.path(1, editor.edits.first) is not None and session.settled)
    save("tint")
    editor.edits.mark_out = LAST
    editor.commands["track-both"].trigger()
    wait(
        lambda: session.progress is not None and session.progress.stage == "matte" and session.progress.done > LAST // 2
    )
    editor.go(1)
    settle(0.3)
    window.grab().save(str(folder / "view-tracking.png"))
    wait(lambda: session.settled)
    editor.go(LOOKED_AT)
    editor.set_mode(compose.CHECKER)
    save("checker")
    editor.set_mode(compose.TINT)
    editor.commands["onion"].trigger()
    save("neighbours")
    editor.commands["onion"].trigger()
    dialog = editor.beside.deliver()
    dialog.layouts.setCurrentIndex(dialog.layouts.findData("rgba"))
    dialog.output.setText("/jobs/sh010/delivery")
    dialog.version.setCurrentText("next")
    save("deliver", dialog)
    dialog.close()
    editor.edits.mark_saved()
    window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
