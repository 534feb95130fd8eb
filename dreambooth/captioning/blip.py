"""BLIP: a model that describes a picture in a sentence, from a folder in transformers' layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoTokenizer, BlipForConditionalGeneration

from dreambooth.data.errors import DataError

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's pictures, as BLIP was trained with
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
MOST_TOKENS = 50
NUM_BEAMS = 3


def load_blip(folder: Path, device: torch.device) -> Callable[[Image.Image], str]:
    """A function that describes an RGB picture; raises DataError when the folder holds no BLIP."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model, told = BlipForConditionalGeneration.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise DataError(f"{folder} holds no BLIP that can be loaded: {error}") from None
    # What is missing is made up at random; of tied weights and counters that does no harm.
    if missing := sorted(name for name in told["missing_keys"] if ".layer" in name):
        raise DataError(f"{folder} holds weights of another model: {missing[0]} is not among them")
    model = model.to(device).eval()
    side_px = int(model.config.vision_config.image_size)
    mean, deviation = _read_scale(folder / "preprocessor_config.json")
    text = model.config.text_config
    marks = {text.bos_token_id, text.eos_token_id, text.sep_token_id, text.pad_token_id}

    @torch.inference_mode()
    def describe(picture: Image.Image) -> str:
        pixels = to_input(picture, side_px, mean, deviation).to(device)
        (tokens,) = model.generate(pixel_values=pixels, max_new_tokens=MOST_TOKENS, num_beams=NUM_BEAMS)
        words = [token for token in tokens.tolist() if token not in marks]
        return " ".join(tokenizer.decode(words, skip_special_tokens=True).split())

    return describe


def to_input(
    picture: Image.Image,
    side_px: int,
    mean: tuple[float, ...] = MEAN,
    deviation: tuple[float, ...] = DEVIATION,
) -> Tensor:
    """The whole picture as a square (1, 3, side, side), each colour less its mean over its deviation."""
    small = picture.resize((side_px, side_px), Image.Resampling.BICUBIC)
    pixels = np.asarray(small, dtype=np.float32) / 255
    scaled = (pixels - np.array(mean, np.float32)) / np.array(deviation, np.float32)
    return torch.from_numpy(scaled).permute(2, 0, 1)[None]


def _read_scale(path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each colour, as the model's own file has them."""
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return tuple(told.get("image_mean", MEAN)), tuple(told.get("image_std", DEVIATION))
    except FileNotFoundError:
        return MEAN, DEVIATION
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
