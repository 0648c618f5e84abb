"""Publish: the mattes as files of a new version, written by the engine's `deliver`, and plain nodes that read them."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import Any, List, Optional

from . import bake, edits, engine, graph, host, solving, state

#: The document that `deliver` reads, beside the plate's pictures.
DOCUMENT = "publish.wisp"


def start(group: Any) -> None:
    """Begin to write the next version; `look` does the rest once it is written. Raises Refusal while a frame is
    unsolved or a publication runs."""
    mine = state.of(group)
    if mine.publication is not None:
        raise edits.Refusal("This node is being published already.")
    bake.require_solved(group)
    objects = [item for item in edits.stored(group)["objects"] if item.get("enabled", True)]
    mine.publication = Publication(group, _next_version(group), [item["name"] for item in objects])
    solving.say(group, f"Publishing {mine.publication.folder.name}")


def look() -> None:
    """See how the publications are doing; finish those that have ended."""
    for _, mine in state.known():
        one: Optional[Publication] = mine.publication
        if one is None:
            continue
        host.show_progress(one.bar, one.done, one.total, "Publishing")
        if host.was_cancelled(one.bar):
            one.process.terminate()
        code = one.process.poll()
        if code is not None:
            mine.publication = None
            one.finish(code)


class Publication:
    """One version on its way."""

    def __init__(self, group: Any, folder: Path, names: List[str]) -> None:
        self.group, self.folder, self.names = group, folder, names
        self.done, self.total = 0, 0
        self.bar = host.progress_bar("Wisp: " + folder.name)
        self._words: List[str] = []
        plates = Path(solving.plate_folder(group))
        document = plates / DOCUMENT
        document.write_text(json.dumps(solving.document(group)), encoding="utf-8")
        work = ["deliver", str(document), "-o", str(folder), "--layout", "alpha", "--json"]
        work += ["--cache", solving.cache_folder(group), "--objects", *names]
        self.process = engine.run(work, str(group["wisp_engine_python"].value()))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def finish(self, code: int) -> None:
        """Read what was written by plain nodes, or say what went wrong."""
        self._reader.join(5)
        self.bar = None
        if code != 0:
            solving.say(self.group, self._words[-1] if self._words else f"Publishing failed with code {code}.")
            return
        bake.bake(self.group, self._mattes())
        solving.say(self.group, f"Published {self.folder.as_posix()}")

    def _mattes(self) -> List[graph.Mattes]:
        found = []
        for item in edits.stored(self.group)["objects"]:
            pattern = (self.folder / item["name"] / f"{item['name']}.%04d.exr").as_posix()
            channel = graph.channel_of(item["name"], item["id"])
            found.append(graph.Mattes(pattern, item["name"] in self.names, channel))
        return found

    def _read(self) -> None:
        """On a thread of its own: take the command's words as they come."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if said.get("event") == "progress":
                self.done, self.total = int(said["done"]), int(said["total"])
            elif "message" in said:
                self._words.append(str(said["message"]))


def _next_version(group: Any) -> Path:
    """The folder of the next version: `NAME_v001`, where NAME is the node's."""
    chosen = str(group["wisp_publish_dir"].value())
    folder = Path(chosen or solving.beside_script("mattes", "name a publish folder"))
    numbered = re.compile(re.escape(group.name()) + r"_v(\d+)")
    there = [numbered.fullmatch(one.name) for one in folder.iterdir()] if folder.is_dir() else []
    version = max([int(match.group(1)) for match in there if match], default=0) + 1
    return folder / f"{group.name()}_v{version:03d}"
