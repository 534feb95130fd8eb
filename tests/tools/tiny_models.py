"""Tiny models of every family with adapters that change them."""

from __future__ import annotations

from pathlib import Path

import torch

from dreambooth.adapters.lora import add_lora
from dreambooth.adapters.lora_file import save_lora
from dreambooth.adapters.weight_change import Kind
from dreambooth.config.lora import LoraConfig
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from tests.adapters.conftest import move_lora


def load_file_as_model(path: Path, folder: Path) -> Model:
    """A checkpoint, loaded through a new ``folder``."""
    create_working(read_source(path), folder)
    return load_model(folder)


def adapt(model: Model, kind: Kind = "lora", **settings: object) -> Model:
    """The model with an adapter that changes it, on all parts."""
    add_lora(model, kind, LoraConfig(**{"rank": 4, "alpha": 2.0, **settings}), model.parts, seed=1)
    move_lora(model)
    return model


def save_adapter(model: Model, path: Path) -> Path:
    """Its adapter as a file."""
    save_lora(path, model, {"ss_sd_model_name": "tiny"}, torch.float32)
    return path
