"""A BLIP that is random and tiny, in transformers' layout."""

from pathlib import Path

import pytest
import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipTextConfig,
    BlipVisionConfig,
)

NUM_WORDS = 40
SIZES = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "projection_dim": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "initializer_range": 0.5,  # else what the picture says drowns
}


def make_blip(folder: Path) -> Path:
    """Write the model and its tokenizer, whose words are w6, w7, …"""
    folder.mkdir(parents=True)
    words = ["[PAD]", "[DEC]", "[SEP]", "[UNK]", "[CLS]", "[MASK]", *(f"w{n}" for n in range(6, NUM_WORDS))]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    marks = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 2}
    text = BlipTextConfig(
        **SIZES, **marks, vocab_size=NUM_WORDS, encoder_hidden_size=16, max_position_embeddings=64
    )
    vision = BlipVisionConfig(**SIZES, image_size=32, patch_size=8)
    torch.manual_seed(0)
    config = BlipConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=16)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def blip(tmp_path_factory) -> Path:
    """The folder of such a model."""
    return make_blip(tmp_path_factory.mktemp("taggers") / "blip")
