"""Pictures as blocks: cut, pasted, and widened as a padded picture would be."""

from __future__ import annotations

import torch
from torch.nn import functional
from wisp.heads.edge_blocks import Blocks

CHOSEN = torch.tensor([[[True, False, True], [True, True, False]], [[False, False, False], [False, True, True]]])


def pictures(side: int) -> torch.Tensor:
    return torch.arange(2 * 3 * 2 * side * 3 * side, dtype=torch.float32).view(2, 3, 2 * side, 3 * side) + 1


def test_parts_come_in_rows_of_one_picture_after_the_other() -> None:
    parts = Blocks(CHOSEN).cut(pictures(4))
    assert parts.shape == (6, 3, 4, 4)
    torch.testing.assert_close(parts[1], pictures(4)[0, :, :4, 8:])
    torch.testing.assert_close(parts[4], pictures(4)[1, :, 4:, 4:8])


def test_pasted_parts_lie_where_they_were_cut() -> None:
    blocks = Blocks(CHOSEN)
    whole = pictures(4)
    onto = torch.zeros_like(whole)
    pasted = blocks.paste(blocks.cut(whole), onto)
    chosen = CHOSEN[:, None].repeat_interleave(4, 2).repeat_interleave(4, 3)
    torch.testing.assert_close(pasted, whole * chosen)
    assert not onto.any()


def test_widened_parts_are_those_of_the_padded_picture_without_the_other_blocks() -> None:
    blocks = Blocks(CHOSEN)
    for side in (1, 2, 4):
        whole = pictures(side) * CHOSEN[:, None].repeat_interleave(side, 2).repeat_interleave(side, 3)
        padded = functional.pad(whole, (1, 1, 1, 1))
        wide = blocks.widened(blocks.cut(whole))
        assert wide.shape == (6, 3, side + 2, side + 2)
        for part, (picture, row, column) in zip(wide, CHOSEN.nonzero().tolist(), strict=True):
            y, x = row * side, column * side
            torch.testing.assert_close(part, padded[picture, :, y : y + side + 2, x : x + side + 2])


def test_gradients_find_their_way_to_the_neighbours() -> None:
    blocks = Blocks(torch.ones(1, 1, 2, dtype=torch.bool))
    parts = torch.zeros(2, 1, 2, 2, requires_grad=True)
    blocks.widened(parts).sum().backward()
    # The column at the seam is seen by both blocks, the outer one by its own.
    torch.testing.assert_close(parts.grad[:, 0], torch.tensor([[[1.0, 2], [1, 2]], [[2, 1], [2, 1]]]))
