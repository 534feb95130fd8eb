"""Which family a model folder belongs to, and the model in it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import nn
from transformers.utils.logging import disable_progress_bar

from dreambooth.models.family import Model
from dreambooth.models.sd1 import StableDiffusion1
from dreambooth.models.sd2 import StableDiffusion2
from dreambooth.models.single_file import CheckpointError

PIPELINE = "StableDiffusionPipeline"  # ``_class_name`` of model_index.json


def load_model(working: Path, dtype: torch.dtype = torch.float32) -> Model:
    """The model in a folder of diffusers layout, on the CPU, in evaluation mode."""
    index_file = working / "model_index.json"
    if not index_file.is_file():
        raise CheckpointError(f"{working} holds no model: there is no model_index.json")
    pipeline = json.loads(index_file.read_text(encoding="utf-8"))["_class_name"]
    if pipeline != PIPELINE:
        raise CheckpointError(f"{working} holds a {pipeline}; only a {PIPELINE} is supported")
    disable_progress_bar()  # loading takes a second; a bar in the log for each part says nothing
    model = _find_family(working).load(working, dtype)
    for module in (*model.parts.values(), model.vae):
        _leave_file(module)
    return model


def _find_family(working: Path) -> type[StableDiffusion1]:
    """SD 1 and 2 have one pipeline; the transformers of the U-Net begin and end differently."""
    unet = json.loads((working / "unet" / "config.json").read_text(encoding="utf-8"))
    return StableDiffusion2 if unet.get("use_linear_projection") else StableDiffusion1


def _leave_file(module: nn.Module) -> None:
    """Copy weights that are mapped from their file to memory that torch aligned.

    The last bits of a product depend on alignment: a training that was stopped and resumed would differ from
    one that was not, because the stop writes ``working`` anew in fp32.
    """
    for parameter in module.parameters():
        parameter.data = parameter.data.clone()
