"""The numbers in which one Stable Diffusion differs from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from dreambooth.models.family import Prediction
from dreambooth.text.vocabulary import END_OF_TEXT

HEAD_WIDTH = 64  # of text encoders, and of the U-Nets after Stable Diffusion 1
NORM_GROUPS = 32
Family = Literal["sd1", "sd2", "sdxl"]
TEXT_PARTS = ("text_encoder", "text_encoder_2")


@dataclass(frozen=True, kw_only=True)
class FamilyFacts:
    """What all models of a family have in common, whatever their widths."""

    pipeline: str  # diffusers' name, before "Pipeline"
    latent_scale: float
    has_linear_projection: bool  # around the U-Net's transformers, where Stable Diffusion 1 has convolutions
    fixed_heads: int | None  # of the U-Net; None: as many as 64 go into the width


FACTS: Mapping[Family, FamilyFacts] = {
    "sd1": FamilyFacts(
        pipeline="StableDiffusion", latent_scale=0.18215, has_linear_projection=False, fixed_heads=8
    ),
    "sd2": FamilyFacts(
        pipeline="StableDiffusion", latent_scale=0.18215, has_linear_projection=True, fixed_heads=None
    ),
    "sdxl": FamilyFacts(
        pipeline="StableDiffusionXL", latent_scale=0.13025, has_linear_projection=True, fixed_heads=None
    ),
}


@dataclass(frozen=True, kw_only=True)
class TextArchitecture:
    """One text encoder."""

    kind: Literal["clip", "open_clip"]  # whose activation, padding and names in checkpoints it has
    width: int
    mlp_width: int
    layers: int  # as many as are used: of SD 2, one less than the checkpoint holds
    vocabulary_size: int = 49_408
    max_tokens: int = 77
    projection_width: int | None = None  # of its pooled output, where the U-Net reads that

    @property
    def heads(self) -> int:
        """Attention heads."""
        return max(1, self.width // HEAD_WIDTH)

    @property
    def activation(self) -> str:
        """OpenAI's CLIP was trained with an approximation."""
        return "quick_gelu" if self.kind == "clip" else "gelu"

    @property
    def pad_token(self) -> str:
        """What fills a caption up to 77 tokens."""
        return END_OF_TEXT if self.kind == "clip" else "!"


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What the shapes of a checkpoint tell; widths go from full size to the smallest."""

    family: Family
    unet_widths: tuple[int, ...]
    unet_depths: tuple[int, ...]  # transformer blocks in each transformer of a level; 0: it has none
    unet_resnets: int  # per level
    unet_inputs: int  # channels: those of a latent, and for inpainting a mask and another latent
    context_width: int
    vector_width: int = (
        0  # what the U-Net reads beside the timestep: pooled text, sizes and crops of a picture
    )
    latent_channels: int
    vae_widths: tuple[int, ...]
    vae_resnets: int  # per level
    text_encoders: tuple[TextArchitecture, ...]
    predicts: Prediction
    has_zero_terminal_snr: bool = False  # the last timestep is pure noise (arXiv:2305.08891, section 3.1)
    native_resolution: int  # px

    @property
    def facts(self) -> FamilyFacts:
        """What all models of the family have in common."""
        return FACTS[self.family]

    @property
    def texts(self) -> dict[str, TextArchitecture]:
        """The text encoders by the names of their parts."""
        return dict(zip(TEXT_PARTS, self.text_encoders, strict=False))

    @property
    def inpaints(self) -> bool:
        """Whether the U-Net also reads a mask and the latents of what the mask leaves."""
        return self.unet_inputs == 2 * self.latent_channels + 1

    @property
    def vae_factor(self) -> int:
        """Pixels along the side of one latent."""
        return int(2 ** (len(self.vae_widths) - 1))

    @property
    def unet_middle_depth(self) -> int:
        """Transformer blocks in the middle, as many as on the smallest level, at least one."""
        return max(1, self.unet_depths[-1])

    @property
    def unet_heads(self) -> int | list[int]:
        """Attention heads of the U-Net, of each level where they differ."""
        return self.facts.fixed_heads or [max(1, width // HEAD_WIDTH) for width in self.unet_widths]

    @property
    def size_embedding_width(self) -> int:
        """Width in which the U-Net reads each of the six numbers about sizes and crops."""
        pooled = self.text_encoders[-1].projection_width or 0
        return (self.vector_width - pooled) // 6


_CLIP_L = TextArchitecture(kind="clip", width=768, mlp_width=3072, layers=12)
STABLE_DIFFUSION_15 = Architecture(
    family="sd1",
    unet_widths=(320, 640, 1280, 1280),
    unet_depths=(1, 1, 1, 0),
    unet_resnets=2,
    unet_inputs=4,
    context_width=768,
    latent_channels=4,
    vae_widths=(128, 256, 512, 512),
    vae_resnets=2,
    text_encoders=(_CLIP_L,),
    predicts="epsilon",
    native_resolution=512,
)
STABLE_DIFFUSION_21 = replace(
    STABLE_DIFFUSION_15,
    family="sd2",
    context_width=1024,
    text_encoders=(TextArchitecture(kind="open_clip", width=1024, mlp_width=4096, layers=23),),
    predicts="v_prediction",
    native_resolution=768,
)
STABLE_DIFFUSION_XL = replace(
    STABLE_DIFFUSION_15,
    family="sdxl",
    unet_widths=(320, 640, 1280),
    unet_depths=(0, 2, 10),
    context_width=2048,
    vector_width=2816,
    text_encoders=(
        _CLIP_L,
        TextArchitecture(kind="open_clip", width=1280, mlp_width=5120, layers=32, projection_width=1280),
    ),
    native_resolution=1024,
)
# Where only names and sizes of layers matter, and one of the usual models is meant.
FULL_SIZE = (STABLE_DIFFUSION_15, STABLE_DIFFUSION_21, STABLE_DIFFUSION_XL)
