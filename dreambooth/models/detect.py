"""What a checkpoint is, told from the names and shapes of its tensors; its file name plays no part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dreambooth.models.architecture import NORM_GROUPS, Architecture, Family
from dreambooth.models.family import Prediction
from dreambooth.models.names import OPEN_CLIP_PREFIX, TEXT_PREFIX
from dreambooth.models.single_file import CheckpointError

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = f"{TEXT_PREFIX}text_model."
EXTRA_INPUTS = {
    5: "a depth model (5 U-Net input channels)",
    8: "an InstructPix2Pix model (8 U-Net input channels)",
    9: "an inpainting model (9 U-Net input channels)",
}
# The first pattern that any name begins with decides.
STRANGERS = (
    (
        r"lora_(unet|te)|.*\.(lora_[AB]|lora_down|lora_up|hada_w1_a|lokr_w1)\b",
        "a LoRA file, not a full model",
    ),
    (r"(emb_params|string_to_param|clip_[lg])$", "a textual inversion embedding, not a full model"),
    (r"(control_model\.|input_hint_block\.|controlnet_)", "a ControlNet, not a full model"),
    (r"conditioner\.embedders\.1\.", "Stable Diffusion XL, which is not supported yet"),
    (r"conditioner\.embedders\.0\.", "the Stable Diffusion XL refiner, which cannot be trained here"),
    (r"model\.diffusion_model\.joint_blocks\.", "Stable Diffusion 3, which is not supported"),
    (r"(model\.diffusion_model\.)?double_blocks\.", "FLUX, which is not supported"),
    (
        r"(unet\.)?(down_blocks|mid_block|up_blocks)\.",
        "a U-Net in diffusers names; a full checkpoint file is needed",
    ),
    (r"(text_model|transformer\.text_model)\.", "a text encoder alone; a full checkpoint file is needed"),
    (r"(encoder|decoder)\.(conv_in|down|up|mid)", "a VAE alone; a full checkpoint file is needed"),
)


def find_stranger(names: Iterable[str]) -> str | None:
    """What the file is when it is certainly something other than Stable Diffusion, or None."""
    names = tuple(names)
    for pattern, what in STRANGERS:
        if any(re.match(pattern, name) for name in names):
            return what
    return None


def detect_architecture(shapes: Shapes, metadata: Mapping[str, str], predicts: Prediction) -> Architecture:
    """The architecture of a Stable Diffusion 1.x or 2.x checkpoint; anything else is refused by its name."""
    family: Family = "sd2" if any(name.startswith(OPEN_CLIP_PREFIX) for name in shapes) else "sd1"
    _refuse_others(shapes, TEXT if family == "sd1" else OPEN_CLIP_PREFIX)
    unet_widths, attention, unet_resnets = _unet_levels(shapes)
    vae_widths, vae_resnets = _vae_levels(shapes)
    text = _clip(shapes) if family == "sd1" else _open_clip(shapes)
    architecture = Architecture(
        family=family,
        unet_widths=unet_widths,
        unet_attention=attention,
        unet_resnets=unet_resnets,
        context_width=_shape(shapes, f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight", 2)[1],
        latent_channels=_shape(shapes, f"{UNET}input_blocks.0.0.weight", 4)[1],
        vae_widths=vae_widths,
        vae_resnets=vae_resnets,
        text_width=text.width,
        text_mlp_width=text.mlp_width,
        text_layers=text.layers,
        vocabulary_size=text.vocabulary_size,
        max_tokens=text.max_tokens,
        predicts=predicts,
        native_resolution=find_resolution_px(
            metadata, 768 if (family, predicts) == ("sd2", "v_prediction") else 512
        ),
    )
    _refuse_odd_numbers(architecture)
    return architecture


def find_resolution_px(metadata: Mapping[str, str], default_px: int) -> int:
    """The side of a square ``modelspec.resolution``; the default when the file does not tell one."""
    told = re.fullmatch(r"\s*(\d+)\s*x\s*(\d+)\s*", metadata.get("modelspec.resolution", ""))
    if told is None or told[1] != told[2] or int(told[1]) < 8:
        return default_px
    return int(told[1])


@dataclass(frozen=True, kw_only=True)
class _TextEncoder:
    """The numbers of a text encoder."""

    vocabulary_size: int
    width: int
    mlp_width: int
    layers: int
    max_tokens: int


def _clip(shapes: Shapes) -> _TextEncoder:
    """CLIP-L as transformers names it."""
    vocabulary_size, width = _shape(shapes, f"{TEXT}embeddings.token_embedding.weight", 2)
    return _TextEncoder(
        vocabulary_size=vocabulary_size,
        width=width,
        mlp_width=_shape(shapes, f"{TEXT}encoder.layers.0.mlp.fc1.weight", 2)[0],
        layers=_count(shapes, TEXT + "encoder.layers.{}.layer_norm1.weight"),
        max_tokens=_shape(shapes, f"{TEXT}embeddings.position_embedding.weight", 2)[0],
    )


def _open_clip(shapes: Shapes) -> _TextEncoder:
    """OpenCLIP ViT-H; the output of the block before the last one is what SD 2 uses."""
    vocabulary_size, width = _shape(shapes, f"{OPEN_CLIP_PREFIX}token_embedding.weight", 2)
    blocks = f"{OPEN_CLIP_PREFIX}transformer.resblocks."
    return _TextEncoder(
        vocabulary_size=vocabulary_size,
        width=width,
        mlp_width=_shape(shapes, f"{blocks}0.mlp.c_fc.weight", 2)[0],
        layers=_count(shapes, blocks + "{}.ln_1.weight") - 1,
        max_tokens=_shape(shapes, f"{OPEN_CLIP_PREFIX}positional_embedding", 2)[0],
    )


def _refuse_others(shapes: Shapes, text_prefix: str) -> None:
    stranger = find_stranger(shapes)
    if stranger is not None:
        raise CheckpointError(f"this is {stranger}")
    for prefix, part in ((UNET, "U-Net"), (VAE, "VAE"), (text_prefix, "text encoder")):
        if not any(name.startswith(prefix) for name in shapes):
            raise CheckpointError(
                f"this is not a complete Stable Diffusion checkpoint: it has no {part} ({prefix}…)"
            )
    inputs = _shape(shapes, f"{UNET}input_blocks.0.0.weight", 4)[1]
    latents = _shape(shapes, f"{VAE}decoder.conv_in.weight", 4)[1]
    if inputs != latents:
        what = EXTRA_INPUTS.get(
            inputs, f"a model with {inputs} U-Net input channels for {latents} latent channels"
        )
        raise CheckpointError(f"this is {what}, which is not supported yet")


def _refuse_odd_numbers(architecture: Architecture) -> None:
    if architecture.context_width != architecture.text_width:
        raise CheckpointError(
            f"U-Net and text encoder do not belong together: the U-Net reads text of width "
            f"{architecture.context_width}, the encoder writes {architecture.text_width}"
        )
    if any(width % NORM_GROUPS for width in (*architecture.unet_widths, *architecture.vae_widths)):
        raise CheckpointError(f"this is no Stable Diffusion: its widths are not multiples of {NORM_GROUPS}")


def _unet_levels(shapes: Shapes) -> tuple[tuple[int, ...], tuple[bool, ...], int]:
    """Widths, which levels have transformers, resnets per level; a ``.op`` block begins the next level."""
    widths: list[list[int]] = [[]]
    attention: list[bool] = [False]
    for block in range(1, _count(shapes, UNET + "input_blocks.{}.0.", start=1) + 1):
        if f"{UNET}input_blocks.{block}.0.op.weight" in shapes:
            widths.append([])
            attention.append(False)
            continue
        widths[-1].append(_shape(shapes, f"{UNET}input_blocks.{block}.0.out_layers.3.weight", 4)[0])
        attention[-1] = f"{UNET}input_blocks.{block}.1.proj_in.weight" in shapes
    if len({len(level) for level in widths}) != 1 or not widths[0]:
        raise CheckpointError(
            "this is no Stable Diffusion: the levels of its U-Net differ in depth, or some are missing"
        )
    return tuple(level[0] for level in widths), tuple(attention), len(widths[0])


def _vae_levels(shapes: Shapes) -> tuple[tuple[int, ...], int]:
    """Widths and resnets per level."""
    num_levels = _count(shapes, VAE + "encoder.down.{}.block.0.conv1.weight")
    widths = (
        _shape(shapes, f"{VAE}encoder.down.{level}.block.0.conv1.weight", 4)[0] for level in range(num_levels)
    )
    return tuple(widths), _count(shapes, VAE + "encoder.down.0.block.{}.conv1.weight")


def _count(shapes: Shapes, pattern: str, start: int = 0) -> int:
    """How many consecutive numbers, from ``start``, in place of ``{}`` begin some name; at least one."""
    index = start
    while any(name.startswith(pattern.format(index)) for name in shapes):
        index += 1
    if index == start:
        raise CheckpointError(f"the checkpoint is incomplete: it lacks {pattern.format(start)}")
    return index - start


def _shape(shapes: Shapes, name: str, ndim: int) -> tuple[int, ...]:
    """The shape of a tensor that must be there with ``ndim`` dimensions."""
    if name not in shapes:
        raise CheckpointError(f"the checkpoint is incomplete: it lacks {name}")
    if len(shapes[name]) != ndim:
        raise CheckpointError(f"{name} has the shape {list(shapes[name])}, which no Stable Diffusion has")
    return shapes[name]
