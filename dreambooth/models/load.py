"""The model in a folder, whatever its family."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from transformers.utils.logging import disable_progress_bar

from dreambooth.models.architecture import Family
from dreambooth.models.configs import read_architecture
from dreambooth.models.family import Model
from dreambooth.models.sdxl import StableDiffusionXL
from dreambooth.models.stable_diffusion import StableDiffusion

CLASSES: Mapping[Family, type[StableDiffusion]] = {
    "sd1": StableDiffusion,
    "sd2": StableDiffusion,
    "sdxl": StableDiffusionXL,
}


def load_model(working: Path, dtype: torch.dtype = torch.float32) -> Model:
    """The model in a folder of diffusers layout, on the CPU, in evaluation mode."""
    architecture = read_architecture(working)
    disable_progress_bar()  # loading takes a second; a bar in the log for each part says nothing
    model = CLASSES[architecture.family].load(working, architecture, dtype)
    for module in (*model.parts.values(), model.vae):
        leave_file(module)
    return model


def leave_file(module: nn.Module) -> None:
    """Copy weights that are mapped from their file to memory that torch aligned.

    The last bits of a product depend on alignment: a training that was stopped and resumed would differ from
    one that was not, because the stop writes ``working`` anew in fp32.
    """
    for parameter in module.parameters():
        parameter.data = parameter.data.clone()
