"""Stable Diffusion 1.x, of any width."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer
from typing_extensions import Self

from dreambooth.models.family import LatentDistribution, Prediction, TextStates
from dreambooth.models.names import CheckpointNames, sd1_names
from dreambooth.models.single_file import CheckpointError
from dreambooth.models.tokenizer import END_OF_TEXT, clip_tokenizer
from dreambooth.models.working import WEIGHT_FILES, Weights, read_extra, read_part


@dataclass(frozen=True)
class ClipStates:
    """The text encoder's last hidden state after its final norm."""

    hidden: Tensor  # (B, 77, width)

    def __len__(self) -> int:
        return len(self.hidden)

    def to(self, device: torch.device) -> ClipStates:
        """The same on another device."""
        return ClipStates(self.hidden.to(device))

    def rows(self, start: int, stop: int) -> ClipStates:
        """Some of the captions."""
        return ClipStates(self.hidden[start:stop])


def scaled_linear_alphas_cumprod(
    num_timesteps: int = 1000, start: float = 0.00085, end: float = 0.012
) -> Tensor:
    """Share of signal variance kept at each timestep (float64); LDM's betas are linear in their roots."""
    betas = torch.linspace(start**0.5, end**0.5, num_timesteps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0)


class StableDiffusion1:
    """U-Net, VAE and CLIP text encoder; implements ``family.Model``.

    Inputs are expected in the dtype of the modules, or under autocast.
    """

    family = "sd1"
    pad_token = END_OF_TEXT
    modelspec = "stable-diffusion-v1"
    text_parts = ("text_encoder",)

    def __init__(
        self,
        working: Path,
        unet: UNet2DConditionModel,
        vae: AutoencoderKL,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        predicts: Prediction,
    ) -> None:
        self.working = working
        self.predicts: Prediction = predicts
        self.alphas_cumprod = scaled_linear_alphas_cumprod()
        # cast: mypy does not see what these classes inherit
        self._unet = cast("Any", unet)
        self._vae = cast("Any", vae)
        self._vae.requires_grad_(requires_grad=False)
        self._text_encoder = cast("Any", text_encoder)
        self._tokenizer = tokenizer
        self._latent_scale = float(self._vae.config.scaling_factor)
        self.latent_factor = 2 ** (len(self._vae.config.block_out_channels) - 1)
        self.size_step_px = self.latent_factor  # diffusers' U-Net takes latents of any size
        self.native_resolution = self.latent_factor * self._unet.config.sample_size

    @classmethod
    def load(cls, working: Path, dtype: torch.dtype = torch.float32) -> Self:
        """The model in a folder of diffusers layout, on the CPU."""
        scheduler = json.loads((working / "scheduler" / "scheduler_config.json").read_text(encoding="utf-8"))
        told: dict[str, Any] = {"dtype": dtype, "local_files_only": True, "use_safetensors": True}
        return cls(
            working,
            unet=UNet2DConditionModel.from_pretrained(working / "unet", **told),
            vae=AutoencoderKL.from_pretrained(working / "vae", **told),
            text_encoder=CLIPTextModel.from_pretrained(working / "text_encoder", **told),
            tokenizer=clip_tokenizer(cls.pad_token),
            predicts=scheduler["prediction_type"],
        )

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """The modules that may learn."""
        return {"unet": self._unet, "text_encoder": self._text_encoder}

    @property
    def vae(self) -> nn.Module:
        """The VAE; never trained."""
        return self._vae

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self._vae.config.latent_channels)

    def to(self, device: torch.device) -> None:
        """Move everything."""
        for module in (self._unet, self._vae, self._text_encoder):
            module.to(device)

    @torch.no_grad()
    def encode_pictures(self, pictures: Tensor) -> LatentDistribution:
        """Latents of pictures (B, 3, H, W) in -1 … 1, multiplied by 0.18215."""
        latents = self._vae.encode(pictures).latent_dist
        return LatentDistribution(latents.mean * self._latent_scale, latents.std * self._latent_scale)

    @torch.no_grad()
    def decode_latents(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in -1 … 1, not clamped."""
        return self._vae.decode(latents / self._latent_scale).sample

    def count_tokens(self, caption: str) -> int:
        """Tokens of a caption, start and end not counted; what exceeds 75 is cut off."""
        return len(self._tokenizer(caption, add_special_tokens=False, verbose=False).input_ids)

    def encode_captions(self, captions: Sequence[str]) -> ClipStates:
        """Text states of the captions, each padded or cut to 77 tokens; differentiable."""
        tokens = self._tokenizer(
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=self._text_encoder.config.max_position_embeddings,
            return_tensors="pt",
        )
        # No attention mask: the model was made looking at all 77 positions.
        return ClipStates(
            self._text_encoder(tokens.input_ids.to(self._text_encoder.device)).last_hidden_state
        )

    def join_states(self, states: Sequence[TextStates]) -> ClipStates:
        """Rows one after another."""
        return ClipStates(torch.cat([_clip_states(part).hidden for part in states]))

    def predict(self, noisy_latents: Tensor, timesteps: Tensor, text_states: TextStates) -> Tensor:
        """What the U-Net makes of noisy latents (B, c, h, w) at integer timesteps (B,): noise or velocity."""
        hidden = _clip_states(text_states).hidden
        return self._unet(noisy_latents, timesteps, encoder_hidden_states=hidden).sample

    def checkpoint_tensors(self, weights: Weights) -> dict[str, Tensor]:
        """A complete checkpoint in original names; parts that ``weights`` lacks are read from ``working``."""
        names = self._names()
        tensors = dict(read_extra(self.working))
        for part in WEIGHT_FILES:
            kept = read_part(self.working, part)
            given = weights.get(part, kept)
            if given.keys() != kept.keys():
                raise CheckpointError(
                    f"the weights given for {part} are not those of the model in {self.working}"
                )
            tensors |= names.original(part, given)
        return tensors

    def _names(self) -> CheckpointNames:
        """Where each weight is in a checkpoint."""
        return sd1_names(*self._levels())

    def _levels(self) -> tuple[list[bool], int, int, int]:
        """U-Net: which levels have attention, resnets per level. VAE: levels, resnets per level."""
        return (
            [kind.startswith("CrossAttn") for kind in self._unet.config.down_block_types],
            int(self._unet.config.layers_per_block),
            len(self._vae.config.block_out_channels),
            int(self._vae.config.layers_per_block),
        )

    def export_metadata(self) -> dict[str, str]:
        """``modelspec`` of a checkpoint; names as in the specification of Stability AI."""
        return {
            "modelspec.sai_model_spec": "1.0.1",
            "modelspec.architecture": self.modelspec,
            "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
            "modelspec.resolution": f"{self.native_resolution}x{self.native_resolution}",
            "modelspec.prediction_type": "epsilon" if self.predicts == "epsilon" else "v",
        }


def _clip_states(states: TextStates) -> ClipStates:
    if not isinstance(states, ClipStates):
        raise TypeError(f"text states of another family: {type(states).__name__}")
    return states
