"""What training, sampling and exporting need to know of a model, whatever its family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import torch
from torch import Tensor, nn

from dreambooth.text.reading import LITERAL, Reading

if TYPE_CHECKING:
    from dreambooth.models.architecture import Architecture

Prediction = Literal["epsilon", "v_prediction"]


@dataclass(frozen=True)
class LatentDistribution:
    """What the VAE makes of pictures: a normal distribution for each latent, scaled. Both (B, c, h, w)."""

    mean: Tensor
    std: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Latents (B, c, h, w) from standard normal ``noise`` of the same shape."""
        return self.mean + self.std * noise


class TextStates(Protocol):
    """Encoded captions; what is in it is the family's business. One row per caption."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device) -> TextStates:
        """The same on another device."""

    def rows(self, start: int, stop: int) -> TextStates:
        """Some of the captions."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Which part of a picture is seen, in pixels: what SDXL is told (arXiv:2307.01952, section 2.2)."""

    original_height: int  # before the picture was scaled
    original_width: int
    top: int  # of the part that was taken, in the scaled picture
    left: int
    height: int  # of that part
    width: int

    @classmethod
    def whole(cls, *, height: int, width: int) -> Frame:
        """All of a picture in its own size: what to ask for in a drawing."""
        return cls(original_height=height, original_width=width, top=0, left=0, height=height, width=width)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the U-Net is told beside the noisy latents, a row for each picture."""

    text: TextStates
    frames: Sequence[Frame]
    hole: Tensor | None = None  # (B, 1 + c, h, w): see ``Model.hole``; for models that inpaint


class Model(Protocol):
    """A loaded model. The modules are plain diffusers and transformers classes."""

    architecture: Architecture
    working: Path  # the folder that it was loaded from
    predicts: Prediction
    alphas_cumprod: Tensor  # (1000,) float64 on the CPU: the share of signal variance kept at each timestep
    latent_factor: int  # pixels per latent, e.g. 8
    size_step_px: int  # sides of a picture must be multiples of this
    native_resolution: int  # the side of a square picture the model was made for

    @property
    def parts(self) -> Mapping[str, nn.Module]:
        """The modules that may learn, by name: "unet", "text_encoder" …"""

    @property
    def vae(self) -> nn.Module:
        """The VAE; never trained."""

    @property
    def text_parts(self) -> Sequence[str]:
        """Which of ``parts`` encode captions."""

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""

    def to(self, device: torch.device) -> None:
        """Move everything."""

    def with_frozen_copies(self, parts: Sequence[str], dtype: torch.dtype) -> Model:
        """A model of copies of these parts that never learn; it shares all others with this one."""

    def use_zero_terminal_snr(self) -> None:
        """Stretch the noise schedule so that nothing is kept at its end; once stretched it stays as it is."""

    def encode_pictures(self, pictures: Tensor) -> LatentDistribution:
        """Latents of pictures (B, 3, H, W) in -1 … 1."""

    def decode_latents(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in -1 … 1, not clamped."""

    def encode_captions(self, captions: Sequence[str], reading: Reading = LITERAL) -> TextStates:
        """Text states of the captions; differentiable where a text encoder learns."""

    def join_states(self, states: Sequence[TextStates]) -> TextStates:
        """Rows one after another."""

    @property
    def inpaints(self) -> bool:
        """Whether the U-Net fills a hole in a picture that it sees; ``Conditions.hole`` is needed then."""

    def hole(self, masks: Tensor, left_over: Tensor) -> Tensor:
        """Masks (B, 1, H, W), 1 in the hole, with latents of the pictures without it: (B, 1 + c, h, w)."""

    def predict(self, noisy_latents: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        """What the U-Net makes of noisy latents (B, c, h, w) at integer timesteps (B,): noise or velocity."""
