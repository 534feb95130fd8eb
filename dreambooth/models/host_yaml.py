"""The yaml that A1111 and its kin want beside a checkpoint whose kind they would guess wrong."""

from __future__ import annotations

from typing import Any

import yaml

from dreambooth.models.architecture import Architecture


def host_yaml(architecture: Architecture) -> str | None:
    """The text for SD 2.x and for SD 1.x that predicts v; others are known by their tensors, and need none.

    The keys and class names are those of LDM's inference configs.
    """
    is_guessed_right = architecture.family == "sdxl" or (architecture.family, architecture.predicts) == (
        "sd1",
        "epsilon",
    )
    if is_guessed_right:
        return None
    parameters: dict[str, Any] = {
        "parameterization": "v" if architecture.predicts == "v_prediction" else "eps",
        "linear_start": 0.00085,
        "linear_end": 0.012,
        "num_timesteps_cond": 1,
        "log_every_t": 200,
        "timesteps": 1000,
        "first_stage_key": "jpg",
        "cond_stage_key": "txt",
        "image_size": architecture.native_resolution // architecture.vae_factor,
        "channels": architecture.latent_channels,
        "cond_stage_trainable": False,
        "conditioning_key": "hybrid" if architecture.inpaints else "crossattn",
        "monitor": "val/loss_simple_ema",
        "scale_factor": architecture.facts.latent_scale,
        "use_ema": False,
        "unet_config": _unet(architecture),
        "first_stage_config": _vae(architecture),
        "cond_stage_config": _text_encoder(architecture),
    }
    if architecture.inpaints:
        parameters["finetune_keys"] = None
    kind = "LatentInpaintDiffusion" if architecture.inpaints else "LatentDiffusion"
    model = {"target": f"ldm.models.diffusion.ddpm.{kind}", "params": parameters}
    return yaml.safe_dump({"model": model}, sort_keys=False)


def _unet(architecture: Architecture) -> dict[str, Any]:
    heads = architecture.facts.fixed_heads
    return {
        "target": "ldm.modules.diffusionmodules.openaimodel.UNetModel",
        "params": {
            "use_checkpoint": False,
            "image_size": 32,  # which the class keeps and does not use
            "in_channels": architecture.unet_inputs,
            "out_channels": architecture.latent_channels,
            "model_channels": architecture.unet_widths[0],
            "attention_resolutions": [  # by how much smaller than the latents a level is
                2**level for level, depth in enumerate(architecture.unet_depths) if depth
            ][::-1],
            "num_res_blocks": architecture.unet_resnets,
            "channel_mult": _multiples(architecture.unet_widths),
            **({"num_heads": heads} if heads else {"num_head_channels": 64}),
            "use_spatial_transformer": True,
            "use_linear_in_transformer": architecture.facts.has_linear_projection,
            "transformer_depth": 1,
            "context_dim": architecture.context_width,
            "legacy": False,
        },
    }


def _vae(architecture: Architecture) -> dict[str, Any]:
    return {
        "target": "ldm.models.autoencoder.AutoencoderKL",
        "params": {
            "embed_dim": architecture.latent_channels,
            "monitor": "val/rec_loss",
            "ddconfig": {
                "double_z": True,
                "z_channels": architecture.latent_channels,
                "resolution": 256,
                "in_channels": 3,
                "out_ch": 3,
                "ch": architecture.vae_widths[0],
                "ch_mult": _multiples(architecture.vae_widths),
                "num_res_blocks": architecture.vae_resnets,
                "attn_resolutions": [],
                "dropout": 0.0,
            },
            "lossconfig": {"target": "torch.nn.Identity"},
        },
    }


def _text_encoder(architecture: Architecture) -> dict[str, Any]:
    if architecture.family == "sd1":
        return {"target": "ldm.modules.encoders.modules.FrozenCLIPEmbedder"}
    return {
        "target": "ldm.modules.encoders.modules.FrozenOpenCLIPEmbedder",
        "params": {"freeze": True, "layer": "penultimate"},
    }


def _multiples(widths: tuple[int, ...]) -> list[int]:
    return [width // widths[0] for width in widths]
