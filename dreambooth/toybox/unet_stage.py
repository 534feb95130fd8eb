"""Stages 4 and 6 of the recipe: the U-Net, on latents and text states that no longer change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel

from dreambooth.models.stable_diffusion import scaled_linear_alphas_cumprod
from dreambooth.toybox.architecture import LATENT_SCALE, build_unet
from dreambooth.toybox.pictures import draw_picture, pictures_to_tensor
from dreambooth.toybox.stages import Stage, rng_of, run_stage, seed_torch
from dreambooth.toybox.text_stage import tokenise, with_strange_word
from dreambooth.toybox.world import Spec, random_caption, random_spec
from dreambooth.training.objective import add_noise, kept_at, squared_errors

BATCH = 32
NUM_PICTURES = 16_000
ENCODING_BATCH = 32
EMPTY_CAPTION_PROBABILITY = 0.1


def picture_spec(seed: int, number: int) -> Spec:
    """The n-th picture of the training set."""
    return random_spec(rng_of(seed, "picture", number))


@torch.no_grad()
def encode_world(folder: Path, seed: int, vae: AutoencoderKL) -> Tensor:
    """Mean and std of the scaled latents of every picture, (N, 8, 8, 8) fp16; kept in a file."""
    path = folder / "latents.pt"
    if path.exists():
        return torch.load(path, weights_only=True)
    encoded = []
    for start in range(0, NUM_PICTURES, ENCODING_BATCH):
        numbers = range(start, min(start + ENCODING_BATCH, NUM_PICTURES))
        pictures = pictures_to_tensor([draw_picture(picture_spec(seed, number)) for number in numbers])
        latents = vae.encode(pictures).latent_dist
        encoded.append((torch.cat([latents.mean, latents.std], 1) * LATENT_SCALE).half())
        if start % (ENCODING_BATCH * 50) == 0:
            print(f"latents {start}/{NUM_PICTURES}", flush=True)
    beside = path.with_suffix(".partial")
    torch.save(torch.cat(encoded), beside)
    beside.replace(path)
    return torch.cat(encoded)


class TextStateCache:
    """Text states by caption: there are only some thousand captions without a strange word."""

    def __init__(self, text_encoder: CLIPTextModel) -> None:
        self.text_encoder = text_encoder
        self.states: dict[str, Tensor] = {}

    @torch.no_grad()
    def fetch(self, captions: list[str]) -> Tensor:
        """States (B, 77, 64) of the captions."""
        missing = [caption for caption in dict.fromkeys(captions) if caption not in self.states]
        if missing:
            states = self.text_encoder(tokenise(missing)).last_hidden_state.half()
            self.states.update(zip(missing, states, strict=True))
        return torch.stack([self.states[caption] for caption in captions]).float()


@dataclass(frozen=True)
class Cycle:
    """So many steps with a learning rate that falls to nearly nothing, with the states of a text encoder."""

    num_steps: int
    text_encoder: CLIPTextModel
    strange_word_probability: float


def _captions(seed: int, step: int, numbers: list[int], strange_word_probability: float) -> list[str]:
    rng = rng_of(seed, "caption", step)
    captions = []
    for number in numbers:
        text = random_caption(picture_spec(seed, number), rng).text
        if rng.random() < strange_word_probability:
            text = with_strange_word(text, rng)
        captions.append("" if rng.random() < EMPTY_CAPTION_PROBABILITY else text)
    return captions


def train_unet(folder: Path, seed: int, cycles: Sequence[Cycle], vae: AutoencoderKL) -> UNet2DConditionModel:
    """A U-Net that draws what the caption says.

    Each cycle begins with the averaged weights of the one before: a finished toybox can be trained further by
    one more.
    """
    latents_of = encode_world(folder, seed, vae)
    alphas_cumprod = scaled_linear_alphas_cumprod()
    torch.manual_seed(seed)
    unet = build_unet()

    def loss_of(
        cycle_step: int, steps_before: int, cycle: Cycle, text_states: TextStateCache
    ) -> tuple[Tensor, dict[str, float]]:
        step = steps_before + cycle_step
        rng = rng_of(seed, "unet", step)
        seed_torch(rng)
        numbers = [rng.randrange(NUM_PICTURES) for _ in range(BATCH)]
        mean, std = latents_of[numbers].float().chunk(2, dim=1)
        latents = mean + std * torch.randn_like(mean)
        noise = torch.randn_like(latents)
        timesteps = torch.randint(1000, (BATCH,))
        noisy = add_noise(latents, noise, kept_at(alphas_cumprod, timesteps, latents))
        captions = _captions(seed, step, numbers, cycle.strange_word_probability)
        states = text_states.fetch(captions)
        errors = squared_errors(unet(noisy, timesteps, states).sample, noise)
        high = errors[timesteps >= 600]
        told = {"loss": float(errors.detach().mean()), "t>=600": float(high.detach().mean())}
        return errors.mean(), told

    steps_before = 0
    for number, cycle in enumerate(cycles, start=1):
        stage = Stage(
            name=f"unet-{number}", num_steps=cycle.num_steps, lr=1e-3, warmup_steps=500, ema_decay=0.9995
        )
        text_states = TextStateCache(cycle.text_encoder)
        loss = partial(loss_of, steps_before=steps_before, cycle=cycle, text_states=text_states)
        run_stage(stage, unet, loss, folder)
        steps_before += cycle.num_steps
    return unet.eval()
