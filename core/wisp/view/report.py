"""What those who help need to know of this installation, without a path or a name in it: `wisp doctor`, in a window."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..client.problem import PAGE
from ..panel.qt import Qt, QtCore, QtGui, QtWidgets


class ProblemReport(QtWidgets.QDialog):
    """Shown before anybody gets it; copied or saved by whoever reads it. Nothing is sent."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Report a problem")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, True)
        self.resize(760, 520)
        self.page = QtWidgets.QPlainTextEdit("Looking at this installation ...")
        self.page.setReadOnly(True)
        self.page.setLineWrapMode(QtWidgets.QPlainTextEdit.LineWrapMode.NoWrap)
        self.page.setFont(QtGui.QFontDatabase.systemFont(QtGui.QFontDatabase.SystemFont.FixedFont))
        self.copy_button, self.save_button = QtWidgets.QPushButton("Copy"), QtWidgets.QPushButton("Save as...")
        self.copy_button.setToolTip("Put the page on the clipboard")
        self.save_button.setToolTip("Write the page as a text file")
        self.copy_button.clicked.connect(lambda *_: QtWidgets.QApplication.clipboard().setText(self.page.toPlainText()))
        self.save_button.clicked.connect(lambda *_: self._save())
        words = QtWidgets.QLabel("This page holds no path and no name of yours. Nothing is sent anywhere.")
        buttons = QtWidgets.QHBoxLayout()
        buttons.addWidget(words, 1)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.page)
        column.addLayout(buttons)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(False)
            buttons.addWidget(button)
        # A process of its own: it looks at the device, which loads much and may fail.
        self._doctor = QtCore.QProcess(self)
        self._doctor.finished.connect(self._tell)  # no lambda: it would be called after both are gone
        self._doctor.errorOccurred.connect(self._tell)
        self._doctor.start(sys.executable, ["-X", "utf8", *PAGE])

    def closeEvent(self, event: Any) -> None:  # noqa: N802 (Qt's name)
        self._doctor.blockSignals(True)
        self._doctor.kill()
        self._doctor.waitForFinished(1000)
        event.accept()

    def reject(self) -> None:
        """Escape: as by closing."""
        self.close()

    def _tell(self, *_: object) -> None:
        said = bytes(self._doctor.readAllStandardOutput().data()).decode("utf-8", "replace").rstrip()
        self.page.setPlainText(said or f"It could not be told: {self._doctor.errorString()}.")
        for button in (self.copy_button, self.save_button):
            button.setEnabled(bool(said))

    def _save(self) -> None:
        name, _ = QtWidgets.QFileDialog.getSaveFileName(self, "Save the report", "wisp-report.txt", "Text (*.txt)")
        if name:
            try:
                Path(name).write_text(self.page.toPlainText() + "\n", "utf-8")
            except OSError as error:
                QtWidgets.QMessageBox.warning(self, "Wisp", f"{name} cannot be written: {error}.")
