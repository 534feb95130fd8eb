"""A model in the words of LDM's inference configs, from which A1111 builds it; keys and classes are LDM's."""

from __future__ import annotations

from typing import Any

from dreambooth.models.architecture import HEAD_WIDTH, Architecture


def ldm_model(architecture: Architecture) -> dict[str, Any]:
    """Stable Diffusion 1.x or 2.x."""
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
        "unet_config": {
            "target": "ldm.modules.diffusionmodules.openaimodel.UNetModel",
            # image_size: which the class wants, keeps and does not use
            "params": {**unet_parameters(architecture), "image_size": 32, "transformer_depth": 1},
        },
        "first_stage_config": {
            "target": "ldm.models.autoencoder.AutoencoderKL",
            "params": vae_parameters(architecture),
        },
        "cond_stage_config": _text_encoder(architecture),
    }
    if architecture.inpaints:
        parameters["finetune_keys"] = None
    kind = "LatentInpaintDiffusion" if architecture.inpaints else "LatentDiffusion"
    return {"target": f"ldm.models.diffusion.ddpm.{kind}", "params": parameters}


def unet_parameters(architecture: Architecture) -> dict[str, Any]:
    """What LDM's U-Net and SGM's have in common."""
    heads = architecture.facts.fixed_heads
    return {
        "use_checkpoint": False,
        "in_channels": architecture.unet_inputs,
        "out_channels": architecture.latent_channels,
        "model_channels": architecture.unet_widths[0],
        "attention_resolutions": [  # by how much smaller than the latents a level is
            2**level for level, depth in enumerate(architecture.unet_depths) if depth
        ][::-1],
        "num_res_blocks": architecture.unet_resnets,
        "channel_mult": _multiples(architecture.unet_widths),
        **({"num_heads": heads} if heads else {"num_head_channels": HEAD_WIDTH}),
        "use_spatial_transformer": True,
        "use_linear_in_transformer": architecture.facts.has_linear_projection,
        "context_dim": architecture.context_width,
        "legacy": False,
    }


def vae_parameters(architecture: Architecture) -> dict[str, Any]:
    """The VAE, of LDM or SGM."""
    return {
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
