"""A small real plate on disk, and a tracker and head whose every value depends on the whole way there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from wisp.cache import Cache
from wisp.device import MemoryPlan
from wisp.models.build import ModelStamp
from wisp.plates.exr_writer import write_exr
from wisp.plates.plate import Window
from wisp.shot import Shot, SolveSpec, parse
from wisp.solve import Solver, Source
from wisp.trackers.tracker import TrackedMask
from wisp.weights.registry import ModelEntry

WIDTH, HEIGHT = 24, 16
FIRST, LAST = 1001, 1040


def write_plate(folder: Path, first: int = FIRST, last: int = LAST) -> None:
    for frame in range(first, last + 1):
        write_plate_frame(folder, frame, seed=frame)


def write_plate_frame(
    folder: Path, frame: int, seed: int, comments: str = "", size: tuple[int, int] = (WIDTH, HEIGHT)
) -> None:
    width, height = size
    rgb = np.random.default_rng(seed).random((height, width, 3)).astype(np.float16)
    planes = {name: rgb[..., index] for index, name in enumerate("RGB")}
    path, window = folder / f"plate.{frame:04d}.exr", Window(0, 0, width, height)
    write_exr(path, planes, display=window, attributes={"comments": comments})


class ChainPass:
    """Each mask mixes the one before, the picture and the prompts: a wrong order or state shows in every value."""

    def __init__(self, owner: ChainTracker, clip, prompts, frames: Sequence[int]) -> None:
        self.owner, self.clip, self.prompts, self.frames = owner, clip, prompts, list(frames)
        self.state = np.zeros((4, 6), np.float64)

    def step(self, frame: int) -> dict[int, TrackedMask]:
        self.owner.steps.append(frame)
        picture = self.clip.image(frame, (6, 4)).mean(2)
        ((item, by_frame),) = self.prompts.items()
        now = by_frame.get(frame)
        if now is not None and now.defines_object:
            self.state = np.zeros_like(self.state)
        self.state = 0.7 * self.state + picture - 0.3
        if now is not None:
            self.state += 0.01 * (len(now.points) + (now.box[0] if now.box else 0) + len(now.strokes))
            self.state += 0.5 if now.mask is None else now.mask.mean()
        return {item: TrackedMask(self.state.astype(np.float32), 1.0, "keyframe" if now else "tracked")}

    def snapshot(self) -> dict[str, np.ndarray]:
        return {"state": self.state.copy()}

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        self.state = snapshot["state"].copy()

    def state_key(self) -> str:
        return self.state.tobytes().hex()


class ChainTracker:
    id, version, segments, grid = "chain", "1", True, None

    def __init__(self) -> None:
        self.steps: list[int] = []

    def start(self, clip, prompts, frames) -> ChainPass:
        return ChainPass(self, clip, prompts, frames)


class BriefPass:
    """Remembers three frames, so that a correction's consequences end on the third after it. Strokes correct nothing,
    points do; boxes define the object."""

    def __init__(self, owner: BriefTracker, clip, prompts, frames: Sequence[int]) -> None:
        self.owner, self.clip, self.prompts = owner, clip, prompts
        self.recent = np.zeros(3)

    def step(self, frame: int) -> dict[int, TrackedMask]:
        self.owner.steps.append(frame)
        ((item, by_frame),) = self.prompts.items()
        now = by_frame.get(frame)
        if now is not None and now.defines_object:
            self.recent[:] = now.box[0] / 10 if now.box else now.mask.mean()
        shaped = now is not None and bool(now.defines_object or len(now.points))
        value = self.clip.image(frame, (6, 4)).mean() - 0.5 + (0.1 if shaped else 0.0)
        self.recent = np.append(self.recent[1:], value)
        logits = np.full((4, 6), self.recent.sum(), np.float32)
        return {item: TrackedMask(logits, 1.0, "keyframe" if shaped else "tracked")}

    def snapshot(self) -> dict[str, np.ndarray]:
        return {"recent": self.recent.copy()}

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        self.recent = snapshot["recent"].copy()

    def state_key(self) -> str:
        return self.recent.tobytes().hex()


class BriefTracker:
    id, version, segments, grid = "brief", "1", True, None

    def __init__(self) -> None:
        self.steps: list[int] = []

    def start(self, clip, prompts, frames) -> BriefPass:
        return BriefPass(self, clip, prompts, frames)


class SmoothHead:
    id, version = "smooth", "1"

    def __init__(self) -> None:
        self.frames: list[int] = []

    def matte(self, clip, frame, logits):
        self.frames.append(frame)
        size = (clip.height, clip.width)
        return {key: np.full(size, 1 / (1 + np.exp(-value.mean())), np.float32) for key, value in logits.items()}


class ApartSmoothHead(SmoothHead):
    """Mattes beside the tracker's steps."""

    apart = True


def shot(
    *prompts: dict,
    plate: dict | None = None,
    item: dict | None = None,
    others: Sequence[dict] = (),
    uncover: bool = False,
) -> Shot:
    """Not uncovered: what a frame's mask depends on is seen without the masks of the frames before it."""
    return parse(
        {
            "wisp": 1,
            "solve": {"uncover": uncover},
            "plate": {
                "path": "plates/plate.%04d.exr",
                "first": FIRST,
                "last": LAST,
                "width": WIDTH,
                "height": HEIGHT,
                **(plate or {}),
            },
            "objects": [{"id": 1, "name": "hero", "prompts": list(prompts), **(item or {})}, *others],
        }
    )


def box(frame: int, x: float = 2.0) -> dict:
    return {"frame": frame, "kind": "box", "xyxy": [x, 2, 20, 14]}


def outline(folder: Path, frame: int, x: int = 2) -> dict:
    """The same box drawn as a mask, which says alone what the object is; its file lies in `folder`."""
    path = folder / "masks" / f"outline{x}.{frame}.png"
    path.parent.mkdir(exist_ok=True)
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    drawn[2:14, x:20] = 255
    cv2.imwrite(str(path), drawn)
    return {"frame": frame, "kind": "mask", "path": f"masks/{path.name}"}


def point(frame: int) -> dict:
    return {"frame": frame, "kind": "point", "xy": [10, 8]}


class StandIns:
    """`Models` that cost nothing, whatever a shot asks for."""

    def __init__(self) -> None:
        self.made: tuple[Any, Any] = (ChainTracker(), SmoothHead())
        self.plan: MemoryPlan | None = None

    def tracker(self, _solve: SolveSpec) -> Any:
        return self.made[0]

    def head(self, _solve: SolveSpec) -> Any:
        return self.made[1]

    def stamps(self, solve: SolveSpec) -> tuple[ModelStamp, ModelStamp]:
        segments = self.made[0].segments
        tracker, head = (ModelStamp(name, "1", "", "Apache-2.0", segments) for name in (solve.tracker, solve.head))
        return tracker, head

    def memory_plan(self, _solve: SolveSpec, _size: tuple[int, int]) -> MemoryPlan | None:
        return self.plan


#: What `solver` gives its solvers; fixtures put others in for a test.
STAND_INS = StandIns()


def solver(made: Shot, folder: Path, cache: Path | None = None) -> Solver:
    return Solver(made, Source(made.plate, folder), STAND_INS, Cache(cache or folder / "cache"))


def build_tracker(*_: object) -> ChainTracker:
    return ChainTracker()


def build_head(*_: object) -> SmoothHead:
    return SmoothHead()


def registered() -> tuple[ModelEntry, ...]:
    """A registry in which these are all models."""
    terms = {"licence": "Apache-2.0", "commercial": "yes", "attribution": "none"}
    tracker = {"tracker": "helpers.solving:build_tracker"}
    head = {"head": "helpers.solving:build_head"}
    return (
        ModelEntry("flow", "stand-in", tracker, segments=True, **terms),
        *(ModelEntry(name, "stand-in", head, **terms) for name in ("embedded", "guided", "closed-form")),
    )
