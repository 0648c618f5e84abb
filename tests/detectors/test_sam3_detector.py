"""SAM 3's detector: the published names of its tensors, and boxes and scores against transformers' own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sam2_stand_ins import moving_clip
from sam3_stand_ins import TINY, noise
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import Sam3Config, Sam3Model
from wisp import shot as documents
from wisp.cli import main
from wisp.detectors.sam3 import Sam3Detector, detector
from wisp.detectors.sam3.checkpoint import convert
from wisp.detectors.sam3.detector import DetectorSizes, TextSizes, construct
from wisp.errors import UsageError, WeightsError
from wisp.trackers.sam3.model import still_input
from wisp.weights import registry
from wisp.weights.options import RunOptions

WORDS = ["<s>", "</s>", "the", "red", "runner"]
TINY_DETECTOR = DetectorSizes(TINY, TextSizes(32, 48, 1, 2, len(WORDS), 8), layers=1)

SEEN = "backbone.vision_backbone."
READ = "backbone.language_backbone."

#: Of transformers' names, the published ones, in the order in which they are put in.
PUBLISHED = (
    (r"^vision_encoder\.backbone\.embeddings\.patch_embeddings\.projection", SEEN + "trunk.patch_embed.proj"),
    (r"^vision_encoder\.backbone\.embeddings\.position_embeddings", SEEN + "trunk.pos_embed"),
    (r"^vision_encoder\.backbone\.layer_norm", SEEN + "trunk.ln_pre"),
    (r"^vision_encoder\.backbone\.layers\.(\d+)\.layer_norm", SEEN + r"trunk.blocks.\1.norm"),
    (r"^vision_encoder\.backbone\.layers\.(\d+)\.attention\.o_proj", SEEN + r"trunk.blocks.\1.attn.proj"),
    (r"^vision_encoder\.backbone\.layers\.(\d+)\.attention\.q_proj", SEEN + r"trunk.blocks.\1.attn.qkv"),
    (r"^vision_encoder\.backbone\.layers\.", SEEN + "trunk.blocks."),
    (r"^vision_encoder\.neck\.fpn_layers\.(\d)\.proj1", SEEN + r"convs.\1.conv_1x1"),
    (r"^vision_encoder\.neck\.fpn_layers\.(\d)\.proj2", SEEN + r"convs.\1.conv_3x3"),
    (r"^vision_encoder\.neck\.fpn_layers\.0\.scale_layers\.0", SEEN + "convs.0.dconv_2x2_0"),
    (r"^vision_encoder\.neck\.fpn_layers\.0\.scale_layers\.2", SEEN + "convs.0.dconv_2x2_1"),
    (r"^vision_encoder\.neck\.fpn_layers\.1\.scale_layers\.0", SEEN + "convs.1.dconv_2x2"),
    (r"^text_projection", READ + "resizer"),
    (r"^text_encoder\.text_model\.embeddings\.position_embedding\.weight", READ + "encoder.positional_embedding"),
    (r"^text_encoder\.text_model\.embeddings\.", READ + "encoder."),
    (r"^text_encoder\.text_model\.final_layer_norm", READ + "encoder.ln_final"),
    (r"^text_encoder\.text_projection\.weight", READ + "encoder.text_projection"),
    (r"^text_encoder\.text_model\.encoder\.layers", READ + "encoder.transformer.resblocks"),
    (r"(resblocks\.\d+)\.self_attn", r"\1.attn"),
    (r"(resblocks\.\d+)\.layer_norm", r"\1.ln_"),
    (r"(resblocks\.\d+)\.mlp\.fc1", r"\1.mlp.c_fc"),
    (r"(resblocks\.\d+)\.mlp\.fc2", r"\1.mlp.c_proj"),
    (r"(geometry_encoder|detr_encoder|detr_decoder)(\.layers\.\d+)\.mlp\.fc(\d)", r"\1\2.linear\3"),
    (r"^geometry_encoder\.vision_layer_norm", "geometry_encoder.img_pre_norm"),
    (r"^geometry_encoder\.prompt_layer_norm", "geometry_encoder.norm"),
    (r"^geometry_encoder\.output_layer_norm", "geometry_encoder.encode_norm"),
    (r"^geometry_encoder\.layers\.(\d+)\.layer_norm", r"geometry_encoder.encode.\1.norm"),
    (r"^geometry_encoder\.layers", "geometry_encoder.encode"),
    (r"^detr_encoder\.layers\.(\d+)\.layer_norm", r"transformer.encoder.layers.\1.norm"),
    (r"^detr_encoder", "transformer.encoder"),
    (r"(encode\.\d+|encoder\.layers\.\d+)\.cross_attn", r"\1.cross_attn_image"),
    (r"^detr_decoder", "transformer.decoder"),
    (r"(decoder\.layers\.\d+)\.text_cross_attn_layer_norm", r"\1.catext_norm"),
    (r"(decoder\.layers\.\d+)\.vision_cross_attn_layer_norm", r"\1.norm1"),
    (r"(decoder\.layers\.\d+)\.self_attn_layer_norm", r"\1.norm2"),
    (r"(decoder\.layers\.\d+)\.mlp_layer_norm", r"\1.norm3"),
    (r"(decoder\.layers\.\d+)\.text_cross_attn", r"\1.ca_text"),
    (r"(decoder\.layers\.\d+)\.vision_cross_attn", r"\1.cross_attn"),
    (r"decoder\.output_layer_norm", "decoder.norm"),
    (r"decoder\.presence_layer_norm", "decoder.presence_token_out_norm"),
    (r"decoder\.presence_head", "decoder.presence_token_head"),
    (r"decoder\.box_head", "decoder.bbox_embed"),
    (r"decoder\.box_rpb_embed_", "decoder.boxRPB_embed_"),
    (r"^dot_product_scoring\.text_mlp_out_norm", "dot_prod_scoring.prompt_mlp.out_norm"),
    (r"^dot_product_scoring\.text_mlp", "dot_prod_scoring.prompt_mlp"),
    (r"^dot_product_scoring\.text_proj", "dot_prod_scoring.prompt_proj"),
    (r"^dot_product_scoring\.query_proj", "dot_prod_scoring.hs_proj"),
    (r"\.layer1\.", ".layers.0."),
    (r"\.layer2\.", ".layers.1."),
    (r"\.layer3\.", ".layers.2."),
    (r"^mask_decoder\.mask_embedder", "segmentation_head.mask_predictor.mask_embed"),
    (r"^mask_decoder\.instance_projection", "segmentation_head.instance_seg_head"),
    (r"^mask_decoder\.semantic_projection", "segmentation_head.semantic_seg_head"),
    (r"^mask_decoder\.prompt_cross_attn_norm", "segmentation_head.cross_attn_norm"),
    (r"^mask_decoder\.prompt_cross_attn", "segmentation_head.cross_attend_prompt"),
    (r"^mask_decoder", "segmentation_head"),
    (r"o_proj", "out_proj"),
)  # fmt: skip


def published(network: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A network's tensors as Meta's file has them: written apart from the rules that read them."""
    state: dict[str, torch.Tensor] = {}
    for name, tensor in network.items():
        if re.search(r"\.[kv]_proj\.", name):
            continue
        fused = ".q_proj." in name
        if fused:
            tensor = torch.cat([network[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"])
        if name.endswith("position_embeddings"):
            tensor = torch.cat([torch.zeros_like(tensor[:, :1]), tensor], dim=1)
        if name == "text_encoder.text_projection.weight":
            tensor = tensor.T.contiguous()
        for pattern, replacement in PUBLISHED:
            name = re.sub(pattern, replacement, name)
        state["detector." + (name.replace("q_proj.", "in_proj_") if fused else name)] = tensor
    return state


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    return noise(construct(TINY_DETECTOR).state_dict(), seed=4)


@pytest.fixture(scope="module")
def files(tensors: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sam3-text")
    state = published(tensors)
    state["tracker.no_obj_ptr"] = torch.zeros(1, 256)
    state["detector.geometry_encoder.points_direct_project.weight"] = torch.zeros(256, 2)
    torch.save({"model": state}, folder / "sam3.pt")
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="</s>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.save(str(folder / "sam3-tokenizer.json"))
    return {"checkpoint": folder / "sam3.pt", "tokenizer": folder / "sam3-tokenizer.json"}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(detector.VARIANTS, "sam3", TINY_DETECTOR)


def load(files: dict[str, Path]) -> Sam3Detector:
    return detector.build(registry.entry("sam3-text"), files, RunOptions(device="cpu"))


def test_our_settings_are_the_published_networks() -> None:
    with torch.device("meta"):
        ours, theirs = construct(DetectorSizes()), Sam3Model(Sam3Config())
    assert {key: value.shape for key, value in ours.state_dict().items()} == {
        key: value.shape for key, value in theirs.state_dict().items()
    }


def test_every_tensor_of_the_published_network_is_found_by_its_published_name() -> None:
    with torch.device("meta"):
        network = dict(construct(DetectorSizes()).state_dict())
    assert {key: value.shape for key, value in convert(published(network)).items()} == {
        key: value.shape for key, value in network.items()
    }


def test_values_arrive_where_they_belong(tensors: dict[str, torch.Tensor]) -> None:
    converted = convert(published(tensors))
    assert converted.keys() == tensors.keys()
    for name, value in tensors.items():
        assert torch.equal(converted[name], value), name


@pytest.mark.usefixtures("tiny")
def test_boxes_and_scores_are_those_of_transformers(files: dict[str, Path], tensors: dict[str, torch.Tensor]) -> None:
    picture = np.random.default_rng(3).random((60, 90, 3), np.float32)
    found = load(files).detect(picture, " the  red runner ")
    network = construct(TINY_DETECTOR)
    network.load_state_dict(tensors)
    ids = torch.tensor([[0, 2, 3, 4, 1, 1, 1]])  # padded, as transformers' processor gives it
    with torch.inference_mode():
        raw = network(
            pixel_values=still_input(picture, TINY.image),
            input_ids=ids,
            attention_mask=torch.tensor([[1, 1, 1, 1, 1, 0, 0]]),
        )
    scores = (raw.pred_logits[0].sigmoid() * raw.presence_logits[0].sigmoid()).numpy()
    boxes = np.clip(raw.pred_boxes[0].numpy() * [90, 60, 90, 60], 0, [90, 60, 90, 60])
    assert found
    assert found[0].score == pytest.approx(scores.max(), abs=1e-5)
    for item in found:
        row = int(np.abs(scores - item.score).argmin())
        assert scores[row] == pytest.approx(item.score, abs=1e-5)
        assert item.label == "the red runner"
    best = boxes[int(scores.argmax())]
    assert np.abs(best - found[0].xyxy).max() < 0.01


@pytest.mark.usefixtures("tiny")
def test_text_that_cannot_be_read(files: dict[str, Path]) -> None:
    loaded = load(files)
    for text, said in (("  ", "names nothing"), ("the red runner " * 3, "at most 8 tokens")):
        with pytest.raises(UsageError) as caught:
            loaded.detect(np.zeros((8, 8, 3), np.float32), text)
        assert said in str(caught.value)


@pytest.mark.usefixtures("tiny")
def test_a_file_without_the_detector_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    state = torch.load(files["checkpoint"], weights_only=True)["model"]
    del state["detector.backbone.language_backbone.encoder.positional_embedding"]
    torch.save({"model": state}, tmp_path / "sam3.pt")
    with pytest.raises(WeightsError, match=r"1 missing .text_encoder") as caught:
        load({**files, "checkpoint": tmp_path / "sam3.pt"})
    assert caught.value.exit_code == 4


@pytest.mark.usefixtures("tiny")
def test_a_file_that_is_no_tokenizer_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "junk.json").write_text("{}")
    with pytest.raises(WeightsError, match="is not a tokenizer"):
        load({**files, "tokenizer": tmp_path / "junk.json"})


@pytest.mark.usefixtures("tiny")
def test_words_become_mattes(files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clip = moving_clip(2)
    for index, pixels in enumerate(clip.pictures):
        Image.fromarray(pixels).save(f"sh.{1001 + index}.png")
    words = ["--text", "the red runner", "--detector", "sam3-text", "--threshold", "0"]
    places = ["--weights", str(files["checkpoint"].parent), "--allow-unverified-weights", "--device", "cpu"]
    assert main(["matte", "sh.%04d.png", *words, *places, "-o", "out", "--cache", "cache", "-q"]) == 0
    (item,) = documents.load(Path("out/sh.wisp")).objects
    (box,) = (prompt for prompt in item.prompts if prompt.kind == "box")
    expected = load(files).detect(clip.image(1001), "the red runner")[0].xyxy
    assert box.xyxy == pytest.approx(expected, abs=0.06)
    assert len(list(Path("out/object1").iterdir())) == 2
