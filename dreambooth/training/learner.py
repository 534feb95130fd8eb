"""A learner: which weights learn, in which precision, moved by which optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from dreambooth.adapters.lora import add_lora
from dreambooth.config.settings import TrainConfig
from dreambooth.config.weights import part_learns
from dreambooth.data.cache import TensorCache, tensors_hash
from dreambooth.data.caption_reading import caption_reading
from dreambooth.data.latents import LatentSource
from dreambooth.models.family import Model, TextStates
from dreambooth.text.reading import Reading
from dreambooth.training.device import Device
from dreambooth.training.errors import MissingPackage
from dreambooth.training.groups import learning_groups
from dreambooth.training.optimizers import build_optimizer
from dreambooth.training.processes import ALONE, Processes
from dreambooth.training.randomness import derive_seed
from dreambooth.training.untrained import Untrained


@dataclass(frozen=True)
class Learner:
    """A model together with everything that a step needs to improve it."""

    config: TrainConfig
    model: Model
    device: Device
    latents: LatentSource
    parameters: Mapping[str, Mapping[str, nn.Parameter]]  # part → name → what learns
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    num_steps: int
    untrained: Untrained | None = None  # where preservation holds on to what the model would have answered
    frozen_states: dict[str, TextStates] = field(
        default_factory=dict
    )  # by caption, while no text encoder learns
    processes: Processes = ALONE

    @property
    def reading(self) -> Reading:
        """How captions are read while they are trained."""
        return caption_reading(self.config.captions)

    @property
    def num_text_steps(self) -> int:
        """How many steps, from the first, train the text encoder."""
        return math.ceil(self.config.parts.text_encoder_fraction * self.num_steps)

    @property
    def learning(self) -> list[nn.Parameter]:
        """Everything that learns, in a fixed order."""
        return [parameter for named in self.parameters.values() for parameter in named.values()]


def learning_parts(config: TrainConfig, model: Model) -> list[str]:
    """The parts that learn, at least for some of the steps."""
    return [part for part in model.parts if part_learns(config, part)]


def _choose_weights(config: TrainConfig, model: Model) -> None:
    """Let exactly those weights require gradients that are asked to learn."""
    parts = learning_parts(config, model)
    if config.adapter != "none":
        add_lora(model, config.adapter, config.lora, parts, derive_seed(config.seed, "lora"))
        return
    for part, module in model.parts.items():
        module.requires_grad_(requires_grad=part in parts)


def _shrink_frozen(model: Model, device: Device) -> None:
    """Weights that stay as they are need no more precision than autocast would give them."""
    for module in model.parts.values():
        for parameter in module.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.to(device.frozen_dtype)


def _use_xformers(module: Any) -> None:  # noqa: ANN401 - mypy does not see what diffusers' classes inherit
    try:
        module.enable_xformers_memory_efficient_attention()
    except (ImportError, ValueError, RuntimeError) as error:  # what diffusers raises without xformers or CUDA
        raise MissingPackage(
            f"xformers does not work here ({error}); choose precision.attention sdpa"
        ) from None


def _use_checkpointing(module: Any) -> None:  # noqa: ANN401
    enable = getattr(module, "enable_gradient_checkpointing", None)  # diffusers' name for it
    if enable is None:
        enable = module.gradient_checkpointing_enable  # transformers'
    enable()


def _prepare_modules(config: TrainConfig, model: Model) -> None:
    for part in learning_parts(config, model):
        model.parts[part].train()
        if config.precision.gradient_checkpointing:
            _use_checkpointing(model.parts[part])
    if config.precision.attention == "xformers":
        _use_xformers(model.parts["unet"])


def build_latents(model: Model, device: Device, cache: TensorCache | None) -> LatentSource:
    """Latents of training pictures by the model's VAE, which always computes in float32."""

    def encode(pictures: Tensor) -> tuple[Tensor, Tensor]:
        distribution = model.encode_pictures(pictures.to(device.device))
        return distribution.mean, distribution.std

    return LatentSource(encode, tensors_hash(model.vae.state_dict().items()), cache)


def build_learner(
    config: TrainConfig, model: Model, device: Device, latents: LatentSource, num_steps: int
) -> Learner:
    """Everything ready for step 0."""
    _choose_weights(config, model)
    _shrink_frozen(model, device)
    model.to(device.device)
    _prepare_modules(config, model)
    parameters = {
        part: {name: p for name, p in model.parts[part].named_parameters() if p.requires_grad}
        for part in learning_parts(config, model)
    }
    groups = learning_groups(config, model, parameters)
    return Learner(
        config=config,
        model=model,
        device=device,
        latents=latents,
        parameters=parameters,
        optimizer=build_optimizer(config.optimizer, groups),
        scaler=device.build_scaler(),
        num_steps=num_steps,
        untrained=_build_untrained(config, model, device),
    )


def _build_untrained(config: TrainConfig, model: Model, device: Device) -> Untrained | None:
    if config.preservation.kind == "class_images":
        return None
    reading = caption_reading(config.captions)
    if config.adapter != "none":
        return Untrained(model, copied=(), reading=reading)
    parts = tuple(learning_parts(config, model))
    return Untrained(model.with_frozen_copies(parts, device.frozen_dtype), copied=parts, reading=reading)


def named_weights(parameters: Mapping[str, Mapping[str, nn.Parameter]]) -> dict[str, Tensor]:
    """Everything that learns, as ``PART/NAME`` → live tensor."""
    return {
        f"{part}/{name}": parameter.detach()
        for part, named in parameters.items()
        for name, parameter in named.items()
    }


@torch.no_grad()
def load_named_weights(
    parameters: Mapping[str, Mapping[str, nn.Parameter]], tensors: Mapping[str, Tensor]
) -> None:
    """Copy saved weights into what learns."""
    for name, weight in named_weights(parameters).items():
        weight.copy_(tensors[name])
