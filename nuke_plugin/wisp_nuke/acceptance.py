"""What only a real Nuke can tell, asked in one: run `acceptance.run()` there and send the file that it writes.

Every point here is something that the plug-in relies on and that no documentation settles.
"""

from __future__ import annotations

import json
import os
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

from . import acceptance_points, acceptance_unknowns, callbacks, host, recording, state
from .acceptance_points import Skip
from .acceptance_unknowns import UNKNOWN

CHECKS = (*acceptance_points.CHECKS, *acceptance_unknowns.CHECKS)


def run(path: str = "") -> List[Dict[str, str]]:
    """Ask every point; print the table and write it, with a recording of all calls, to `path` (default:
    `wisp-acceptance-gui.json`, or `-terminal`, in the home folder).

    The open script is left as it was.
    """
    rows: List[Dict[str, str]] = []
    recorder = recording.Recorder(host.nuke)
    module, host.nuke = host.nuke, recorder.module
    # What the host says of knobs is asked below; that the plug-in hears it would be no answer.
    hears, callbacks.knob_changed = callbacks.knob_changed, lambda: None
    try:
        with host.housekeeping():
            for name, check in CHECKS:
                recorder.point = name
                rows.append(dict(zip(("point", "result", "seen"), (name, *_asked(check)))))
    finally:
        host.nuke, callbacks.knob_changed = module, hears
    for row in rows:
        print("{result:5} {point}: {seen}".format(**row))
    mode = "gui" if host.has_interface() else "terminal"
    target = Path(path or os.path.join(os.path.expanduser("~"), f"wisp-acceptance-{mode}.json"))
    found = {"host": host.about(), "mode": mode, "points": rows, "unknowns": unknowns(rows), "calls": recorder.calls}
    target.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return rows


def replay(calls: List[Dict[str, Any]]) -> List[Dict[str, str]]:
    """Ask every point of a recording instead of a host; returns the table. Raises recording.Mismatch where the plug-in
    asks otherwise than it did."""
    player = recording.Replay(calls)
    module, host.nuke = host.nuke, player.module
    rows: List[Dict[str, str]] = []
    try:
        with host.housekeeping():
            for name, check in CHECKS:
                for uid, _ in state.known():  # the host has forgotten its nodes between the points
                    state.forget(uid)
                rows.append(dict(zip(("point", "result", "seen"), (name, *_asked(check)))))
    finally:
        host.nuke = module
    return rows


def unknowns(rows: List[Dict[str, str]]) -> Dict[str, bool]:
    """What the table tells of the points that nobody could settle: name -> which way it is."""
    return {
        row["point"][len(UNKNOWN) :]: row["seen"] == "True"
        for row in rows
        if row["point"].startswith(UNKNOWN) and row["result"] == "PASS"
    }


def _asked(check: Callable[[], str]) -> Tuple[str, str]:
    before, chosen, frame = list(host.all_nodes()), host.selected(), host.frame()
    try:
        return "PASS", check()
    except recording.Mismatch:
        raise
    except Skip as reason:
        return "SKIP", str(reason)
    except Exception:  # whatever a host raises is what we want to know
        return "FAIL", traceback.format_exc(limit=3)
    finally:
        for left in [one for one in host.all_nodes() if one not in before]:
            host.delete(left)
        host.select(chosen)
        host.go(frame)
