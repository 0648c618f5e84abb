"""What other nodes say of an object: the alpha of a Roto or a key on a frame, the shapes of a Roto on all frames."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, List, Optional

from . import edits, host, plates, solving, state, upstream
from .vendor.client.ends import Done
from .vendor.client.events import Event, RotoRead
from .vendor.client.requests import Roto
from .vendor.client.shot_edits import pictures_from


def add_selected_mask(group: Any) -> None:
    """The alpha of the node that is selected, on this frame, becomes a mask of the active object: inside where it is
    above one half. Raises Refusal without such a node, and for one of another size."""
    source = _selected(group, "Select the one node whose alpha is the mask, such as a Roto, then press this button.")
    frame = edits.frame_in_range(group)
    view = plates.view_of(source)
    solving.keep_cache_folder(group)
    path = folder(group) / f"{group.name()}-{frame}-{uuid.uuid4().hex[:8]}.png"
    _render(group, source, path, frame, view)
    prompt = {"frame": frame, "kind": "mask", "path": path.as_posix()}
    pictures_from({"prompts": [prompt]}, solving.plate_folder(group))
    edits.edit(group, "Wisp mask", lambda shot: _replace(group, shot, prompt))


def add_roto_object(group: Any) -> None:
    """The closed shapes of the Roto or RotoPaint node that is selected become a new object: a mask wherever they have a
    key; with a band to finish them in, on every frame, and the band alone left open. Raises Refusal without such a
    node, and for one of another size."""
    source = _selected(group, "Select the one Roto or RotoPaint node with the shapes, then press this button.")
    if source.Class() not in ("Roto", "RotoPaint"):
        raise edits.Refusal(f"{source.name()} is no Roto: take its alpha with 'Mask of selected node'.")
    place = folder(group)
    place.mkdir(parents=True, exist_ok=True)
    script = place / f"{group.name()}-{uuid.uuid4().hex[:8]}.nk"
    host.copy(source, script)
    band = float(group["wisp_roto_band"].value())
    found: List[RotoRead] = []

    def on_event(event: Event) -> None:
        if isinstance(event, RotoRead):
            found.append(event)

    def ended(end: Optional[Done], _: str) -> None:
        script.unlink()
        if end is not None:
            try:
                objects = [(one.object, one.parts) for one in found]
                for _, parts in objects:
                    pictures_from(parts, solving.plate_folder(group))
                edits.edit(group, "Wisp roto", lambda shot: shot.add_objects(objects))
            except edits.Refusal as refusal:
                solving.set_status(group, str(refusal))

    asked = Roto(script.as_posix(), place.as_posix(), band=band if band > 0 else None)
    solving.run(group, asked, on_event, ended)


def _selected(group: Any, lacking: str) -> Any:
    """The one node beside the Wisp node that is selected. Raises Refusal without, and for one of another size."""
    chosen = [one for one in host.selected(group) if one != group]
    if len(chosen) != 1:
        raise edits.Refusal(lacking)
    form, size = host.format_of(chosen[0]), edits.size_of(group)
    if (form.width, form.height) != size:
        raise edits.Refusal(
            f"{chosen[0].name()} is {form.width:g}x{form.height:g}, the plate {size[0]}x{size[1]}. "
            "Put a Reformat after it."
        )
    return chosen[0]


def folder(group: Any) -> Path:
    """Where the masks of a node's prompts lie. Raises Refusal without a place for mattes."""
    return Path(solving.cache_folder(group)) / "masks"


def _replace(group: Any, shot: Any, prompt: Any) -> None:
    """One mask on a frame: the new one takes the place of the one before."""
    item = edits.active(group)
    for old in item["prompts"] if item is not None else []:
        if (old["kind"], old["frame"]) == ("mask", prompt["frame"]):
            shot.remove_prompt(old)
    shot.add_prompt(prompt)


def _render(group: Any, source: Any, path: Path, frame: int, view: str) -> None:
    """One picture of the node's alpha; nothing is left of what renders it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = edits.size_of(group)
    made: List[Any] = []
    with state.writing(group), plates.for_the_engine(upstream.wisp_nodes_above([source])):
        try:
            made.append(host.create_beside(source, "Expression", **{f"expr{index}": "a" for index in range(3)}))
            made[-1].setInput(0, source)
            made.append(host.create_beside(source, "Crop", box=(0.0, 0.0, float(width), float(height))))
            made[-1].setInput(0, made[0])
            made.append(host.create_beside(source, "Write", file_type="png", channels="rgb", raw=True))
            made[-1]["file"].setValue(path.as_posix())
            made[-1].setInput(0, made[1])
            host.execute(made[-1], frame, frame, view)
        finally:
            for one in reversed(made):
                host.delete(one)
