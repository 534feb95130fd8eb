"""How much memory and time a run will take: by counting weights, and by taking the time of a real step."""

from __future__ import annotations

import time

import torch
from torch import nn

from dreambooth.adapters.injection import count_adapter_weights
from dreambooth.adapters.sizes import layer_sizes
from dreambooth.config.settings import TrainConfig
from dreambooth.models.family import Model
from dreambooth.training.conditions import whole_picture
from dreambooth.training.device import Device
from dreambooth.training.learner import learning_parts

OPTIMIZER_BYTES = {"adamw": 8, "adamw_8bit": 2}  # per learning weight


def count_weights(module: nn.Module) -> int:
    """Weights of a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def count_learning(config: TrainConfig, model: Model) -> int:
    """Weights that will learn."""
    parts = learning_parts(config, model)
    if config.adapter == "none":
        return sum(count_weights(model.parts[part]) for part in parts)
    total = 0
    for part in parts:
        module = model.parts[part]
        sizes = layer_sizes(config.lora, model.architecture, part, module)
        total += count_adapter_weights(module, config.adapter, sizes, config.lora)
    return total


def estimate_memory(config: TrainConfig, model: Model, device: Device) -> int:
    """Bytes for weights, gradients, optimizer and activations of a step; the latter by a rule of thumb.

    Activations are taken as 2.4 GB in half precision for one 512 x 512 picture on the U-Net of SD 1.5 (860 M
    weights), in proportion to area, batch and the root of the U-Net's size; checkpointing keeps a third.
    """
    learning = count_learning(config, model)
    everything = sum(map(count_weights, [*model.parts.values(), model.vae]))
    frozen_bytes = 2 if device.autocast_dtype and device.device.type != "cpu" else 4
    weights = 4 * learning + frozen_bytes * (
        everything - learning if config.adapter == "none" else everything
    )
    num_pictures = config.data.batch_size * (1 + any(c.num_class_images_per for c in config.concepts))
    area = (config.data.resolution / 512) ** 2
    width = (count_weights(model.parts["unet"]) / 860e6) ** 0.5
    activations = 2.4e9 * num_pictures * area * width * (1 if device.autocast_dtype else 2)
    if config.precision.gradient_checkpointing:
        activations /= 3
    ema = 4 * learning if config.ema.enabled else 0
    return int(weights + learning * (4 + OPTIMIZER_BYTES[config.optimizer.name]) + ema + activations)


def estimate_seconds(config: TrainConfig, model: Model, device: Device, num_steps: int) -> float:
    """Seconds of all steps, from the time of one forward pass of the U-Net on this device.

    A backward pass costs about twice a forward pass.
    """
    model.to(device.device)
    num_pictures = config.data.batch_size * (1 + any(c.num_class_images_per for c in config.concepts))
    side_px = config.data.resolution
    side = side_px // model.latent_factor
    latents = torch.zeros(num_pictures, model.latent_channels, side, side, device=device.device)
    timesteps = torch.zeros(num_pictures, dtype=torch.long, device=device.device)
    seconds = []
    with torch.no_grad(), device.autocast():
        states = model.encode_captions([""] * num_pictures)
        conditions = whole_picture(model, states, device.device, height=side_px, width=side_px)
        for _ in range(2):  # the first one warms up
            started = time.perf_counter()
            model.predict(latents, timesteps, conditions)
            device.synchronise()
            seconds.append(time.perf_counter() - started)
    backward = 3 if config.precision.gradient_checkpointing else 2
    return seconds[-1] * (1 + backward) * config.data.gradient_accumulation_steps * num_steps
