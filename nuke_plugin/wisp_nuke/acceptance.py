"""What only a real Nuke can tell, asked in one: run `acceptance.run()` there and send the file that it writes.

Every point here is something that the plug-in relies on and that no documentation settles.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from . import graph, host, node, plates, prompts

Check = Tuple[str, Callable[[], str]]


class Skip(Exception):  # noqa: N818 (an outcome, not a fault)
    """The point cannot be asked here."""


def run(path: str = "") -> List[Dict[str, str]]:
    """Ask every point; print the table and write it to `path` (default: `wisp-acceptance.json` in the home folder).

    The open script is left as it was.
    """
    rows: List[Dict[str, str]] = []
    with host.not_undoable():
        for name, check in CHECKS:
            rows.append(dict(zip(("point", "result", "seen"), (name, *_asked(check)))))
    for row in rows:
        print("{result:5} {point}: {seen}".format(**row))
    target = Path(path or os.path.expanduser("~")) / ("" if path else "wisp-acceptance.json")
    target.write_text(json.dumps({"host": host.about(), "points": rows}, indent=1), encoding="utf-8")
    return rows


def _asked(check: Callable[[], str]) -> Tuple[str, str]:
    before = set(host.all_nodes())
    try:
        return "PASS", check()
    except Skip as reason:
        return "SKIP", str(reason)
    except Exception:  # whatever a host raises is what we want to know
        return "FAIL", traceback.format_exc(limit=3)
    finally:
        for left in set(host.all_nodes()) - before:
            host.delete(left)


def _expect(truth: bool, seen: Any) -> str:
    if not truth:
        raise AssertionError(f"saw {seen!r}")
    return str(seen)


def _plate() -> Any:
    """A small picture with a known value everywhere."""
    return host.create("Constant", color=0.25, format="square_256")


def _absent_knob() -> str:
    group = host.create("Group")
    _expect(group.knob("nonsense") is None, "knob() of an absent knob")
    try:
        group["nonsense"]
    except Exception as error:
        return type(error).__name__
    raise AssertionError("an absent knob did not raise")


def _text_is_kept() -> str:
    group = node.create(_plate())
    text = prompts.dump({"v": 1, "size": [256, 256], "objects": []})
    group["wisp_prompts"].setValue(text)
    return _expect(host.text_of(group["wisp_prompts"]) == text, host.text_of(group["wisp_prompts"])[:20])


def _inside_is_complete() -> str:
    group = node.create(_plate())
    missing = graph.faults(
        group, graph.desired([], node.frame_of(group, "wisp_first"), node.frame_of(group, "wisp_last"))
    )
    return _expect(not missing, missing)


def _keys_hold() -> str:
    group = node.create(_plate())
    host.constant_keys(group["wisp_state_1"], {1: 0, 5: 1, 8: 0})
    seen = [group["wisp_state_1"].getValueAt(frame) for frame in (1, 4, 5, 7, 8)]
    return _expect(seen == [0, 0, 1, 1, 0], seen)


def _plate_values() -> str:
    import tempfile

    group = node.create(_plate())
    folder = tempfile.mkdtemp(prefix="wisp-acceptance-")
    names = [one.name() for one in group.nodes()]
    made = plates.export(group, folder, 1, 1)
    _expect(made == 1 and [one.name() for one in group.nodes()] == names, "nodes left in the group")
    read = host.create("Read", file=(Path(folder) / (plates.PATTERN % 1)).as_posix(), raw=True)
    seen = round(read.sample("red", 100, 100) * 255)
    return _expect(seen == 137, seen)


def _guard_outside_the_interface() -> str:
    if host.has_interface():
        raise Skip("ask with nuke -t")
    group = node.create(_plate())
    write = host.create(
        "Write", file_type="exr", file=(Path(os.path.expanduser("~")) / "wisp-acceptance.exr").as_posix()
    )
    write.setInput(0, group)
    try:
        host.execute(write, 1, 1, host.views()[0])
    except RuntimeError as error:
        return str(error)
    raise AssertionError("an unsolved frame was rendered")


def _gui_in_expressions() -> str:
    switch = host.create("Switch")
    switch["which"].setExpression("$gui")
    return _expect(bool(switch["which"].value()) == host.has_interface(), switch["which"].value())


def _sampler() -> str:
    if not host.has_interface():
        raise Skip("needs a viewer")
    sample = host.viewer_sample()
    if sample is None:
        raise Skip("Ctrl+click a pixel in the viewer, then run again")
    return f"{sample.box} on {sample.form}"


CHECKS: Tuple[Check, ...] = (
    ("an absent knob", _absent_knob),
    ("prompts survive in a knob", _text_is_kept),
    ("the inside of a new node", _inside_is_complete),
    ("constant keys", _keys_hold),
    ("plate values: linear 0.25 is 137", _plate_values),
    ("$gui in expressions", _gui_in_expressions),
    ("Assert stops a render", _guard_outside_the_interface),
    ("the viewer's sampler", _sampler),
)
