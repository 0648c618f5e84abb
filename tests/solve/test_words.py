"""Text prompts become boxes in the shot, and say so where they have not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.solving import HEIGHT, WIDTH, box, shot
from wisp.detectors.detector import Detection
from wisp.errors import QualityError, UsageError
from wisp.shot import Box
from wisp.solve.prompts import frame_prompts, prompt_content, unresolved_text
from wisp.solve.words import resolve_text

SIZE = (WIDTH, HEIGHT)


class Pictures:
    """A clip whose frames show their own number."""

    width, height, frames = WIDTH, HEIGHT, range(1001, 1041)

    def image(self, frame: int, size: tuple[int, int] | None = None) -> np.ndarray:
        return np.full((HEIGHT, WIDTH, 3), (frame - 1000) / 100, np.float32)


class Lookup:
    """Answers what it was told to, and keeps what it was asked."""

    id, version = "lookup", "1"

    def __init__(self, *scores: float) -> None:
        self.scores = scores
        self.asked: list[tuple[int, str]] = []

    def detect(self, rgb: np.ndarray, text: str) -> list[Detection]:
        self.asked.append((1000 + round(float(rgb[0, 0, 0]) * 100), text))
        return [Detection((1.04 + n, 2, 9 + n, 11), score, text) for n, score in enumerate(self.scores)]


def text(frame: int, words: str = "the runner") -> dict:
    return {"frame": frame, "kind": "text", "text": words}


def locate(path: str) -> Path:
    raise AssertionError(path)


def test_the_best_answer_becomes_a_box_beside_its_text() -> None:
    made, detector = shot(text(1003)), Lookup(0.8, 0.5, 0.2)
    (found,) = resolve_text(made, Pictures(), detector)
    assert detector.asked == [(1003, "the runner")]
    assert (found.object, found.frame, found.others) == ("hero", 1003, 1)
    assert [prompt.kind for prompt in made.objects[0].prompts] == ["text", "box"]
    assert frame_prompts(made.objects[0], 1003, SIZE, locate).box == (1.0, 2.0, 9.0, 11.0)
    assert resolve_text(made, Pictures(), detector) == [], "it is looked for once"


def test_what_is_computed_depends_on_the_box_alone() -> None:
    worded, drawn = shot(text(1003), box(1003)), shot(box(1003))
    assert prompt_content(worded.objects[0], locate) == prompt_content(drawn.objects[0], locate)
    assert unresolved_text(worded.objects[0]) == []


def test_text_on_one_frame_is_not_answered_by_a_box_on_another() -> None:
    made = shot(text(1003), box(1001))
    assert [prompt.frame for prompt in unresolved_text(made.objects[0])] == [1003]
    with pytest.raises(UsageError, match=r"'the runner' on frame 1003, which is no box yet\. Run 'wisp detect SHOT'"):
        frame_prompts(made.objects[0], 1003, SIZE, locate)


def test_every_answer_can_become_an_object() -> None:
    other = {"id": 2, "name": "hero_2", "prompts": [box(1001)]}
    made = shot(text(1003), others=[other])
    found = resolve_text(made, Pictures(), Lookup(0.8, 0.5, 0.31, 0.2), every=True)
    assert [item.object for item in found] == ["hero", "hero_3", "hero_4"]
    assert [item.id for item in made.objects] == [1, 2, 3, 4]
    boxes = [prompt.xyxy[0] for item in made.objects for prompt in item.prompts if isinstance(prompt, Box)]
    assert boxes == [1.0, 2.0, 2.0, 3.0]
    assert all(unresolved_text(item) == [] for item in made.objects)


def test_a_name_of_full_length_is_shortened_for_what_is_called_like_it() -> None:
    made = shot(text(1003), item={"name": "h" * 64})
    found = resolve_text(made, Pictures(), Lookup(0.8, 0.5), every=True)
    assert [item.object for item in found] == ["h" * 64, "h" * 50 + "_2"]


def test_nothing_found_changes_nothing_and_names_the_best_guess() -> None:
    other = {"id": 2, "name": "dog", "prompts": [text(1001, "the dog")]}
    made = shot(text(1003), others=[other])
    before = made.model_copy(deep=True)
    with pytest.raises(
        QualityError, match=r"frame 1003 .*'the runner': the best guess scores 0\.29, below 0\.30"
    ) as why:
        resolve_text(made, Pictures(), Lookup(0.29))
    assert why.value.exit_code == 9
    assert made == before
    with pytest.raises(QualityError, match="no guess at all"):
        resolve_text(made, Pictures(), Lookup(), threshold=0.0)


def test_several_frames_get_a_box_each_but_no_instances() -> None:
    made = shot(text(1003), text(1020))
    with pytest.raises(UsageError, match="one text per object"):
        resolve_text(made, Pictures(), Lookup(0.9, 0.8), every=True)
    found = resolve_text(made, Pictures(), Lookup(0.9, 0.8))
    assert [item.frame for item in found] == [1003, 1020]


def test_only_the_named_objects() -> None:
    made = shot(text(1003), others=[{"id": 2, "name": "dog", "prompts": [text(1001, "the dog")]}])
    assert [item.object for item in resolve_text(made, Pictures(), Lookup(0.9), objects=["dog"])] == ["dog"]
    assert len(unresolved_text(made.objects[0])) == 1
