"""The one table of commands: every row can be reached, has words that teach, and stands in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from helpers.hand import Hand
from wisp.panel.commands import COMMANDS, GESTURES, MENUS, rows
from wisp.panel.keys import KeysPage
from wisp.panel.qt import QtWidgets
from wisp.view.window import Window

PAGE = Path(__file__).resolve().parents[2] / "docs" / "view.md"


def test_no_key_and_no_name_is_given_twice() -> None:
    keys = [key for one in COMMANDS for key in one.keys]
    names = [one.name for one in COMMANDS]
    assert len(set(keys)) == len(keys) and len(set(names)) == len(names)
    assert {one.menu for one in COMMANDS} == set(MENUS)


def test_every_command_is_in_a_menu_with_its_key_and_a_hint(window: Window) -> None:
    actions = [action for bar in window.menuBar().actions() for action in bar.menu().actions()]
    entries = {action.text(): action for action in actions if not action.isSeparator()}
    assert list(entries) == sorted(
        entries, key=[one.text for menu in MENUS for one in COMMANDS if one.menu == menu].index
    )
    for one in COMMANDS:
        action = entries[one.text]
        assert [key.toString() for key in action.shortcuts()] == list(one.keys), one.name
        assert action.toolTip().startswith(one.hint) and len(one.hint) > 8, one.name


def test_lines_part_every_menu_into_groups_that_are_seen_at_once(window: Window) -> None:
    for bar in window.menuBar().actions():
        lines = "".join("|" if action.isSeparator() else "-" for action in bar.menu().actions())
        assert max(map(len, lines.split("|"))) <= 8, bar.text()


def test_a_window_opened_again_has_its_menus_once(window: Window, hand: Hand, plates: Path) -> None:
    before = [action.text() for action in window.menuBar().actions()]
    window.open(plates / "sh010.1003.png")
    assert [action.text() for action in window.menuBar().actions()] == before
    window.commands["quit"].trigger()
    assert not window.isVisible()


def test_a_host_without_a_menu_bar_has_them_in_the_tool_bar(window: Window) -> None:
    from wisp.panel.editor import Editor

    editor = Editor(window.editor.edits, window.editor.loader._source, window.editor.session, window.editor.root)
    (button,) = [one for one in editor.toolbar.findChildren(QtWidgets.QToolButton) if one.text() == "More"]
    listed = [action.text() for menu in button.menu().actions() for action in menu.menu().actions()]
    assert "Deliver..." in listed and "Next doubt" in listed and "Open shot or plate..." not in listed
    editor.close_down()


def test_the_page_of_keys_holds_them_all_and_searches(window: Window) -> None:
    page = window.show_keys()
    assert isinstance(page, KeysPage)
    shown = [(row.text(0), row.text(1)) for _, part in page.parts for row in part]
    assert sorted(shown) == sorted(rows())
    page.search.setText("next doubt")
    visible = [row.text(0) for head, part in page.parts if not head.isHidden() for row in part if not row.isHidden()]
    assert visible == ["], N"]
    page.close()


def test_the_documentation_has_the_same_table() -> None:
    table = dict(re.findall(r"^\| (`?.+?`?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    said = {keys.replace("`", ""): what for keys, what in table.items()}
    for keys, what in rows():
        assert said.get(keys) == what, keys
    assert len(GESTURES) > 5
