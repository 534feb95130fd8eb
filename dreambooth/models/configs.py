"""The configs of diffusers and transformers that follow from an architecture, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from dreambooth.models.architecture import NORM_GROUPS, TEXT_PARTS, Architecture, Family, TextArchitecture
from dreambooth.models.errors import CheckpointError

Config = dict[str, Any]


def pipeline_name(architecture: Architecture) -> str:
    """diffusers' class for the whole model."""
    return f"{architecture.facts.pipeline}{'Inpaint' if architecture.inpaints else ''}Pipeline"


def text_class(text: TextArchitecture) -> type[CLIPTextModel] | type[CLIPTextModelWithProjection]:
    """transformers' class for a text encoder."""
    return CLIPTextModelWithProjection if text.projection_width else CLIPTextModel


def model_index(architecture: Architecture) -> Config:
    """``model_index.json``: which classes make up the pipeline."""
    index: Config = {
        "_class_name": pipeline_name(architecture),
        "_diffusers_version": diffusers.__version__,  # which inpainting pipelines look up
        "feature_extractor": [None, None],
        "scheduler": ["diffusers", scheduler_config(architecture)["_class_name"]],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    for part, text in architecture.texts.items():
        index[part] = ["transformers", text_class(text).__name__]
        index[tokenizer_folder(part)] = ["transformers", "CLIPTokenizer"]
    if architecture.family == "sdxl":
        return {**index, "force_zeros_for_empty_prompt": True, "image_encoder": [None, None]}
    return {**index, "requires_safety_checker": False, "safety_checker": [None, None]}


def tokenizer_folder(part: str) -> str:
    """Where the tokenizer of a text encoder lies."""
    return part.replace("text_encoder", "tokenizer")


def unet_config(architecture: Architecture) -> Config:
    """``unet/config.json``; diffusers' ``attention_head_dim`` is here, as ever, the number of heads."""
    down = ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in architecture.unet_depths]
    config: Config = {
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
        "in_channels": architecture.unet_inputs,
        "layers_per_block": architecture.unet_resnets,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": NORM_GROUPS,
        "out_channels": architecture.latent_channels,
        "sample_size": architecture.native_resolution // architecture.vae_factor,
        "up_block_types": [name.replace("Down", "Up") for name in reversed(down)],
        "use_linear_projection": architecture.facts.has_linear_projection,
    }
    if architecture.vector_width:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": architecture.size_embedding_width,
            "projection_class_embeddings_input_dim": architecture.vector_width,
            "transformer_layers_per_block": [max(1, depth) for depth in architecture.unet_depths],
        }
    return config


def vae_config(architecture: Architecture) -> Config:
    """``vae/config.json``."""
    num_levels = len(architecture.vae_widths)
    return {
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": list(architecture.vae_widths),
        "down_block_types": ["DownEncoderBlock2D"] * num_levels,
        "force_upcast": True,
        "in_channels": 3,
        "latent_channels": architecture.latent_channels,
        "layers_per_block": architecture.vae_resnets,
        "norm_num_groups": NORM_GROUPS,
        "out_channels": 3,
        "sample_size": architecture.native_resolution,
        "scaling_factor": architecture.facts.latent_scale,
        "up_block_types": ["UpDecoderBlock2D"] * num_levels,
    }


def text_config(text: TextArchitecture) -> Config:
    """``text_encoder/config.json``."""
    return {
        "architectures": [text_class(text).__name__],
        "attention_dropout": 0.0,
        "bos_token_id": text.vocabulary_size - 2,
        "dropout": 0.0,
        "eos_token_id": text.vocabulary_size - 1,
        "hidden_act": text.activation,
        "hidden_size": text.width,
        "intermediate_size": text.mlp_width,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": text.max_tokens,
        "model_type": "clip_text_model",
        "num_attention_heads": text.heads,
        "num_hidden_layers": text.layers,
        "pad_token_id": text.vocabulary_size - 1,
        "projection_dim": text.projection_width or text.width,
        "vocab_size": text.vocabulary_size,
    }


def scheduler_config(architecture: Architecture) -> Config:
    """``scheduler/scheduler_config.json``: the noise schedule of every Stable Diffusion, and how to draw."""
    config: Config = {
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "num_train_timesteps": 1000,
        "prediction_type": architecture.predicts,
        "steps_offset": 1,
        "trained_betas": None,
    }
    if architecture.has_zero_terminal_snr:  # which has to be drawn from the very last timestep
        told: Config = {"rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
        return {"_class_name": "EulerDiscreteScheduler", **config, **told}
    if architecture.family == "sdxl":
        return {"_class_name": "EulerDiscreteScheduler", **config, "timestep_spacing": "leading"}
    told = {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True}
    return {"_class_name": "PNDMScheduler", **config, **told}


def part_configs(architecture: Architecture) -> dict[str, Config]:
    """The config of every part that has weights."""
    return {
        "unet": unet_config(architecture),
        "vae": vae_config(architecture),
        **{part: text_config(text) for part, text in architecture.texts.items()},
    }


def build_without_weights(architecture: Architecture) -> dict[str, nn.Module]:
    """The modules on the meta device: names and shapes, no memory."""
    with torch.device("meta"):
        return {
            "unet": UNet2DConditionModel.from_config(unet_config(architecture)),
            "vae": AutoencoderKL.from_config(vae_config(architecture)),
            **{
                part: text_class(text)(CLIPTextConfig(**text_config(text)))
                for part, text in architecture.texts.items()
            },
        }


def read_config(folder: Path, place: str) -> Config:
    """A JSON file in a folder of diffusers layout; raises CheckpointError."""
    try:
        config: Config = json.loads((folder / place).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{folder} holds no model: there is no {place}") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder / place} cannot be read: {error}") from None
    return config


def read_architecture(folder: Path) -> Architecture:
    """The architecture of a model in diffusers layout; raises CheckpointError for what is not supported."""
    index = read_config(folder, "model_index.json")
    unet, vae = read_config(folder, "unet/config.json"), read_config(folder, "vae/config.json")
    scheduler = read_config(folder, "scheduler/scheduler_config.json")
    family = _family_of(index["_class_name"], unet, folder)
    depths = _depths(unet)
    try:
        return Architecture(
            family=family,
            unet_widths=tuple(unet["block_out_channels"]),
            unet_depths=depths,
            unet_resnets=unet["layers_per_block"],
            unet_inputs=unet["in_channels"],
            context_width=unet["cross_attention_dim"],
            vector_width=unet.get("projection_class_embeddings_input_dim") or 0,
            latent_channels=vae["latent_channels"],
            vae_widths=tuple(vae["block_out_channels"]),
            vae_resnets=vae["layers_per_block"],
            text_encoders=tuple(
                _text_architecture(read_config(folder, f"{part}/config.json"))
                for part in TEXT_PARTS[: 2 if family == "sdxl" else 1]
            ),
            predicts=scheduler.get("prediction_type", "epsilon"),
            has_zero_terminal_snr=bool(scheduler.get("rescale_betas_zero_snr")),
            native_resolution=unet["sample_size"] * 2 ** (len(vae["block_out_channels"]) - 1),
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(
            f"the configs in {folder} are not those of a Stable Diffusion: {error}"
        ) from None


def _family_of(pipeline: str, unet: Config, folder: Path) -> Family:
    """SD 1 and 2 have one pipeline; the transformers of the U-Net begin and end differently."""
    kind = pipeline.removesuffix("Pipeline").removesuffix("Inpaint").removesuffix("Img2Img")
    if kind == "StableDiffusionXL":
        return "sdxl"
    if kind != "StableDiffusion":
        raise CheckpointError(f"{folder} holds a {pipeline}, which is not supported")
    return "sd2" if unet.get("use_linear_projection") else "sd1"


def _depths(unet: Config) -> tuple[int, ...]:
    kinds = unet["down_block_types"]
    told = unet.get("transformer_layers_per_block", 1)
    depths = [told] * len(kinds) if isinstance(told, int) else told
    return tuple(
        depth if kind.startswith("CrossAttn") else 0 for kind, depth in zip(kinds, depths, strict=True)
    )


def _text_architecture(config: Config) -> TextArchitecture:
    has_projection = "CLIPTextModelWithProjection" in config.get("architectures", [])
    return TextArchitecture(
        kind="clip" if config["hidden_act"] == "quick_gelu" else "open_clip",
        width=config["hidden_size"],
        mlp_width=config["intermediate_size"],
        layers=config["num_hidden_layers"],
        vocabulary_size=config["vocab_size"],
        max_tokens=config["max_position_embeddings"],
        projection_width=config["projection_dim"] if has_projection else None,
    )
