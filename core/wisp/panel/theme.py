"""The look of a window of our own. Inside a host, the host's look is used instead."""

from __future__ import annotations

#: The colour of words that tell of a failure.
FAILURE = "#ff8a75"


def failure_style(failed: bool) -> str:
    """The style sheet of a label whose words tell of a failure, or do not."""
    return f"color: {FAILURE};" if failed else ""


STYLE = """
QWidget { background: #2a2a2e; color: #d8d8de; font-size: 12px; }
QMainWindow::separator { background: #1b1b1d; width: 3px; height: 3px; }
QToolBar { background: #2a2a2e; border: 0; border-bottom: 1px solid #1b1b1d; spacing: 2px; padding: 3px; }
QToolBar::separator { background: #44444a; width: 1px; margin: 5px 5px; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: #3a3a40; }
QToolButton:checked { background: #3c4f45; border-color: #33c26b; color: #ffffff; }
QToolButton:pressed { background: #4a4a52; }
QToolButton:disabled { color: #6a6a72; }
QPushButton { background: #3a3a40; border: 1px solid #1b1b1d; border-radius: 3px; padding: 3px 9px; }
QPushButton:hover { background: #46464d; }
QPushButton:disabled, QLabel:disabled, QCheckBox:disabled, QAbstractSpinBox:disabled { color: #6a6a72; }
QListWidget { background: #232327; border: 1px solid #1b1b1d; outline: 0; }
QListWidget::item { padding: 3px; }
QListWidget::item:selected { background: #45454d; color: #ffffff; }
QLineEdit { background: #1f1f22; border: 1px solid #55555e; border-radius: 3px; padding: 2px 4px; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: 0; padding: 0; }
QCheckBox::indicator, QListWidget::indicator {
    width: 11px; height: 11px; border: 1px solid #8a8a94; border-radius: 3px; background: #1f1f22;
}
QRadioButton::indicator {
    width: 11px; height: 11px; border: 1px solid #8a8a94; border-radius: 6px; background: #1f1f22;
}
QRadioButton::indicator:checked { background: #33c26b; border-color: #d8d8de; }
QCheckBox::indicator:checked, QListWidget::indicator:checked { background: #33c26b; border-color: #d8d8de; }
QToolBar QCheckBox { margin: 0 4px; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: #55555e; }
QHeaderView::section { background: #2a2a2e; border: 0; border-bottom: 1px solid #44444a; padding: 3px; }
QTreeWidget { background: #232327; border: 1px solid #1b1b1d; outline: 0; }
QProgressBar { background: #1f1f22; border: 1px solid #17171a; border-radius: 3px; text-align: center; }
QProgressBar::chunk { background: #2f7d58; }
QMenuBar::item:selected, QMenu::item:selected { background: #45454d; }
QMenu { border: 1px solid #17171a; }
QStatusBar { background: #232327; }
QToolTip { background: #1b1b1d; color: #e6e6ea; border: 1px solid #44444a; }
"""
