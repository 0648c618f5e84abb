"""Where a lost object may be: places in the whole picture that resemble what is remembered of it."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from .eyes import Eyes, follower, look_at
from .network import Memory, color_odds
from .window import Box, Window

#: Pixels of the whole picture's grid, whose sides are multiples of 32.
_AREA = 448 * 256
_PLACES = 2


def likely_windows(eyes: Eyes, frame: int, key: Memory, last: Box) -> list[Window]:
    """Windows to look into, the likeliest first, sized as the object was last; where it was last comes last."""
    width, height = eyes.grid
    columns = max(2, round(np.sqrt(_AREA * width / height) / 32))
    rows = max(2, round(_AREA / (32 * columns) / 32))
    picture = cv2.resize(eyes.working(frame), (32 * columns, 32 * rows), interpolation=cv2.INTER_AREA)
    network = follower()
    with torch.inference_mode():
        look = look_at(network, picture)
        odds, inside, outside = network.recall(look, key)[0]
        ridge = network.ridge(look, [key]).reshape(odds.shape)
        color = torch.nn.functional.avg_pool2d(color_odds(look, key), 4)[0, 0]
        score = (torch.tanh(0.5 * odds) + 3.0 * (inside - outside) + ridge + 0.5 * color).numpy()
    size = np.array([last[2] - last[0], last[3] - last[1]])
    cell = np.array([width / score.shape[1], height / score.shape[0]])
    kernel = np.maximum(1, np.round(0.8 * size / cell)).astype(int) | 1
    mean = cv2.blur(np.maximum(score, -1.0), (int(kernel[0]), int(kernel[1])), borderType=cv2.BORDER_CONSTANT)
    windows = []
    for _ in range(_PLACES):
        row, column = np.unravel_index(int(mean.argmax()), mean.shape)
        centre = (np.array([column, row]) + 0.5) * cell
        windows.append(Window.around((*(centre - size / 2), *(centre + size / 2)), 0.5))
        y, x = kernel[1] // 2 + 1, kernel[0] // 2 + 1
        mean[max(0, row - y) : row + y + 1, max(0, column - x) : column + x + 1] = -np.inf
    return [*windows, Window.around(last, 0.45)]
