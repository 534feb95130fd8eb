"""The numbers in which one Stable Diffusion differs from another, and the configs that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

from dreambooth.models.family import Prediction
from dreambooth.models.tokenizer import END_OF_TEXT

HEAD_WIDTH = 64  # of text encoders, and of the U-Net of Stable Diffusion 2
NORM_GROUPS = 32
LATENT_SCALE = 0.18215
Config = dict[str, Any]
Family = Literal["sd1", "sd2"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What the shapes of a checkpoint tell; widths go from full size to the smallest."""

    family: Family
    unet_widths: tuple[int, ...]
    unet_attention: tuple[bool, ...]  # which levels have transformers
    unet_resnets: int  # per level
    context_width: int
    latent_channels: int
    vae_widths: tuple[int, ...]
    vae_resnets: int  # per level
    text_width: int
    text_mlp_width: int
    text_layers: int  # as many as are used: of SD 2, one less than the checkpoint holds
    vocabulary_size: int
    max_tokens: int
    predicts: Prediction
    native_resolution: int  # px

    @property
    def vae_factor(self) -> int:
        """Pixels along the side of one latent."""
        return 2 ** (len(self.vae_widths) - 1)

    @property
    def unet_heads(self) -> int | list[int]:
        """Attention heads of the U-Net: eight in SD 1; in SD 2 each is 64 wide."""
        return 8 if self.family == "sd1" else [max(1, width // HEAD_WIDTH) for width in self.unet_widths]

    @property
    def pad_token(self) -> str:
        """What fills a caption up to 77 tokens."""
        return END_OF_TEXT if self.family == "sd1" else "!"


STABLE_DIFFUSION_15 = Architecture(
    family="sd1",
    unet_widths=(320, 640, 1280, 1280),
    unet_attention=(True, True, True, False),
    unet_resnets=2,
    context_width=768,
    latent_channels=4,
    vae_widths=(128, 256, 512, 512),
    vae_resnets=2,
    text_width=768,
    text_mlp_width=3072,
    text_layers=12,
    vocabulary_size=49_408,
    max_tokens=77,
    predicts="epsilon",
    native_resolution=512,
)
STABLE_DIFFUSION_21 = replace(
    STABLE_DIFFUSION_15,
    family="sd2",
    context_width=1024,
    text_width=1024,
    text_mlp_width=4096,
    text_layers=23,
    predicts="v_prediction",
    native_resolution=768,
)


def unet_config(architecture: Architecture) -> Config:
    """``unet/config.json``; diffusers' ``attention_head_dim`` is here, as ever, the number of heads."""
    down = [
        "CrossAttnDownBlock2D" if attention else "DownBlock2D" for attention in architecture.unet_attention
    ]
    return {
        "_class_name": "UNet2DConditionModel",
        "act_fn": "silu",
        "attention_head_dim": architecture.unet_heads,
        "block_out_channels": list(architecture.unet_widths),
        "center_input_sample": False,
        "cross_attention_dim": architecture.context_width,
        "down_block_types": down,
        "downsample_padding": 1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": architecture.latent_channels,
        "layers_per_block": architecture.unet_resnets,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": NORM_GROUPS,
        "out_channels": architecture.latent_channels,
        "sample_size": architecture.native_resolution // architecture.vae_factor,
        "up_block_types": [name.replace("Down", "Up") for name in reversed(down)],
        "use_linear_projection": architecture.family == "sd2",
    }


def vae_config(architecture: Architecture) -> Config:
    """``vae/config.json``."""
    num_levels = len(architecture.vae_widths)
    return {
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": list(architecture.vae_widths),
        "down_block_types": ["DownEncoderBlock2D"] * num_levels,
        "in_channels": 3,
        "latent_channels": architecture.latent_channels,
        "layers_per_block": architecture.vae_resnets,
        "norm_num_groups": NORM_GROUPS,
        "out_channels": 3,
        "sample_size": architecture.native_resolution,
        "scaling_factor": LATENT_SCALE,
        "up_block_types": ["UpDecoderBlock2D"] * num_levels,
    }


def text_config(architecture: Architecture) -> Config:
    """``text_encoder/config.json``."""
    return {
        "architectures": ["CLIPTextModel"],
        "attention_dropout": 0.0,
        "bos_token_id": architecture.vocabulary_size - 2,
        "dropout": 0.0,
        "eos_token_id": architecture.vocabulary_size - 1,
        "hidden_act": "quick_gelu" if architecture.family == "sd1" else "gelu",
        "hidden_size": architecture.text_width,
        "intermediate_size": architecture.text_mlp_width,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": architecture.max_tokens,
        "model_type": "clip_text_model",
        "num_attention_heads": max(1, architecture.text_width // HEAD_WIDTH),
        "num_hidden_layers": architecture.text_layers,
        "pad_token_id": architecture.vocabulary_size - 1,
        "projection_dim": architecture.text_width,
        "vocab_size": architecture.vocabulary_size,
    }


def scheduler_config(architecture: Architecture) -> Config:
    """``scheduler/scheduler_config.json``, as Stable Diffusion 1.5 has it."""
    return {
        "_class_name": "PNDMScheduler",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "clip_sample": False,
        "num_train_timesteps": 1000,
        "prediction_type": architecture.predicts,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
    }


def part_configs(architecture: Architecture) -> dict[str, Config]:
    """The config of every part that has weights."""
    return {
        "unet": unet_config(architecture),
        "vae": vae_config(architecture),
        "text_encoder": text_config(architecture),
    }


def build_without_weights(architecture: Architecture) -> dict[str, nn.Module]:
    """The modules on the meta device: names and shapes, no memory."""
    with torch.device("meta"):
        return {
            "unet": UNet2DConditionModel.from_config(unet_config(architecture)),
            "vae": AutoencoderKL.from_config(vae_config(architecture)),
            "text_encoder": CLIPTextModel(CLIPTextConfig(**text_config(architecture))),
        }
