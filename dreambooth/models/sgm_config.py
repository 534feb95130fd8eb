"""SDXL in the words of SGM's inference configs, from which A1111 builds it; keys and classes are SGM's."""

from __future__ import annotations

from typing import Any

from dreambooth.models.architecture import Architecture
from dreambooth.models.ldm_config import unet_parameters, vae_parameters

_DIFFUSION = "sgm.modules.diffusionmodules"
_ENCODERS = "sgm.modules.encoders.modules"
_SIZES = ("original_size_as_tuple", "crop_coords_top_left", "target_size_as_tuple")


def sgm_model(architecture: Architecture) -> dict[str, Any]:
    """Stable Diffusion XL, whatever it predicts."""
    return {
        "target": "sgm.models.diffusion.DiffusionEngine",
        "params": {
            "scale_factor": architecture.facts.latent_scale,
            "disable_first_stage_autocast": True,
            "denoiser_config": _denoiser(architecture),
            "network_config": _unet(architecture),
            "conditioner_config": _conditioner(architecture),
            "first_stage_config": {
                "target": "sgm.models.autoencoder.AutoencoderKLInferenceWrapper",
                "params": vae_parameters(architecture),
            },
        },
    }


def _denoiser(architecture: Architecture) -> dict[str, Any]:
    kind = "V" if architecture.predicts == "v_prediction" else "Eps"
    return {
        "target": f"{_DIFFUSION}.denoiser.DiscreteDenoiser",
        "params": {
            "num_idx": 1000,
            "weighting_config": {"target": f"{_DIFFUSION}.denoiser_weighting.{kind}Weighting"},
            "scaling_config": {"target": f"{_DIFFUSION}.denoiser_scaling.{kind}Scaling"},
            "discretization_config": {"target": f"{_DIFFUSION}.discretizer.LegacyDDPMDiscretization"},
        },
    }


def _unet(architecture: Architecture) -> dict[str, Any]:
    return {
        "target": f"{_DIFFUSION}.openaimodel.UNetModel",
        "params": {
            **unet_parameters(architecture),
            "adm_in_channels": architecture.vector_width,
            "num_classes": "sequential",
            "transformer_depth": [max(1, depth) for depth in architecture.unet_depths],
        },
    }


def _conditioner(architecture: Architecture) -> dict[str, Any]:
    clip_l, _ = architecture.text_encoders
    texts = [
        _embedder("txt", "FrozenCLIPEmbedder", {"layer": "hidden", "layer_idx": clip_l.layers - 1}),
        _embedder(
            "txt",
            "FrozenOpenCLIPEmbedder2",
            {
                "arch": "ViT-bigG-14",
                "version": "laion2b_s39b_b160k",
                "freeze": True,
                "layer": "penultimate",
                "always_return_pooled": True,
                "legacy": False,
            },
        ),
    ]
    sizes = [
        _embedder(size, "ConcatTimestepEmbedderND", {"outdim": architecture.size_embedding_width})
        for size in _SIZES
    ]
    return {"target": "sgm.modules.GeneralConditioner", "params": {"emb_models": [*texts, *sizes]}}


def _embedder(key: str, kind: str, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "is_trainable": False,
        "input_key": key,
        "target": f"{_ENCODERS}.{kind}",
        "params": parameters,
    }
