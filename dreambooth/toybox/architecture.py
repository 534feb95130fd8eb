"""The modules of the toybox: Stable Diffusion 1.5 in every respect but its widths."""

from __future__ import annotations

from dataclasses import replace

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from dreambooth.models.architecture import STABLE_DIFFUSION_15, TextArchitecture

VAE_WIDTHS = (32, 64, 96, 96)
UNET_WIDTHS = (32, 96, 128, 128)
TEXT_WIDTH = 64
LATENT_SIDE = 8
VOCABULARY_SIZE = 49_408
END_TOKEN = VOCABULARY_SIZE - 1
START_TOKEN = VOCABULARY_SIZE - 2
LATENT_SCALE = 0.18215
TOYBOX = replace(
    STABLE_DIFFUSION_15,
    unet_widths=UNET_WIDTHS,
    vae_widths=VAE_WIDTHS,
    context_width=TEXT_WIDTH,
    text_encoders=(TextArchitecture(kind="clip", width=TEXT_WIDTH, mlp_width=4 * TEXT_WIDTH, layers=12),),
    native_resolution=64,
)


def build_vae() -> AutoencoderKL:
    """A VAE with fresh weights: pictures (B, 3, 64, 64) in -1 … 1 to latents (B, 4, 8, 8)."""
    return AutoencoderKL(
        block_out_channels=VAE_WIDTHS,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        scaling_factor=LATENT_SCALE,
        sample_size=64,
    )


def build_text_encoder() -> CLIPTextModel:
    """A CLIP text encoder with fresh weights: token ids (B, 77) to text states (B, 77, 64)."""
    config = CLIPTextConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=12,
        num_attention_heads=1,
        max_position_embeddings=77,
        hidden_act="quick_gelu",
        bos_token_id=START_TOKEN,
        eos_token_id=END_TOKEN,
        pad_token_id=END_TOKEN,
    )
    return CLIPTextModel(config)


def build_unet() -> UNet2DConditionModel:
    """A U-Net with fresh weights; diffusers calls the number of heads ``attention_head_dim``."""
    return UNet2DConditionModel(
        sample_size=LATENT_SIDE,
        block_out_channels=UNET_WIDTHS,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        layers_per_block=2,
        attention_head_dim=8,
        cross_attention_dim=TEXT_WIDTH,
    )


@torch.no_grad()
def standardise_latents(vae: AutoencoderKL, mean: torch.Tensor, std: torch.Tensor) -> None:
    """Fold an affine map into the VAE's 1x1 convolutions, so that scaled latents have mean 0 and variance 1.

    ``mean`` and ``std`` (4,) are those of the latents before. Hosts multiply latents of SD 1.x by 0.18215,
    whatever the file says; the weights have to fit that number.
    """
    gain = 1 / (LATENT_SCALE * std)
    encode, decode = vae.quant_conv, vae.post_quant_conv
    encode.bias[:4] -= mean
    encode.weight[:4] *= gain[:, None, None, None]
    encode.bias[:4] *= gain
    encode.bias[4:] += 2 * gain.log()
    decode.bias += decode.weight[:, :, 0, 0] @ mean
    decode.weight /= gain[None, :, None, None]
