from pathlib import Path

import pytest
import torch

from dreambooth.adapters.lora import add_lora, named_layers
from dreambooth.adapters.weight_change import MAGNITUDE
from dreambooth.config.lora import LoraConfig
from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.models.single_file import write_checkpoint
from tests.models.random_checkpoint import METADATA, build_parts, checkpoint_tensors


@pytest.fixture(scope="session")
def working(tmp_path_factory) -> Path:
    """A model folder that tests only read."""
    folder = tmp_path_factory.mktemp("model")
    write_checkpoint(folder / "toy.safetensors", checkpoint_tensors(build_parts()), METADATA)
    create_working(read_source(folder / "toy.safetensors"), folder / "working")
    return folder / "working"


@pytest.fixture
def model(working) -> Model:
    """A model of one's own."""
    return load_model(working)


@torch.no_grad()
def move_lora(model: Model) -> None:
    """As if it had been trained: fresh adapters change nothing, since one of their factors is zero."""
    generator = torch.Generator().manual_seed(3)
    for adapted in named_layers(model).values():
        for name, weight in adapted.parameters.items():
            moved = 0.1 * torch.randn(weight.shape, generator=generator)
            weight.copy_(weight * (1 + moved) if name == MAGNITUDE else weight + moved)


@pytest.fixture(scope="session")
def trained(working) -> Model:
    """A model with a moved LoRA of rank 4 and alpha 2 on both parts, which tests leave as it is."""
    model = load_model(working)
    add_lora(model, "lora", LoraConfig(rank=4, alpha=2.0), ["unet", "text_encoder"], seed=1)
    move_lora(model)
    return model
