"""What a checkpoint is, told from the names and shapes of its tensors; its file name plays no part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dreambooth.models.architecture import NORM_GROUPS, Architecture
from dreambooth.models.family import Prediction
from dreambooth.models.names import TEXT_PREFIX
from dreambooth.models.single_file import CheckpointError

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = f"{TEXT_PREFIX}text_model."
DEFAULT_RESOLUTION_PX = 512
PREDICTIONS: dict[str, Prediction] = {
    "epsilon": "epsilon",
    "v": "v_prediction",
    "v_prediction": "v_prediction",
}
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
    (r"cond_stage_model\.model\.", "Stable Diffusion 2, which is not supported yet"),
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
    """What the file is when it is certainly something other than Stable Diffusion 1.x, or None."""
    names = tuple(names)
    for pattern, what in STRANGERS:
        if any(re.match(pattern, name) for name in names):
            return what
    return None


def detect_architecture(shapes: Shapes, metadata: Mapping[str, str]) -> Architecture:
    """The architecture of a Stable Diffusion 1.x checkpoint; anything else is refused by its name."""
    _refuse_others(shapes)
    unet_widths, attention, unet_resnets = _unet_levels(shapes)
    vae_widths, vae_resnets = _vae_levels(shapes)
    vocabulary_size, text_width = _shape(shapes, f"{TEXT}embeddings.token_embedding.weight", 2)
    architecture = Architecture(
        family="sd1",
        unet_widths=unet_widths,
        unet_attention=attention,
        unet_resnets=unet_resnets,
        context_width=_shape(shapes, f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight", 2)[1],
        latent_channels=_shape(shapes, f"{UNET}input_blocks.0.0.weight", 4)[1],
        vae_widths=vae_widths,
        vae_resnets=vae_resnets,
        text_width=text_width,
        text_mlp_width=_shape(shapes, f"{TEXT}encoder.layers.0.mlp.fc1.weight", 2)[0],
        text_layers=_count(shapes, TEXT + "encoder.layers.{}.layer_norm1.weight"),
        vocabulary_size=vocabulary_size,
        max_tokens=_shape(shapes, f"{TEXT}embeddings.position_embedding.weight", 2)[0],
        predicts=find_prediction(shapes, metadata),
        native_resolution=find_resolution_px(metadata),
    )
    _refuse_odd_numbers(architecture)
    return architecture


def find_prediction(names: Iterable[str], metadata: Mapping[str, str]) -> Prediction:
    """The marker ``v_pred`` decides, then the metadata; without either it is the noise, "epsilon"."""
    if "v_pred" in names:
        return "v_prediction"
    told = metadata.get("modelspec.prediction_type", "epsilon")
    if told not in PREDICTIONS:
        raise CheckpointError(f"the checkpoint says that it predicts {told!r}; only epsilon and v are known")
    return PREDICTIONS[told]


def find_resolution_px(metadata: Mapping[str, str]) -> int:
    """The side of a square ``modelspec.resolution``; 512 when the file does not tell one."""
    told = re.fullmatch(r"\s*(\d+)\s*x\s*(\d+)\s*", metadata.get("modelspec.resolution", ""))
    if told is None or told[1] != told[2] or int(told[1]) < 8:
        return DEFAULT_RESOLUTION_PX
    return int(told[1])


def _refuse_others(shapes: Shapes) -> None:
    stranger = find_stranger(shapes)
    if stranger is not None:
        raise CheckpointError(f"this is {stranger}")
    for prefix, part in ((UNET, "U-Net"), (VAE, "VAE"), (TEXT, "text encoder")):
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
        raise CheckpointError(f"{name} has the shape {list(shapes[name])}, which no Stable Diffusion 1.x has")
    return shapes[name]
