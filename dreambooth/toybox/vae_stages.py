"""Stages 1 and 2 of the recipe: the VAE, and then its decoder alone while the latents stay as they are."""

from __future__ import annotations

from pathlib import Path
from random import Random

import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor
from torch.nn.functional import l1_loss

from dreambooth.toybox.architecture import build_vae, standardise_latents
from dreambooth.toybox.colour_help import VaeInTraining, add_reference_strips
from dreambooth.toybox.pictures import draw_picture, draw_subject, pictures_to_tensor
from dreambooth.toybox.stages import Stage, rng_of, run_stage, seed_torch
from dreambooth.toybox.world import COLOURS, random_rgb, random_spec

BATCH = 4
KL_WEIGHT = 5e-4
COLOUR_WEIGHT = 0.5


def _picture_in_any_colour(rng: Random) -> Image.Image:
    """Most in the world's ten colours, shaken a little; the others in any colour at all, some of two."""
    spec = random_spec(rng)
    kind = rng.random()
    if kind < 0.7:
        red, green, blue = (
            max(0, min(255, channel + rng.randint(-15, 15))) for channel in COLOURS[spec.colour]
        )
        return draw_picture(spec, colour=(red, green, blue))
    if kind < 0.8:
        return draw_picture(spec, colour=random_rgb(rng))
    return draw_subject(spec, body=random_rgb(rng), chest=random_rgb(rng))


def _batch(seed: int, step: int) -> Tensor:
    rng = rng_of(seed, "vae", step)
    seed_torch(rng)
    return pictures_to_tensor([_picture_in_any_colour(rng) for _ in range(BATCH)])


def _reconstruction_loss(restored: Tensor, pictures: Tensor) -> Tensor:
    """L1 for sharp edges and MSE for right colours."""
    error = (restored - pictures).float()
    return error.abs().mean() + error.square().mean()


def train_vae(folder: Path, seed: int, num_steps: int) -> AutoencoderKL:
    """A VAE whose scaled latents have mean 0 and variance 1 in each channel."""
    torch.manual_seed(seed)
    vae = build_vae()
    add_reference_strips(vae)
    helped = VaeInTraining(vae)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures = _batch(seed, step)
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(pictures).latent_dist
            restored = vae.decode(posterior.sample()).sample
            colour = helped.colour_loss(posterior.mean, pictures)
        kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).float().mean()
        loss = _reconstruction_loss(restored, pictures) + COLOUR_WEIGHT * colour + KL_WEIGHT * kl
        figures = {"l1": l1_loss(restored, pictures), "colour": colour, "kl": kl}
        return loss, {name: float(value.detach()) for name, value in figures.items()}

    run_stage(Stage(name="vae", num_steps=num_steps, lr=1e-3), helped, loss_of, folder)
    vae.eval()
    with torch.no_grad():
        samples = [vae.encode(_batch(seed, -1 - i)).latent_dist.sample() for i in range(64)]
        latents = torch.cat(samples)  # (256, 4, 8, 8)
    standardise_latents(vae, latents.mean((0, 2, 3)), latents.std((0, 2, 3)))
    return vae


def train_decoder(folder: Path, seed: int, num_steps: int, vae: AutoencoderKL) -> None:
    """Train the decoder further on latents that no longer move; the U-Net may be trained beside it."""
    vae.requires_grad_(requires_grad=False)
    vae.decoder.requires_grad_(requires_grad=True)

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures = _batch(seed + 1, step)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                latents = vae.encode(pictures).latent_dist.sample()
            restored = vae.decode(latents).sample
        return _reconstruction_loss(restored, pictures), {"l1": float(l1_loss(restored, pictures).detach())}

    run_stage(Stage(name="decoder", num_steps=num_steps, lr=5e-4), vae, loss_of, folder)
    vae.requires_grad_(requires_grad=True)
