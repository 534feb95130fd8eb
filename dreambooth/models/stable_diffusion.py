"""Stable Diffusion 1.x and 2.x, of any width; what they share with SDXL."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from typing_extensions import Self

from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import text_class
from dreambooth.models.family import Conditions, LatentDistribution, Prediction, TextStates
from dreambooth.models.tokenizer import clip_tokenizer


@dataclass(frozen=True)
class ClipStates:
    """What the U-Net reads of captions."""

    hidden: Tensor  # (B, 77, width)
    pooled: Tensor | None = None  # (B, width): SDXL's summary of each caption

    def __len__(self) -> int:
        return len(self.hidden)

    def to(self, device: torch.device) -> ClipStates:
        """The same on another device."""
        return ClipStates(self.hidden.to(device), None if self.pooled is None else self.pooled.to(device))

    def rows(self, start: int, stop: int) -> ClipStates:
        """Some of the captions."""
        return ClipStates(self.hidden[start:stop], None if self.pooled is None else self.pooled[start:stop])


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
        self._text_encoders = {part: cast("Any", modules[part]) for part in architecture.texts}
        self._tokenizers = {part: clip_tokenizer(text.pad_token) for part, text in architecture.texts.items()}
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
        return {"unet": self._unet, **self._text_encoders}

    @property
    def text_parts(self) -> Sequence[str]:
        """Which of ``parts`` encode captions."""
        return tuple(self._text_encoders)

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
            module.to(dtype).eval()
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

    def count_tokens(self, caption: str) -> int:
        """Tokens of a caption, start and end not counted; what exceeds 75 is cut off."""
        tokenizer = self._tokenizers["text_encoder"]
        return len(tokenizer(caption, add_special_tokens=False, verbose=False).input_ids)

    def encode_captions(self, captions: Sequence[str]) -> ClipStates:
        """Text states of the captions, each padded or cut to 77 tokens; differentiable."""
        return ClipStates(self._read("text_encoder", captions).last_hidden_state)

    def _read(self, part: str, captions: Sequence[str]) -> Any:  # noqa: ANN401 - what transformers returns
        """What a text encoder makes of captions."""
        encoder = self._text_encoders[part]
        tokens = self._tokenizers[part](
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=encoder.config.max_position_embeddings,
            return_tensors="pt",
        )
        # No attention mask: the model was made looking at all 77 positions.
        return encoder(tokens.input_ids.to(encoder.device), output_hidden_states=True)

    def join_states(self, states: Sequence[TextStates]) -> ClipStates:
        """Rows one after another."""
        rows = [clip_states(part) for part in states]
        pooled = [part.pooled for part in rows if part.pooled is not None]
        return ClipStates(torch.cat([part.hidden for part in rows]), torch.cat(pooled) if pooled else None)

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


def clip_states(states: TextStates) -> ClipStates:
    """The states of a CLIP text encoder; raises TypeError for those of another family."""
    if not isinstance(states, ClipStates):
        raise TypeError(f"text states of another family: {type(states).__name__}")
    return states
