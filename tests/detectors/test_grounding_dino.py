"""Grounding DINO behind the Detector protocol: the real network at a tiny size, against transformers' own pipeline."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from wisp.detectors.boxes import SAME_THING, distinct
from wisp.detectors.detector import Detection
from wisp.detectors.grounding_dino import GroundingDino, corners, network_input, phrase
from wisp.errors import UsageError, WeightsError
from wisp.models.build import load_detector
from wisp.weights.options import RunOptions


@pytest.mark.usefixtures("small_view")
def test_boxes_scores_and_labels_are_those_of_transformers(detector: GroundingDino, picture: np.ndarray) -> None:
    from transformers import GroundingDinoProcessor

    found = detector.detect(picture, "The red runner")
    words = detector._tokenizer(["the red runner."], return_tensors="pt")
    pixels = torch.from_numpy(network_input(picture))[None]
    with torch.inference_mode():
        raw = detector._network(pixel_values=pixels, **words)

    class Decoder:
        """All that the published post-processing needs of a processor."""

        batch_decode = staticmethod(lambda rows: [detector._tokenizer.decode(row) for row in rows])

    (theirs,) = GroundingDinoProcessor.post_process_grounded_object_detection(
        Decoder(), raw, words.input_ids, threshold=0.0, text_threshold=0.25, target_sizes=[picture.shape[:2]]
    )
    assert found and len({item.label for item in found}) > 1, "the comparison is about something"
    scores = theirs["scores"].numpy()
    boxes = np.clip(theirs["boxes"].numpy(), 0, [90, 60, 90, 60])
    for item in found:
        # Random weights give many a score near 1: only box and score together say which one it is.
        row = int((np.abs(boxes - item.xyxy).max(axis=1) + np.abs(scores - item.score)).argmin())
        assert scores[row] == pytest.approx(item.score, abs=1e-5)
        assert np.abs(boxes[row] - item.xyxy).max() <= 1e-3
        assert item.label == (theirs["text_labels"][row].replace("[SEP]", "").strip(" .") or "The red runner")
    assert found[0].score == pytest.approx(scores.max(), abs=1e-5)
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)


def test_the_picture_is_prepared_as_published(picture: np.ndarray) -> None:
    pil = pytest.importorskip("transformers.models.grounding_dino.image_processing_pil_grounding_dino")
    processor = pil.GroundingDinoImageProcessorPil()
    theirs = processor(images=np.rint(picture * 255).astype(np.uint8), return_tensors="np")["pixel_values"][0]
    ours = network_input(picture)
    assert ours.shape == theirs.shape == (3, 800, 1200)
    assert np.abs(ours - theirs).mean() < 0.02, "another filter and no rounding to 8 bits, nothing else"


def test_a_long_picture_is_bounded_by_its_longer_side() -> None:
    assert network_input(np.zeros((300, 3000, 3), np.float32)).shape == (3, 133, 1333)


def test_corners() -> None:
    boxes = np.array([[0.5, 0.5, 0.2, 0.4], [0.95, 0.1, 0.2, 0.4]], np.float32)
    expected = [[80, 30, 120, 70], [170, 0, 200, 30]]
    assert np.allclose(corners(boxes, (200, 100)), expected, atol=1e-4)


def test_boxes_on_one_thing_become_one() -> None:
    rng = np.random.default_rng(5)
    low = rng.uniform(0, 60, (80, 2))
    boxes = np.concatenate([low, low + rng.uniform(5, 40, (80, 2))], axis=1).astype(np.float32)
    boxes[40:] = boxes[:40] + rng.uniform(-1, 1, (40, 4)).astype(np.float32)
    boxes[7, 2] = boxes[7, 0]
    scores = rng.uniform(0, 1, 80).astype(np.float32)

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        """Counted on a fine grid instead of computed."""
        at = np.arange(0, 105, 0.25) + 0.125
        inside = [[(at > box[side]) & (at < box[side + 2]) for side in (0, 1)] for box in (a, b)]
        across, down = (
            (
                float((inside[0][side] & inside[1][side]).sum()),
                float(inside[0][side].sum()),
                float(inside[1][side].sum()),
            )
            for side in (0, 1)
        )
        shared = across[0] * down[0]
        return shared / (across[1] * down[1] + across[2] * down[2] - shared)

    kept = distinct(boxes, scores)
    assert 30 < len(kept) < 80 and 7 not in kept
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    for place, row in enumerate(kept):
        assert all(overlap(boxes[row], boxes[better]) < SAME_THING + 0.05 for better in kept[:place])
    for row in set(range(80)) - set(kept) - {7}:
        assert any(
            scores[better] > scores[row] and overlap(boxes[row], boxes[better]) > SAME_THING - 0.05 for better in kept
        )


@pytest.mark.parametrize("text", ["The  Runner", "the runner.", " the RUNNER . "])
def test_phrase(text: str) -> None:
    assert phrase(text) == "the runner."


@pytest.mark.parametrize("text", ["", " . "])
def test_text_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names nothing"):
        phrase(text)


def test_text_beyond_what_the_network_reads_is_refused(detector: GroundingDino, picture: np.ndarray) -> None:
    with pytest.raises(UsageError, match="at most 16 tokens"):
        detector.detect(picture, "runner " * 20)


@pytest.mark.usefixtures("small_view")
def test_detections_lie_inside_the_picture(detector: GroundingDino, picture: np.ndarray) -> None:
    found = detector.detect(picture, "a dog")
    assert found
    for item in found:
        assert isinstance(item, Detection)
        x0, y0, x1, y1 = item.xyxy
        assert 0 <= x0 < x1 <= 90 and 0 <= y0 < y1 <= 60 and 0 <= item.score <= 1


# Bad files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_weights(weights: Path, tmp_path: Path) -> Path:
    for path in weights.glob("grounding*"):
        shutil.copy(path, tmp_path)
    return tmp_path


def load(folder: Path) -> object:
    return load_detector("grounding-dino-tiny", RunOptions(device="cpu", weights=(folder,), allow_unverified=True))


def test_another_hash_is_refused(weights: Path) -> None:
    with pytest.raises(WeightsError, match=r"is not the published grounding-dino-tiny\.safetensors"):
        load_detector("grounding-dino-tiny", RunOptions(device="cpu", weights=(weights,)))


def test_truncated_weights(own_weights: Path) -> None:
    path = own_weights / "grounding-dino-tiny.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r"Cannot load .*grounding-dino-tiny\.safetensors"):
        load(own_weights)


def test_a_configuration_that_is_none(own_weights: Path) -> None:
    (own_weights / "grounding-dino-tiny.config.json").write_text("{")
    with pytest.raises(WeightsError, match=r"config\.json is not a configuration"):
        load(own_weights)


@pytest.mark.parametrize("change", [{"d_model": 64}, {"encoder_layers": 2}])
def test_weights_of_another_size(own_weights: Path, change: dict[str, int]) -> None:
    path = own_weights / "grounding-dino-tiny.config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match="do not fit Grounding DINO"):
        load(own_weights)


def test_a_vocabulary_that_is_too_large(own_weights: Path) -> None:
    path = own_weights / "grounding-dino-tiny.vocab.txt"
    path.write_text(path.read_text() + "cat\nbird\n")
    with pytest.raises(WeightsError, match="more than the network knows"):
        load(own_weights)


def test_without_the_package_the_command_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"'transformers', which is not installed\. .*pip install 'wisp-roto\[text\]'"):
        load(weights)
