"""A mask that another node gives, as a prompt: what a Roto, a key or a painted alpha says of the object on a frame."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, List

from . import edits, host, plates, solving, state


def take_selected(group: Any) -> None:
    """The alpha of the node that is selected, on this frame, becomes a mask of the active object: inside where it is
    above one half. Raises Refusal without such a node, and for one of another size."""
    chosen = [one for one in host.selected() if one != group]
    if len(chosen) != 1:
        raise edits.Refusal("Select the one node whose alpha is the mask, such as a Roto, then press this button.")
    frame = edits.frame_in_range(group)
    form, size = host.format_of(chosen[0]), edits.size_of(group)
    if (form.width, form.height) != size:
        raise edits.Refusal(
            f"{chosen[0].name()} is {form.width:g}x{form.height:g}, the plate {size[0]}x{size[1]}. "
            "Put a Reformat after it."
        )
    path = Path(solving.cache_folder(group)) / "masks" / f"{group.name()}-{frame}-{uuid.uuid4().hex[:8]}.png"
    _render(group, chosen[0], path, frame, size)
    prompt = {"frame": frame, "kind": "mask", "path": path.as_posix()}
    edits.edit(group, "Wisp mask", lambda shot: _replace(group, shot, prompt))


def _replace(group: Any, shot: Any, prompt: Any) -> None:
    """One mask on a frame: the new one takes the place of the one before."""
    item = edits.active(group)
    for old in item["prompts"] if item is not None else []:
        if (old["kind"], old["frame"]) == ("mask", prompt["frame"]):
            shot.remove_prompt(old)
    shot.add_prompt(prompt)


def _render(group: Any, source: Any, path: Path, frame: int, size: Any) -> None:
    """One picture of the node's alpha; nothing is left of what renders it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made: List[Any] = []
    with state.writing(group), plates.full_resolution():
        try:
            made.append(host.create_outside("Expression", **{f"expr{index}": "a" for index in range(3)}))
            made[-1].setInput(0, source)
            made.append(host.create_outside("Crop", box=(0.0, 0.0, float(size[0]), float(size[1]))))
            made[-1].setInput(0, made[0])
            made.append(host.create_outside("Write", file_type="png", channels="rgb", raw=True))
            made[-1]["file"].setValue(path.as_posix())
            made[-1].setInput(0, made[1])
            host.execute(made[-1], frame, frame, host.views()[0])
        finally:
            for one in reversed(made):
                host.delete(one)
