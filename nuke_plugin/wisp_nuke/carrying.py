"""Prompts of another node or shot for this one: of the other eye, of another take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, List, Optional, Tuple

from . import edits, host, masks, solving
from .vendor.client.carry import carry
from .vendor.client.events import PromptsCarried
from .vendor.client.shot_edits import pictures_from


def of_selected(group: Any) -> None:
    """The prompts of the other Wisp node that is selected. Raises Refusal without one, and while either is at work."""
    others = [one for one in host.selected(group) if one != group and one.knob("wisp_prompts") is not None]
    if len(others) != 1:
        raise edits.Refusal("Select the one Wisp node whose prompts are wanted, then press this button.")
    other = others[0]
    if solving.busy(other):
        raise edits.Refusal(f"{other.name()} is being solved; press Stop there first.")
    if not edits.keyframes(other):
        raise edits.Refusal(f"{other.name()} has no prompts.")

    def begin() -> None:
        source = Path(solving.plate_folder(other)) / "prompts.wisp"
        source.write_text(json.dumps(solving.document(other)), encoding="utf-8")
        _begin(group, source, Path(solving.cache_folder(other)))

    solving.export_plates(other, lambda: solving.export_plates(group, begin))


def of_file(group: Any) -> None:
    """The prompts of the document that the node names. Raises Refusal where there is none."""
    named = str(group["wisp_carry_from"].value())
    if not named or not Path(named).is_file():
        raise edits.Refusal(f"There is no file {named}." if named else "Name the other shot's document first.")
    solving.export_plates(group, lambda: _begin(group, Path(named).absolute(), None))


def _begin(group: Any, source: Path, cache: Optional[Path]) -> None:
    def take(found: List[PromptsCarried]) -> List[Tuple[int, PromptsCarried]]:
        taken: List[Tuple[int, PromptsCarried]] = []
        for event in found:
            pictures_from({"prompts": event.prompts}, solving.plate_folder(group))
        edits.edit(group, "Wisp carry prompts", lambda shot: taken.extend(shot.take_carried(found)))
        return taken

    def work(session: Any) -> bool:
        return carry(session, source, masks.folder(group), take, cache, int(group["wisp_carry_shift"].value()))

    solving.run_by(group, "Carrying prompts", work)
