"""What a picture may be about, with nothing prompted: things that stand out, people and animals first.

Two linear maps on the features say of every part of the whole picture how much it looks like a thing, and like a person
or an animal. The starter is asked around the peaks of both and in a few boxes; each answer is judged by how sure the
network is, how much better it looks like a thing than what surrounds it, how much of all things it holds, and how many
of the other answers mean the same. The best that are not the same become prompts, and what these give is the candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ...features import CHANNELS, load_features
from ...weights.checkpoints import check_keys, load_state_dict
from ..tracker import FramePrompts
from .eyes import Eyes, starter, tensor
from .network import Look
from .planes import prompt_planes
from .start import first_mask
from .weights import SUBJECT
from .window import COARSE, Box, Picture, Plane, Window, box_of, sigmoid

Mask = NDArray[np.bool_]

#: Features of a cell of 16 x 16 grid pixels: strides 16 and 32.
INPUTS = CHANNELS[3] + CHANNELS[4]
#: The rows of the linear maps.
MAPS = ("thing", "living")
#: So many peaks of each map are clicked on; another peak is at least so far away, as a share of the longer side, and
#: maps are blurred before, by the same measure.
_PEAKS, _APART, _BLUR = 4, 0.09, 0.014
#: Boxes that are tried in any picture: centre and side, as shares of the picture's.
_BOXES = ((0.5, 0.5, 0.8), (0.5, 0.5, 0.5), (0.33, 0.5, 0.55), (0.67, 0.5, 0.55), (0.5, 0.6, 0.35), (0.5, 0.4, 0.35))
#: What an answer's overlap with a true subject is foreseen from, by ridge regression on the first frames of the clips
#: and the stills that have true masks: see the tracker's card. `certain`: mean |2 p - 1| in and around it.
_WEIGHTS = {
    "quality": 0.044,
    "contrast": 0.129,
    "log_area": 0.032,
    "certain": 0.748,
    "captured": 0.52,
    "agreement": 0.559,
    "root_area": -0.642,
}
_CONSTANT = -0.468
#: What a person or an animal is favoured by.
_LIVING = 0.05
#: Answers that overlap by more are the same; pixels of half the grid around an answer; fewer pixels are no answer.
_SAME, _RIM, _TOO_FEW = 0.7, 15, 12
#: A part of an answer that is smaller than this share of its largest part is left out.
_PART = 0.08
#: Below this confidence a candidate is doubtful, and where another comes nearer than that.
SURE, CLEAR = 0.6, 0.1
#: From this confidence of the first candidate on something stands out. A grey or black frame has at most 0.06, first
#: candidates of real clips 0.6 and more.
_LEAST = 0.15


@dataclass(frozen=True)
class Candidate:
    """`xyxy`, `xy`: a box around it and a point in it, plate pixels; together they are the prompts that make `inside`
    (0..1, working grid). `confidence`: the overlap with a true subject that is foreseen, 0..1."""

    xyxy: Box
    xy: tuple[float, float]
    inside: Plane
    confidence: float
    living: bool


def candidates(eyes: Eyes, frame: int, most: int = 3, on_step: Callable[[], None] = lambda: None) -> list[Candidate]:
    """Up to `most`, the likeliest first; none where nothing stands out. `on_step` is called after each piece of the
    work, which are `most` + 1 or a few more.

    Raises FrameReadError, WeightsError, and what `on_step` raises."""
    width, height = eyes.grid
    window = Window.around((0.0, 0.0, width, height), 1.0, COARSE)
    look, things = _seen(window.picture(eyes.working(frame)))
    known = window.known(eyes.shape) > 0.5
    whole = {name: window.paste(plane, eyes.shape, -1.0) for name, plane in things.items()}
    prompts: list[tuple[Box | None, tuple[float, float] | None]] = [
        (None, peak) for name in MAPS for peak in _peaks(whole[name])
    ]
    for x, y, side in _BOXES:
        low, high = np.array([x, y]) - side * np.array([0.5, 0.55]), np.array([x, y]) + side * np.array([0.5, 0.55])
        x0, y0, x1, y1 = (float(v) for v in np.clip([*low, *high], 0.0, 1.0) * [width, height, width, height])
        prompts.append(((x0, y0, x1, y1), None))
    logits, quality = _ask(window, look, prompts)
    on_step()
    scores, living = _judged(logits, quality, things, known)
    found: list[Candidate] = []
    masks = (logits > 0) & known
    kept: list[int] = []
    for number in sorted(range(len(scores)), key=lambda n: -scores[n]):
        if len(found) == most or not np.isfinite(scores[number]) or (scores[number] < _LEAST and not found):
            break
        if any(_overlap(masks[number], masks[other]) > _SAME for other in kept):
            continue
        kept.append(number)
        one = _prompted(eyes, frame, window.paste(np.where(known, logits[number], -16.0), eyes.shape, -16.0))
        on_step()
        if one is not None and all(_overlap(one[2] > 0.5, other.inside > 0.5) <= _SAME for other in found):
            confidence = float(np.clip(scores[number], 0.0, 1.0))
            found.append(Candidate(*one, round(confidence, 3), bool(living[number])))
    return found


def doubtful(found: list[Candidate]) -> bool:
    """Whether the first candidate may well not be what was meant."""
    if not found or found[0].confidence < SURE:
        return True
    return len(found) > 1 and found[0].confidence - found[1].confidence < CLEAR


# Seeing --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _maps() -> dict[str, torch.Tensor]:
    state = load_state_dict(SUBJECT)
    check_keys({"weight": (len(MAPS), INPUTS), "bias": (len(MAPS),)}, state, SUBJECT)
    return {name: value.float() for name, value in state.items()}


def cells(maps: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """n x INPUTS x h/16 x w/16 of the feature maps of a picture."""
    wide = torch.nn.functional.interpolate(maps[4], size=maps[3].shape[-2:], mode="bilinear", align_corners=False)
    return torch.cat([maps[3], wide], 1)


def _seen(picture: Picture) -> tuple[Look, dict[str, Plane]]:
    """What the starter sees of a picture, and the linear maps on half its grid: about -1 (no) to 1 (yes)."""
    linear = _maps()
    with torch.inference_mode():
        values = tensor(picture).permute(2, 0, 1)[None].float() / 255.0
        maps = load_features()(values.contiguous(memory_format=torch.channels_last))
        said = torch.einsum("mc,nchw->nmhw", linear["weight"], cells(maps)) + linear["bias"][:, None, None]
        look = starter().look(maps, values)
    half = (picture.shape[1] // 2, picture.shape[0] // 2)
    planes = (cv2.resize(plane, half, interpolation=cv2.INTER_LINEAR) for plane in said[0].numpy())
    return look, {name: np.asarray(plane, np.float32) for name, plane in zip(MAPS, planes, strict=True)}


def _peaks(plane: Plane) -> list[tuple[float, float]]:
    longer = max(plane.shape)
    left = cv2.GaussianBlur(plane, (0, 0), _BLUR * longer)
    found = []
    for _ in range(_PEAKS):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        found.append((float(column) + 0.5, float(row) + 0.5))
        cv2.circle(left, (int(column), int(row)), max(1, round(_APART * longer)), -9.0, -1)
    return found


def _ask(
    window: Window, look: Look, prompts: list[tuple[Box | None, tuple[float, float] | None]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits n x half the grid and the overlap foreseen, one for each box or click; all in one batch."""
    network, count = starter(), len(prompts)
    half = (window.height // 2, window.width // 2)
    nothing = np.zeros(half, np.bool_)
    told = []
    for box, xy in prompts:
        corners: Box | None = None
        if box is not None:
            x0, y0, x1, y1 = (float(v) for v in window.to_half(np.array(box).reshape(2, 2)).ravel())
            corners = (x0, y0, x1, y1)
        clicks = []
        if xy is not None:
            x, y = (float(v) for v in window.to_half(np.array([xy]))[0])
            clicks = [(x, y, True)]
        told.append(prompt_planes(half, corners, clicks, nothing, nothing))
    with torch.inference_mode():
        many = Look(
            tuple(one.expand(count, *one.shape[1:]) for one in look.maps),
            *(one.expand(count, *one.shape[1:]) for one in (look.keys, look.inputs, look.bins, look.small)),
        )
        inside, known = (
            tensor(np.stack([getattr(one, part) for one in told]))[:, None] for part in ("inside", "known")
        )
        none = torch.zeros(count, 1, *half)
        memories = [network.remember(many, inside, known), network.remember(many, none, none)]
        logits, quality = network(many, memories, none, none, tensor(np.stack([one.planes for one in told])))
        return logits[:, 0].numpy(), torch.sigmoid(quality[:, 0]).numpy()


# Judging -------------------------------------------------------------------------------------------------------------


def _judged(
    logits: NDArray[np.float32], quality: NDArray[np.float32], maps: dict[str, Plane], known: Mask
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The overlap foreseen of every answer (-inf: none), and whether it is of a person or an animal."""
    masks = (logits > 0) & known
    alike = np.array([[_overlap(one, other) for other in masks] for one in masks])
    thing = np.maximum(maps["thing"], 0.0) * known
    scores, living = np.full(len(masks), -np.inf), np.zeros(len(masks), np.bool_)
    for number, mask in enumerate(masks):
        if mask.sum() < _TOO_FEW:
            continue
        wide = cv2.dilate(mask.astype(np.uint8), np.ones((_RIM, _RIM), np.uint8)) > 0
        rim = wide & ~mask & known
        area = mask.sum() / known.sum()
        around = float(maps["thing"][rim].mean()) if rim.any() else float(maps["thing"][mask].mean())
        seen = {
            "quality": float(quality[number]),
            "contrast": float(maps["thing"][mask].mean()) - around,
            "log_area": float(np.log(area)),
            "certain": float(np.abs(2.0 * sigmoid(logits[number]) - 1.0)[mask | rim].mean()),
            "captured": float(thing[mask].sum() / (thing.sum() + 1e-3)),
            "agreement": float(alike[number].mean()),
            "root_area": float(np.sqrt(area)),
        }
        living[number] = maps["living"][mask].mean() > 0
        favour = _LIVING if living[number] else 0.0
        scores[number] = _CONSTANT + favour + sum(weight * seen[name] for name, weight in _WEIGHTS.items())
    return scores, living


def _overlap(one: Mask, other: Mask) -> float:
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 0.0


def _prompted(eyes: Eyes, frame: int, logits: Plane) -> tuple[Box, tuple[float, float], Plane] | None:
    """The box and the point that stand for an answer (working grid), in plate pixels, and the mask they make."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((logits > 0).astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return None
    parts = np.isin(labels, 1 + np.flatnonzero(areas >= _PART * areas.max()))
    box = box_of(parts)
    if box is None:
        return None
    deep = cv2.distanceTransform(np.pad(parts.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int((deep * np.maximum(logits, 0.0)).argmax()), logits.shape)
    across, down = (size / grid for size, grid in zip(eyes.picture, eyes.grid, strict=True))
    xyxy = tuple(round(v, 1) for v in (box[0] * across, box[1] * down, box[2] * across, box[3] * down))
    xy = (round((float(column) + 0.5) * across, 1), round((float(row) + 0.5) * down, 1))
    x0, y0, x1, y1 = xyxy
    said = FramePrompts(np.array([xy], np.float32), np.ones(1, np.int32), box=(x0, y0, x1, y1))
    inside = first_mask(said, eyes, frame)
    return ((x0, y0, x1, y1), xy, inside) if (inside > 0.5).any() else None
