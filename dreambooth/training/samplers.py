"""Draws pictures with a model: classifier-free guidance over the samplers that users know by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)
from PIL import Image
from torch import Tensor

from dreambooth.data.generation_text import quote_value
from dreambooth.models.family import Model
from dreambooth.text.reading import drawn_reading
from dreambooth.training.conditions import whole_picture
from dreambooth.training.device import Device, evaluating
from dreambooth.training.randomness import generator_of

SAMPLER_NAMES = {
    "ddim": "DDIM",
    "euler": "Euler",
    "euler_a": "Euler a",
    "dpmpp_2m": "DPM++ 2M",
    "unipc": "UniPC",
}

LEAST_KEPT = 2.0**-24  # of the signal: samplers divide by it
_SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "ddim": (DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {}),
    "unipc": (UniPCMultistepScheduler, {}),
}


@dataclass(frozen=True, kw_only=True)
class Look:
    """How pictures are drawn: what all pictures of one batch share."""

    width: int
    height: int
    num_steps: int = 20
    guidance_scale: float = 7.5
    sampler: str = "ddim"
    clip_skip: int = 1  # layers of the text encoder, as the webuis count them


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One picture that is wanted; the same wish and look give the same picture in any batch."""

    prompt: str
    negative_prompt: str = ""
    seed: int = 0


def build_scheduler(model: Model, sampler: str) -> Any:  # noqa: ANN401 - five classes without a common base
    """The diffusers scheduler of this name over the model's own noise schedule.

    Where that ends in pure noise, drawing begins at the very last timestep (arXiv:2305.08891, section 3.3).
    """
    kept = model.alphas_cumprod.clamp(min=LEAST_KEPT)
    before = torch.cat([torch.ones(1, dtype=kept.dtype), kept[:-1]])
    scheduler_class, options = _SCHEDULERS[sampler]
    if model.alphas_cumprod[-1] == 0:
        options = {**options, "timestep_spacing": "trailing"}
    betas = (1 - kept / before).tolist()
    return scheduler_class(trained_betas=betas, prediction_type=model.predicts, **options)


def _initial_noise(model: Model, wishes: Sequence[Wish], look: Look) -> Tensor:
    """Noise (B, c, h, w), each picture's from its own seed, as the webuis draw it on the CPU."""
    shape = (model.latent_channels, look.height // model.latent_factor, look.width // model.latent_factor)
    generators = [torch.Generator().manual_seed(wish.seed) for wish in wishes]
    return torch.stack([torch.randn(shape, generator=generator) for generator in generators])


def _step_options(sampler: str, wishes: Sequence[Wish]) -> dict[str, object]:
    if sampler != "euler_a":
        return {}
    return {"generator": [generator_of("ancestral", wish.seed) for wish in wishes]}


def draw_latents(
    model: Model,
    wishes: Sequence[Wish],
    look: Look,
    device: Device,
    tell: Callable[[int], None] | None = None,
) -> Tensor:
    """Latents (B, c, h, w) of the wished pictures; ``tell`` hears how many sampler steps are done."""
    scheduler = build_scheduler(model, look.sampler)
    scheduler.set_timesteps(look.num_steps)
    latents: Tensor = _initial_noise(model, wishes, look).to(device.device) * scheduler.init_noise_sigma
    captions = [wish.negative_prompt for wish in wishes] + [wish.prompt for wish in wishes]
    options = _step_options(look.sampler, wishes)
    with device.autocast():
        text_states = model.encode_captions(captions, drawn_reading(look.clip_skip))
    conditions = whole_picture(model, text_states, device.device, height=look.height, width=look.width)
    for done, timestep in enumerate(scheduler.timesteps, start=1):
        doubled = scheduler.scale_model_input(torch.cat([latents, latents]), timestep)
        timesteps = timestep.to(device.device).expand(len(doubled))
        with device.autocast():
            without, following = model.predict(doubled, timesteps, conditions).float().chunk(2)
        guided = without + look.guidance_scale * (following - without)
        latents = scheduler.step(guided, timestep, latents, **options).prev_sample
        if tell is not None:
            tell(done)
    return latents


def tensor_to_pictures(pictures: Tensor) -> list[Image.Image]:
    """RGB pictures from (B, 3, H, W) in -1 … 1."""
    bytes_ = ((pictures.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return [Image.fromarray(picture.numpy()) for picture in bytes_.permute(0, 2, 3, 1).cpu()]


def draw_pictures(
    model: Model,
    wishes: Sequence[Wish],
    look: Look,
    device: Device,
    tell: Callable[[int], None] | None = None,
) -> list[Image.Image]:
    """The wished pictures, all in one batch; training may go on afterwards as if nothing had happened."""
    with evaluating(*model.parts.values(), model.vae):
        latents = draw_latents(model, wishes, look, device, tell)
        return tensor_to_pictures(model.decode_latents(latents))


def generation_text(wish: Wish, look: Look, model_name: str) -> str:
    """The text that the webuis write into their pictures, and read back from ours."""
    negative = f"\nNegative prompt: {wish.negative_prompt}" if wish.negative_prompt else ""
    skip = f", Clip skip: {look.clip_skip}" if look.clip_skip > 1 else ""
    return (
        f"{wish.prompt}{negative}\nSteps: {look.num_steps}, Sampler: {SAMPLER_NAMES[look.sampler]}, "
        f"CFG scale: {look.guidance_scale:g}, Seed: {wish.seed}, Size: {look.width}x{look.height}, "
        f"Model: {quote_value(model_name)}{skip}"
    )
