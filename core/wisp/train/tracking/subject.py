"""What tells things, and people and animals among them, from what they stand before: two linear maps on the features.

Ridge regression in closed form, on the pictures that have masks drawn by hand and the soft subjects as they were
photographed. Every clip counts the same, and in all of them together inside as much as outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from ...features import load_features
from ...trackers.flow.eyes import tensor
from ...trackers.flow.subject import MAPS, cells
from ...trackers.flow.window import COARSE, Window
from .things import Picture, Pool

#: What the drawn things are called that are people, animals or parts of them; a name may go on with `at` and a number.
LIVING = {"dog", "rider", "skater", "player", "man", "boarder", "baker", "cyclist", "biker", "vaulter"}
LIVING |= {"handR", "handL"}
_PULL = 3.0

Values = NDArray[np.float64]


def fit(pool: Pool, output: Path) -> None:
    """Make the maps from `pool` and write them as safetensors."""
    inputs, labels, weights = (np.concatenate(parts) for parts in zip(*_material(pool), strict=True))
    rows, biases = [], []
    for number in range(len(MAPS)):
        label = labels[:, number]
        inside = label > 0.5
        sides = np.where(inside, 0.5 / (weights * inside).sum(), 0.5 / (weights * ~inside).sum())
        say = weights * sides
        mean, spread = inputs.mean(0), inputs.std(0) + 1e-6
        apart = (inputs - mean) / spread
        gram = (apart * say[:, None]).T @ apart
        target = (apart * say[:, None]).T @ (2.0 * label - 1.0)
        row = np.linalg.solve(gram + _PULL * np.eye(len(gram)), target) / spread
        rows.append(row)
        biases.append(-float(mean @ row))
    state = {"weight": torch.tensor(np.array(rows)).float(), "bias": torch.tensor(biases).float()}
    save_file(state, output, metadata={"licence": "Apache-2.0"})


def _material(pool: Pool) -> Iterator[tuple[Values, Values, Values]]:
    """Of each picture: inputs of its cells, the shares of them that are `MAPS`, and the weight of each."""
    seen: dict[int, tuple[str, Picture, NDArray[np.float32]]] = {}
    for still in pool.stills:
        clip, picture, labels = seen.setdefault(
            id(still.picture), (still.clip, still.picture, np.zeros((2, *still.mask.shape), np.float32))
        )
        labels[0] = np.maximum(labels[0], still.mask)
        if still.name.split("at")[0] in LIVING:
            labels[1] = np.maximum(labels[1], still.mask)
    made = list(seen.values())
    made += [(f"subject {n}", one.picture, np.stack([one.alpha] * 2)) for n, one in enumerate(pool.subjects)]
    count = {clip: sum(other == clip for other, _, _ in made) for clip, _, _ in made}
    for clip, picture, labels in made:
        height, width = picture.shape[:2]
        window = Window.around((0.0, 0.0, width, height), 1.0, COARSE)
        with torch.inference_mode():
            values = tensor(window.picture(picture)).permute(2, 0, 1)[None].float() / 255.0
            found = cells(load_features()(values))[0].flatten(1).numpy().T.astype(np.float64)
        size = (window.width // 16, window.height // 16)
        shares = [cv2.resize(window.plane(one), size, interpolation=cv2.INTER_AREA).ravel() for one in labels]
        weight = np.full(len(found), 1.0 / (count[clip] * len(found)))
        yield found, np.stack(shares, 1).astype(np.float64), weight
