"""Stable Diffusion 1.x and 2.x, of any width; what they share with SDXL."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from typing_extensions import Self

from dreambooth.models.architecture import Architecture
from dreambooth.models.clip_states import ClipStates, clip_states, join_rows
from dreambooth.models.clip_text import ClipText
from dreambooth.models.configs import text_class
from dreambooth.models.family import Conditions, LatentDistribution, Prediction, TextStates
from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.text.reading import LITERAL, Reading


def scaled_linear_alphas_cumprod(
    num_timesteps: int = 1000, start: float = 0.00085, end: float = 0.012
) -> Tensor:
    """Share of signal variance kept at each timestep (float64); LDM's betas are linear in their roots."""
    betas = torch.linspace(start**0.5, end**0.5, num_timesteps, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, dim=0)


def with_zero_terminal_snr(alphas_cumprod: Tensor) -> Tensor:
    """The same schedule stretched so that nothing is kept at its end (arXiv:2305.08891, algorithm 1)."""
    roots = alphas_cumprod.sqrt()
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])).square()


class StableDiffusion:
    """U-Net, VAE and a CLIP text encoder; implements ``family.Model``.

    Inputs are expected in the dtype of the modules, or under autocast; the VAE is always float32, as that of
    SDXL overflows in float16.
    """

    def __init__(self, working: Path, architecture: Architecture, modules: Mapping[str, nn.Module]) -> None:
        self.working = working
        self.architecture = architecture
        self.predicts: Prediction = architecture.predicts
        kept = scaled_linear_alphas_cumprod()
        self.alphas_cumprod = with_zero_terminal_snr(kept) if architecture.has_zero_terminal_snr else kept
        # cast: mypy does not see what these classes inherit
        self._unet = cast("Any", modules["unet"])
        self._vae = cast("Any", modules["vae"])
        self._vae.requires_grad_(requires_grad=False)
        is_sdxl = architecture.family == "sdxl"
        self._texts = {
            part: ClipText(modules[part], clip_tokenizer(text.pad_token), is_cut_short=is_sdxl)
            for part, text in architecture.texts.items()
        }
        self._latent_scale = float(self._vae.config.scaling_factor)
        self.latent_factor = architecture.vae_factor
        self.size_step_px = self.latent_factor  # diffusers' U-Net takes latents of any size
        self.native_resolution = architecture.native_resolution

    @classmethod
    def load(cls, working: Path, architecture: Architecture, dtype: torch.dtype) -> Self:
        """The model in a folder of diffusers layout, on the CPU."""
        told: dict[str, Any] = {"local_files_only": True, "use_safetensors": True}
        modules = {
            "unet": UNet2DConditionModel.from_pretrained(working / "unet", dtype=dtype, **told),
            "vae": AutoencoderKL.from_pretrained(working / "vae", dtype=torch.float32, **told),
        }
        for part, text in architecture.texts.items():
            modules[part] = text_class(text).from_pretrained(working / part, dtype=dtype, **told)
        return cls(working, architecture, modules)

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """The modules that may learn."""
        return {"unet": self._unet, **{part: text.encoder for part, text in self._texts.items()}}

    @property
    def text_parts(self) -> Sequence[str]:
        """Which of ``parts`` encode captions."""
        return tuple(self._texts)

    @property
    def vae(self) -> nn.Module:
        """The VAE; never trained."""
        return cast("nn.Module", self._vae)

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return self.architecture.latent_channels

    @property
    def inpaints(self) -> bool:
        """Whether the U-Net fills a hole in a picture that it sees; ``Conditions.hole`` is needed then."""
        return self.architecture.inpaints

    def to(self, device: torch.device) -> None:
        """Move everything."""
        for module in (*self.parts.values(), self._vae):
            module.to(device)

    def with_frozen_copies(self, parts: Sequence[str], dtype: torch.dtype) -> Self:
        """A model of copies of these parts that never learn; it shares all others with this one."""
        copies = {part: copy.deepcopy(self.parts[part]).requires_grad_(requires_grad=False) for part in parts}
        for module in copies.values():
            module.eval()
            for parameter in module.parameters():
                parameter.data = parameter.data.to(dtype)
        return type(self)(self.working, self.architecture, {"vae": self._vae, **self.parts, **copies})

    def use_zero_terminal_snr(self) -> None:
        """Stretch the noise schedule so that nothing is kept at its end; once stretched it stays as it is."""
        if not self.architecture.has_zero_terminal_snr:
            self.architecture = replace(self.architecture, has_zero_terminal_snr=True)
            self.alphas_cumprod = with_zero_terminal_snr(self.alphas_cumprod)

    @torch.no_grad()
    def encode_pictures(self, pictures: Tensor) -> LatentDistribution:
        """Latents of pictures (B, 3, H, W) in -1 … 1."""
        with self._vae_precision():
            posterior = self._vae.encode(pictures).latent_dist
        return LatentDistribution(posterior.mean * self._latent_scale, posterior.std * self._latent_scale)

    @torch.no_grad()
    def decode_latents(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in -1 … 1, not clamped."""
        with self._vae_precision():
            pictures: Tensor = self._vae.decode(latents / self._latent_scale).sample
        return pictures

    def _vae_precision(self) -> AbstractContextManager[object]:
        """The VAE computes in float32 also where mixed precision is on around it."""
        return torch.autocast(self._vae.device.type, enabled=False)

    def encode_captions(self, captions: Sequence[str], reading: Reading = LITERAL) -> ClipStates:
        """Text states of the captions (B, 77 × chunks, width); differentiable."""
        encoded = self._texts["text_encoder"].encode(captions, reading)
        return ClipStates(encoded.joined(encoded.hidden))

    def join_states(self, states: Sequence[TextStates]) -> ClipStates:
        """Rows one after another."""
        rows = [clip_states(part) for part in states]
        pooled = [part.pooled for part in rows if part.pooled is not None]
        hidden = join_rows([part.hidden for part in rows])
        return ClipStates(hidden, torch.cat(pooled) if pooled else None)

    def hole(self, masks: Tensor, left_over: Tensor) -> Tensor:
        """Masks (B, 1, H, W), 1 in the hole, with latents of the pictures without it: (B, 1 + c, h, w)."""
        small = nn.functional.interpolate(masks, size=left_over.shape[-2:], mode="nearest")
        return torch.cat([small.to(left_over.dtype), left_over], dim=1)

    def predict(self, noisy_latents: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        """What the U-Net makes of noisy latents (B, c, h, w) at integer timesteps (B,): noise or velocity."""
        states = clip_states(conditions.text)
        if self.inpaints:
            if conditions.hole is None:
                raise ValueError("a model that inpaints has to be told what the hole is")
            noisy_latents = torch.cat([noisy_latents, conditions.hole], dim=1)
        answer = self._unet(
            noisy_latents,
            timesteps,
            encoder_hidden_states=states.hidden,
            added_cond_kwargs=self._added_conditions(states, conditions),
        )
        prediction: Tensor = answer.sample
        return prediction

    def _added_conditions(self, _: ClipStates, __: Conditions) -> dict[str, Tensor] | None:
        """What the U-Net reads beside the timestep."""
        return None
