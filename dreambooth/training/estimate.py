"""How much memory and time a run will take: by counting weights, and by taking the time of a real step."""

from __future__ import annotations

import time

import torch

from dreambooth.config.memory import estimate_bytes, num_pictures
from dreambooth.config.resolution import largest_resolution
from dreambooth.config.settings import TrainConfig
from dreambooth.config.weights import Shapes, count_weights
from dreambooth.models.family import Model
from dreambooth.training.conditions import whole_picture
from dreambooth.training.device import Device


def shapes_of(model: Model) -> Shapes:
    """The shapes of all weights of a loaded model that has no adapter."""
    modules = {**model.parts, "vae": model.vae}
    return {
        part: {name: tuple(weight.shape) for name, weight in module.named_parameters()}
        for part, module in modules.items()
    }


def estimate_memory(config: TrainConfig, model: Model, device: Device) -> int:
    """Bytes of a training on this device, as ``estimate_bytes`` tells."""
    return estimate_bytes(
        config,
        count_weights(config, shapes_of(model)),
        in_half_precision=device.autocast_dtype is not None,
        on_gpu=device.device.type != "cpu",
    )


def estimate_seconds(config: TrainConfig, model: Model, device: Device, num_steps: int) -> float:
    """Seconds of all steps, from the time of one forward pass of the U-Net on this device.

    A backward pass costs about twice a forward pass.
    """
    model.to(device.device)
    count = num_pictures(config)
    side_px = largest_resolution(config)
    side = side_px // model.latent_factor
    latents = torch.zeros(count, model.latent_channels, side, side, device=device.device)
    timesteps = torch.zeros(count, dtype=torch.long, device=device.device)
    seconds = []
    with torch.no_grad(), device.autocast():
        states = model.encode_captions([""] * count)
        conditions = whole_picture(model, states, device.device, height=side_px, width=side_px)
        for _ in range(2):  # the first one warms up
            started = time.perf_counter()
            model.predict(latents, timesteps, conditions)
            device.synchronise()
            seconds.append(time.perf_counter() - started)
    backward = 3 if config.precision.gradient_checkpointing else 2
    others = config.loss.dream + (config.preservation.kind != "class_images")  # forward alone
    return seconds[-1] * (1 + backward + others) * config.data.gradient_accumulation_steps * num_steps
