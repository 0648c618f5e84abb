"""Read by Nuke when it has an interface: menus and hotkeys."""

import nuke
import nukescripts

from wisp_nuke import actions, node


def _make():
    selected = nuke.selectedNodes()
    node.create(selected[0] if selected else None).showControlPanel()


def _press(name):
    group = next((one for one in nuke.selectedNodes() if one.knob("wisp_prompts") is not None), None)
    if group is None:
        nuke.message("Select a Wisp node first.")
    else:
        actions.press(group, name)


nuke.menu("Nodes").addCommand("Wisp/Wisp", _make)
for _name, _label, _keys in (
    ("add_pos", "Add +", "alt+="),
    ("add_neg", "Add -", "alt+-"),
    ("set_box", "Box from sample", "alt+b"),
    ("track_this", "Track this frame", ""),
    ("prev_prompt", "Previous keyframe", ""),
    ("next_prompt", "Next keyframe", ""),
):
    nuke.menu("Viewer").addCommand("Wisp/" + _label, lambda name=_name: _press(name), _keys)

# The class is named as text, which Nuke evaluates when somebody opens the panel.
nukescripts.panels.registerWidgetAsPanel("__import__('wisp_nuke.panel').panel.Panel", "Wisp", "org.wisp.panel")
