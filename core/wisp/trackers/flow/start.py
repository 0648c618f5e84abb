"""The first mask of an object from what was prompted on one frame, and its correction by clicks and strokes.

A network looks at a window around the prompts. With clicks alone it first looks at the whole picture to find out how
large the thing is, then closer. A correction shows it the present mask as well, and only what hangs together with a
click changes, as long as nothing better is found from all that was said. Masks are 0..1 on the working grid.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ..prompts import Size, clip_box, seeds, shrink_mask, stroke_labels, to_grid
from ..tracker import FramePrompts
from .cut import relaxed_cut, stiffness_from
from .eyes import Eyes, plane, starter, tensor
from .outline import FAR, keep_components, signed_distance
from .planes import prompt_planes
from .window import COARSE, Box, Plane, Window, box_of, sigmoid

#: The share of the window that a box or a mask takes; the windows in which one click alone is looked at, as shares of
#: the picture's longer side.
_BOX_SHARE, _MASK_SHARE, _CLOSE_SHARE = 0.66, 0.6, 0.85
_VIEWS = (1.0, 0.55, 0.3)
#: How often the network is asked about a window: the first answer and, shown that, a better one.
_PASSES = 2
#: How many closer looks follow, each around what was found before.
_CLOSER = 1
#: Intersection over union of a later box and of what was followed to it, from which both mean the same thing.
_FITS = 0.5
#: Where less of a box than this is found to be inside, its inscribed ellipse stands in.
_FILL = 0.05
#: Logits that a box's surroundings end at, this share of the box away from it.
_ASIDE = 0.12
#: Of so few clicks each may change all, by so much favour; later ones must show that they better it.
_FEW, _FAVOUR = 3, 0.1
#: What is thought to be inside leaves it only where the network is surer of that, in logits up to this many; right at
#: the click, from this share of the object's width on in full, its answer alone counts.
_BELIEVED, _BESIDE = 6.0, 0.1
#: A click that the network does not follow brings its surroundings along up to this share of the object's width, at
#: least so many pixels, where colours (Lab) differ less than that. Logits for the present mask and for the click.
_REACH, _REACH_PIXELS, _SIMILAR = 0.35, 16.0, 10.0
_PRESENT, _CLICK, _CERTAIN = 0.25, 6.0, 100.0


@dataclass(frozen=True)
class _Clicks:
    """Points on the working grid with their sides, and what strokes cover there (1, -1, 0)."""

    points: list[tuple[float, float, bool]]
    strokes: NDArray[np.int8]

    @classmethod
    def of(cls, prompts: FramePrompts, picture: Size, grid: Size) -> _Clicks:
        places = np.clip(to_grid(prompts.points, picture, grid), 0.0, np.array(grid, np.float32) - 0.5)
        points = [(float(x), float(y), bool(side)) for (x, y), side in zip(places, prompts.labels, strict=True)]
        return cls(points, stroke_labels(prompts.strokes, picture, grid))

    def until(self, count: int) -> _Clicks:
        """The first `count` points alone."""
        return _Clicks(self.points[:count], self.strokes)

    def key(self, frame: int, box: Box | None) -> Hashable:
        """What tells apart all that is prompted."""
        return frame, box, tuple(self.points), self.strokes.tobytes()

    def agreement(self, inside: Plane) -> float:
        """The share of the points that are on their side of a mask."""
        right = [bool(inside[int(y), int(x)] > 0.5) == side for x, y, side in self.points]
        return sum(right) / len(right)

    def box(self) -> Box | None:
        """Around all that speaks for an inside."""
        marked = self.strokes > 0
        for x, y, include in self.points:
            if include:
                marked[int(y), int(x)] = True
        return box_of(marked)


def first_mask(prompts: FramePrompts, eyes: Eyes, frame: int) -> Plane:
    """The object's mask on `frame`; all zero where nothing speaks for an inside."""
    clicks = _Clicks.of(prompts, eyes.picture, eyes.grid)
    if prompts.mask is not None:
        return _clicked(shrink_mask(prompts.mask, eyes.grid), prompts, eyes, frame)
    box = _box_of(prompts, eyes)
    if (box is None and clicks.box() is None) or (box is not None and (box[2] <= box[0] or box[3] <= box[1])):
        return np.zeros(eyes.shape, np.float32)
    said = 0 if box is not None else 1 + min((n for n, point in enumerate(clicks.points) if point[2]), default=-1)
    inside = eyes.once(
        clicks.until(said).key(frame, box), lambda: sigmoid(_look(eyes, frame, clicks.until(said), box)[0])
    )
    for count in range(said + 1, len(clicks.points) + 1):
        heard = clicks.until(count)
        inside = eyes.once(heard.key(frame, box), partial(_corrected, inside, heard, box, eyes, frame))
    return _obeyed(inside, prompts, eyes, frame)


def correct(inside: Plane, prompts: FramePrompts, eyes: Eyes, frame: int) -> Plane:
    """`inside`, followed to this frame, corrected by the points, strokes and box of `prompts`.

    What strokes cover is set exactly; a point on the wrong side brings along what the network, or failing that colour,
    says belongs to it. A box that fits cuts off what lies beyond it, and what the network makes of both has half a say;
    one around something else starts afresh.
    """
    box = _box_of(prompts, eyes)
    if box is not None:
        followed = np.minimum(inside, sigmoid(_within(np.full(eyes.shape, FAR, np.float32), box)))
        if _overlap(box_of(followed > 0.5), box) < _FITS:
            return first_mask(prompts, eyes, frame)
        unsaid = _Clicks.of(prompts, eyes.picture, eyes.grid).until(0)
        logits, _ = _ask(eyes, frame, Window.inside(box, _BOX_SHARE, eyes.grid), unsaid, box, inside)
        inside = np.asarray((followed + sigmoid(_within(logits, box))) / 2, np.float32)
    return _clicked(inside, prompts, eyes, frame)


def _clicked(inside: Plane, prompts: FramePrompts, eyes: Eyes, frame: int) -> Plane:
    """`inside` corrected by points and strokes."""
    clicks = _Clicks.of(prompts, eyes.picture, eyes.grid)
    for count in range(1, len(clicks.points) + 1):
        x, y, side = clicks.points[count - 1]
        if (inside[int(y), int(x)] > 0.5) != side:
            inside, _ = _changed(inside, clicks.until(count), eyes, frame)
    return _obeyed(inside, prompts, eyes, frame)


def _corrected(inside: Plane, clicks: _Clicks, box: Box | None, eyes: Eyes, frame: int) -> Plane:
    """`inside`, made of all but the last of the points, corrected by that one.

    A point changes what hangs together with it, unless a look at all that was said so far is foreseen to be better and
    agrees with more of the points: of a few of them the later ones still say how much is meant.
    """
    x, y, side = clicks.points[-1]
    if (inside[int(y), int(x)] > 0.5) == side:
        return inside
    changed, foreseen = _changed(inside, clicks, eyes, frame)
    logits, foreseen_anew = _look(eyes, frame, clicks, box)
    anew = sigmoid(logits)
    favour = _FAVOUR if len(clicks.points) <= _FEW else 0.0
    better = foreseen_anew + clicks.agreement(anew) + favour > foreseen + clicks.agreement(changed)
    return anew if better else changed


def _look(eyes: Eyes, frame: int, clicks: _Clicks, box: Box | None) -> tuple[Plane, float]:
    """Logits from the prompts alone, and the overlap that is foreseen."""
    if box is None:
        around = clicks.box()
        assert around is not None
        return _from_clicks(eyes, frame, clicks, around)
    logits, foreseen = _ask(eyes, frame, Window.inside(box, _BOX_SHARE, eyes.grid), clicks, box, None, _PASSES)
    found = box_of(logits > 0)
    if found is not None:
        closer = Window.inside(_union(box, found), _CLOSE_SHARE, eyes.grid)
        logits, foreseen = _ask(eyes, frame, closer, clicks, box, sigmoid(logits), _PASSES)
    logits = _within(logits, box)
    if (logits > 0).sum() < _FILL * (box[2] - box[0]) * (box[3] - box[1]):
        logits = _ellipse(eyes.shape, box)
    return logits, foreseen


def _changed(inside: Plane, clicks: _Clicks, eyes: Eyes, frame: int) -> tuple[Plane, float]:
    """`inside` with the change that hangs together with the last of the clicks, and the overlap that is foreseen."""
    x, y, side = clicks.points[-1]
    box = box_of((inside > 0.5) | (clicks.strokes > 0)) or (x, y, x, y)
    box = (min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y))
    logits, foreseen = _ask(eyes, frame, Window.inside(box, _MASK_SHARE, eyes.grid), clicks, None, inside, _PASSES)
    return _adopt(inside, logits, int(x), int(y), side), foreseen


# Asking the network -----------------------------------------------------------------------------------------------


def _ask(
    eyes: Eyes,
    frame: int,
    window: Window,
    clicks: _Clicks,
    box: Box | None,
    previous: Plane | None,
    passes: int = 1,
) -> tuple[Plane, float]:
    """Logits on the working grid (-FAR outside the window) and the overlap that is foreseen.

    `passes`: how often it is asked, each time shown its answer before; the picture is looked at once.
    """
    network = starter()
    corners: Box | None = None
    if box is not None:
        x0, y0, x1, y1 = (float(v) for v in window.to_half(np.array(box, float).reshape(2, 2)).ravel())
        corners = (x0, y0, x1, y1)
    places = window.to_half(np.array([point[:2] for point in clicks.points], float).reshape(-1, 2))
    points = [(float(x), float(y), p[2]) for (x, y), p in zip(places, clicks.points, strict=True)]
    painted = [window.plane((clicks.strokes == side).astype(np.float32)) > 0.5 for side in (1, -1)]
    half = (window.height // 2, window.width // 2)
    told = prompt_planes(half, corners, points, *painted)
    with torch.inference_mode():
        look = eyes.once((frame, window), lambda: eyes.look(network, frame, window))
        given = torch.full((1, 1, *half), float(previous is not None))
        before = torch.zeros(1, 1, *half) if previous is None else plane(window.plane(previous))
        said = network.remember(look, plane(told.inside), plane(told.known))
        for _ in range(passes):
            believed = network.remember(look, before, given)
            logits, quality = network(look, [said, believed], before, given, tensor(told.planes)[None])
            given, before = torch.ones_like(given), torch.sigmoid(logits)
        values = np.clip(logits[0, 0].numpy(), -FAR, FAR)
        return window.paste(values, eyes.shape, -FAR), float(torch.sigmoid(quality[0, 0]))


def _from_clicks(eyes: Eyes, frame: int, clicks: _Clicks, around: Box) -> tuple[Plane, float]:
    """The best of several looks of different width, then one that fits what was found; and the overlap foreseen."""
    width, height = eyes.grid
    centre = np.array([around[0] + around[2], around[1] + around[3]]) / 2
    best, foreseen = np.full(eyes.shape, -FAR, np.float32), -1.0
    for share in _VIEWS:
        reach = np.maximum(
            [share * width, share * height], 1.5 * np.array([around[2] - around[0], around[3] - around[1]])
        )
        low = np.clip(centre - reach / 2, 0, np.maximum(0, np.array([width, height]) - reach))
        logits, quality = _ask(
            eyes, frame, Window.inside((*low, *(low + reach)), 1.0, eyes.grid, COARSE), clicks, None, None
        )
        if quality > foreseen and (logits > 0).any():
            best, foreseen = logits, quality
    for _ in range(_CLOSER):
        box = box_of(best > 0)
        if box is None:
            break
        box = (min(box[0], around[0]), min(box[1], around[1]), max(box[2], around[2]), max(box[3], around[3]))
        closer, quality = _ask(
            eyes, frame, Window.inside(box, _MASK_SHARE, eyes.grid), clicks, None, sigmoid(best), _PASSES
        )
        if quality < foreseen - 0.1:
            break
        best, foreseen = closer, quality
    return best, foreseen


def _box_of(prompts: FramePrompts, eyes: Eyes) -> Box | None:
    """The box on the working grid."""
    if prompts.box is None:
        return None
    scale = np.array([*eyes.grid, *eyes.grid]) / np.array([*eyes.picture, *eyes.picture])
    x0, y0, x1, y1 = (float(v) for v in np.array(clip_box(prompts.box, eyes.picture)) * scale)
    return x0, y0, x1, y1


def _union(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _overlap(one: Box | None, other: Box) -> float:
    """Intersection over union of two boxes."""
    if one is None:
        return 0.0
    sides = [min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1)]
    both = max(0.0, sides[0]) * max(0.0, sides[1])
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)]
    return both / max(sum(areas) - both, 1e-6)


def _within(logits: Plane, box: Box) -> Plane:
    """Logits that fall off beyond the box, whose borders a hand has drawn."""
    x0, y0, x1, y1 = box
    x = np.arange(logits.shape[1], dtype=np.float32)[None, :] + 0.5
    y = np.arange(logits.shape[0], dtype=np.float32)[:, None] + 0.5
    beyond = np.maximum(np.maximum(x0 - x, x - x1) / (x1 - x0), np.maximum(y0 - y, y - y1) / (y1 - y0)) / _ASIDE
    bounded: Plane = np.where(beyond > 0, np.minimum(logits, 4.0 - 8.0 * beyond), logits).astype(np.float32)
    return np.maximum(bounded, -FAR)


def _ellipse(shape: Size, box: Box) -> Plane:
    x0, y0, x1, y1 = box
    x = (np.arange(shape[1]) + 0.5 - (x0 + x1) / 2) / max(0.5, (x1 - x0) / 2)
    y = (np.arange(shape[0]) + 0.5 - (y0 + y1) / 2) / max(0.5, (y1 - y0) / 2)
    logits: Plane = np.where(x[None, :] ** 2 + y[:, None] ** 2 <= 1.0, FAR, -FAR).astype(np.float32)
    return logits


# Obeying ----------------------------------------------------------------------------------------------------------


def _adopt(inside: Plane, logits: Plane, column: int, row: int, include: bool) -> Plane:
    """`inside` with the change towards `include` that hangs together with the point.

    Where a thing ends that is there by mistake, the network often cannot say, and would take away much of the object
    with it: of 225 changes by a robot's clicks all that cost much were such. What is missing was never believed in.
    """
    if not include:
        logits = logits + _near_weight(inside, column, row) * np.clip(_logit(inside), 0.0, _BELIEVED)
    answer = sigmoid(logits)
    changed = ((answer > 0.5) if include else (answer <= 0.5)) & ((inside > 0.5) != include)
    _, parts = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    if parts[row, column] == 0:
        return inside
    part = (parts == parts[row, column]).astype(np.uint8)
    near = cv2.dilate(part, np.ones((3, 3), np.uint8)) > 0
    adopted: Plane = np.where(near, answer, inside)
    kept = (adopted > 0.5) == (inside > 0.5)
    return np.where(kept | (part > 0), adopted, inside).astype(np.float32)


def _near_weight(inside: Plane, column: int, row: int) -> Plane:
    """0 at a pixel to 1 from `_BESIDE` of the object's width on."""
    width = _BESIDE * max(_REACH_PIXELS, float(np.sqrt((inside > 0.5).sum())))
    y, x = np.arange(inside.shape[0], dtype=np.float32), np.arange(inside.shape[1], dtype=np.float32)
    away = np.hypot(y[:, None] - row, x[None, :] - column) / width
    return np.minimum(away, 1.0).astype(np.float32)


def _logit(inside: Plane) -> Plane:
    bounded = np.clip(inside, 1e-4, 1.0 - 1e-4)
    logits: Plane = np.log(bounded / (1.0 - bounded))
    return logits


def _obeyed(inside: Plane, prompts: FramePrompts, eyes: Eyes, frame: int) -> Plane:
    """`inside` with every stroke's pixels and every point on its side."""
    painted = stroke_labels(prompts.strokes, eyes.picture, eyes.grid)
    fixed = seeds(prompts, eyes.picture, eyes.grid)
    obeyed = np.where(painted > 0, np.float32(1.0), np.where(painted < 0, np.float32(0.0), inside))
    clicks = _Clicks.of(prompts, eyes.picture, eyes.grid)
    wrong = [(int(x), int(y), side) for x, y, side in clicks.points if (obeyed[int(y), int(x)] > 0.5) != side]
    if wrong:
        lab = cv2.cvtColor(eyes.working(frame).astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab)
        for column, row, side in wrong:
            if (obeyed[row, column] > 0.5) != side:
                obeyed = _grow(obeyed, column, row, side, lab)
    obeyed = np.where(fixed > 0, np.float32(1.0), np.where(fixed < 0, np.float32(0.0), obeyed))
    return obeyed.astype(np.float32, copy=False)


def _grow(inside: Plane, column: int, row: int, include: bool, lab: NDArray[np.float32]) -> Plane:
    """Bring the surroundings of one pixel, as far as they are of its colour and edges let it, to its side."""
    height, width = inside.shape
    reach = max(_REACH_PIXELS, _REACH * float(np.sqrt((inside > 0.5).sum())))
    extent = int(2.5 * reach)
    top, left = max(0, row - extent), max(0, column - extent)
    region = (slice(top, min(height, row + extent + 1)), slice(left, min(width, column + extent + 1)))
    near_lab = lab[region]
    y, x = row - top, column - left
    color = lab[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].mean(axis=(0, 1))
    rows, columns = np.arange(near_lab.shape[0])[:, None], np.arange(near_lab.shape[1])[None, :]
    near = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2.0 * reach**2))
    alike = np.exp(-((near_lab - color) ** 2).sum(axis=2) / (2.0 * _SIMILAR**2))
    sign = 1.0 if include else -1.0
    evidence = _PRESENT * signed_distance(inside)[region] + sign * _CLICK * near * alike
    evidence[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = sign * _CERTAIN
    cut = relaxed_cut(evidence.astype(np.float32), stiffness_from(near_lab, 1.0), inside[region])
    here = np.zeros(cut.shape, bool)
    here[y, x] = True
    grown = keep_components(cut if include else 1.0 - cut, here, 0.0) > 0.5
    changed = inside.copy()
    changed[region] = np.where(grown, np.float32(include), inside[region])
    return changed
