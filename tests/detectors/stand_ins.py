"""Grounding DINO with a handful of channels, random weights and a dozen words, in files as they are published."""

from __future__ import annotations

from pathlib import Path

import torch

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "the", "a", "run", "##ner", "dog", "red")


def write_grounding_dino(folder: Path) -> Path:
    """The three files under their names in the registry; returns the folder."""
    from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection

    folder.mkdir(parents=True, exist_ok=True)
    config = GroundingDinoConfig(
        backbone_config={
            "model_type": "swin",
            "image_size": 64,
            "embed_dim": 12,
            "depths": [1, 1, 1, 1],
            "num_heads": [1, 1, 2, 2],
            "window_size": 4,
            "out_indices": [2, 3, 4],
        },
        text_config={
            "model_type": "bert",
            "vocab_size": len(WORDS),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "max_position_embeddings": 64,
        },
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=24,
        max_text_len=16,
    )
    torch.manual_seed(3)
    GroundingDinoForObjectDetection(config).save_pretrained(folder / "published")
    (folder / "published" / "model.safetensors").rename(folder / "grounding-dino-tiny.safetensors")
    (folder / "published" / "config.json").rename(folder / "grounding-dino-tiny.config.json")
    (folder / "grounding-dino-tiny.vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    return folder
