"""The entries in Nuke's menus, with their hotkeys."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Dict, Tuple

from . import actions, callbacks, host, node, several
from .vendor.client.folders import config_folder

#: Button -> label and hotkey in the Viewer menu. `hotkeys.json` in the user's settings folder replaces hotkeys.
VIEWER: Dict[str, Tuple[str, str]] = {
    "add_pos": ("Add +", "alt+="),
    "add_neg": ("Add -", "alt+-"),
    "set_box": ("Box from sample", "alt+b"),
    "delete_prompt": ("Delete nearest", ""),
    "track_this": ("Track this frame", ""),
    "prev_prompt": ("Previous keyframe", ""),
    "next_prompt": ("Next keyframe", ""),
    "prev_doubt": ("Previous suspicious frame", ""),
    "next_doubt": ("Next suspicious frame", ""),
    "prev_lost": ("Previous lost frame", ""),
    "next_lost": ("Next lost frame", ""),
}


def install() -> None:
    """Fill the menus and register the panel."""
    host.add_command("Nodes", "Wisp/Wisp", make)
    chosen = hotkeys()
    for name, (label, keys) in VIEWER.items():
        host.add_command("Viewer", "Wisp/" + label, partial(press, name), chosen.get(name, keys))
    host.add_command("Nuke", "Wisp/Track all nodes, one after another", several.begin)
    host.add_command("Nuke", "Wisp/Stop tracking nodes", several.ROUND.stop)
    host.add_command("Nuke", "Wisp/Acceptance test", acceptance)
    # The class is named as text, which Nuke evaluates when somebody opens the panel.
    host.add_panel("__import__('wisp_nuke.panel').panel.Panel", "Wisp", "org.wisp.panel")
    host.on_renders(callbacks.before_render, callbacks.after_render)
    host.on_script(callbacks.before_save, callbacks.before_close)


def make() -> None:
    """A Wisp node on what is selected."""
    selected = host.selected()
    with host.undo_step("Wisp"):
        group = node.create(selected[0] if selected else None)
    group.showControlPanel()
    fault = node.limited(group)
    if fault is not None:
        host.message(fault)


def press(name: str) -> None:
    """A button of the selected Wisp node; without one, of the only one there is or the one that is being picked for."""
    nodes = host.wisp_nodes()
    chosen = host.selected_wisp_nodes() or [one for one in nodes if host.choice(one["wisp_mode"])]
    chosen = chosen or (nodes if len(nodes) == 1 else [])
    if chosen:
        actions.press(chosen[0], name)
    else:
        host.message("Select a Wisp node first.")


def acceptance() -> None:
    """Ask this Nuke what only a real one can tell."""
    from . import acceptance as points

    rows = points.run()
    failed = [row["point"] for row in rows if row["result"] == "FAIL"]
    host.message(
        "Written to wisp-acceptance-gui.json in your home folder.\n"
        + ("Failed: " + ", ".join(failed) if failed else "Nothing failed.")
    )


def hotkeys() -> Dict[str, str]:
    """The user's own hotkeys: button -> keys."""
    path = config_folder(os.environ) / "hotkeys.json"
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(keys) for name, keys in found.items()} if isinstance(found, dict) else {}
