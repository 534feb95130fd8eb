"""What a checkpoint is, told from the names and shapes of its tensors; its file name plays no part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dreambooth.models.architecture import (
    NORM_GROUPS,
    STABLE_DIFFUSION_15,
    STABLE_DIFFUSION_21,
    STABLE_DIFFUSION_XL,
    Architecture,
    Family,
    TextArchitecture,
)
from dreambooth.models.errors import CheckpointError
from dreambooth.models.family import Prediction
from dreambooth.models.names import SD2_TEXT, SDXL_TEXT_2, TEXT_PREFIXES, UNET, VAE

Shapes = Mapping[str, tuple[int, ...]]

EXTRA_INPUTS = {
    5: "a depth model (5 U-Net input channels)",
    8: "an InstructPix2Pix model (8 U-Net input channels)",
}
# The first pattern that any name begins with decides.
STRANGERS = (
    (
        r"(lora|oft)_(unet|te)|.*\.(lora_[AB]|lora_down|lora_up|hada_w1_a|lokr_w1)\b",
        "a LoRA file, not a full model",
    ),
    (r"(emb_params|string_to_param|clip_[lg])$", "a textual inversion embedding, not a full model"),
    (r"(control_model\.|input_hint_block\.|controlnet_)", "a ControlNet, not a full model"),
    (r"conditioner\.embedders\.0\.model\.", "the refiner of Stable Diffusion XL, which is not trained here"),
    (r"(model\.diffusion_model\.)?joint_blocks\.", "Stable Diffusion 3, which is not supported"),
    (r"(model\.diffusion_model\.)?double_blocks\.", "FLUX, which is not supported"),
    (
        r"(single_)?transformer_blocks\.",
        "FLUX or Stable Diffusion 3 in diffusers names, which is not supported",
    ),
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


def find_family(names: Iterable[str]) -> Family:
    """The family whose text encoders a checkpoint has."""
    names = tuple(names)
    if any(name.startswith(SDXL_TEXT_2) for name in names):
        return "sdxl"
    return "sd2" if any(name.startswith(SD2_TEXT) for name in names) else "sd1"


def detect_architecture(
    shapes: Shapes, metadata: Mapping[str, str], predicts: Prediction, *, has_zero_terminal_snr: bool = False
) -> Architecture:
    """The architecture of a Stable Diffusion 1.x, 2.x or XL; anything else is refused by its name."""
    family = find_family(shapes)
    _refuse_others(shapes, family)
    unet_widths, unet_depths, unet_resnets = _unet_levels(shapes)
    vae_widths, vae_resnets = _vae_levels(shapes)
    vector = shapes.get(f"{UNET}label_emb.0.0.weight")
    architecture = Architecture(
        family=family,
        unet_widths=unet_widths,
        unet_depths=unet_depths,
        unet_resnets=unet_resnets,
        unet_inputs=_shape(shapes, f"{UNET}input_blocks.0.0.weight", 4)[1],
        context_width=_shape(shapes, f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight", 2)[1],
        vector_width=vector[1] if vector else 0,
        latent_channels=_shape(shapes, f"{VAE}decoder.conv_in.weight", 4)[1],
        vae_widths=vae_widths,
        vae_resnets=vae_resnets,
        text_encoders=_text_encoders(shapes, family),
        predicts=predicts,
        has_zero_terminal_snr=has_zero_terminal_snr,
        native_resolution=find_resolution_px(metadata, _usual_resolution_px(family, predicts)),
    )
    _refuse_odd_numbers(architecture, shapes)
    return architecture


def _usual_resolution_px(family: Family, predicts: Prediction) -> int:
    if family == "sdxl":
        return STABLE_DIFFUSION_XL.native_resolution
    usual = STABLE_DIFFUSION_21 if (family, predicts) == ("sd2", "v_prediction") else STABLE_DIFFUSION_15
    return usual.native_resolution


def find_resolution_px(metadata: Mapping[str, str], default_px: int) -> int:
    """The side of a square ``modelspec.resolution``; the default when the file does not tell one."""
    told = re.fullmatch(r"\s*(\d+)\s*x\s*(\d+)\s*", metadata.get("modelspec.resolution", ""))
    if told is None or told[1] != told[2] or int(told[1]) < 8:
        return default_px
    return int(told[1])


def _text_encoders(shapes: Shapes, family: Family) -> tuple[TextArchitecture, ...]:
    prefixes = TEXT_PREFIXES[family]
    if family == "sd1":
        return (_clip(shapes, prefixes[0]),)
    if family == "sd2":  # which uses the output of the block before the last one
        open_clip = _open_clip(shapes, prefixes[0])
        return (replace(open_clip, layers=open_clip.layers - 1),)
    projection_width = _shape(shapes, f"{prefixes[1]}text_projection", 2)[1]
    return (
        _clip(shapes, prefixes[0]),
        replace(_open_clip(shapes, prefixes[1]), projection_width=projection_width),
    )


def _clip(shapes: Shapes, prefix: str) -> TextArchitecture:
    """CLIP-L as transformers names it."""
    text = f"{prefix}text_model."
    vocabulary_size, width = _shape(shapes, f"{text}embeddings.token_embedding.weight", 2)
    return TextArchitecture(
        kind="clip",
        vocabulary_size=vocabulary_size,
        width=width,
        mlp_width=_shape(shapes, f"{text}encoder.layers.0.mlp.fc1.weight", 2)[0],
        layers=_count(shapes, text + "encoder.layers.{}.layer_norm1.weight"),
        max_tokens=_shape(shapes, f"{text}embeddings.position_embedding.weight", 2)[0],
    )


def _open_clip(shapes: Shapes, prefix: str) -> TextArchitecture:
    """OpenCLIP's ViT-H or bigG, with all its blocks."""
    vocabulary_size, width = _shape(shapes, f"{prefix}token_embedding.weight", 2)
    blocks = f"{prefix}transformer.resblocks."
    return TextArchitecture(
        kind="open_clip",
        vocabulary_size=vocabulary_size,
        width=width,
        mlp_width=_shape(shapes, f"{blocks}0.mlp.c_fc.weight", 2)[0],
        layers=_count(shapes, blocks + "{}.ln_1.weight"),
        max_tokens=_shape(shapes, f"{prefix}positional_embedding", 2)[0],
    )


def _refuse_others(shapes: Shapes, family: Family) -> None:
    stranger = find_stranger(shapes)
    if stranger is not None:
        raise CheckpointError(f"this is {stranger}")
    needed = [(UNET, "U-Net"), (VAE, "VAE"), *((prefix, "text encoder") for prefix in TEXT_PREFIXES[family])]
    for prefix, part in needed:
        if not any(name.startswith(prefix) for name in shapes):
            raise CheckpointError(
                f"this is not a complete Stable Diffusion checkpoint: it has no {part} ({prefix}…)"
            )


def _refuse_odd_numbers(architecture: Architecture, shapes: Shapes) -> None:
    inputs, latents = architecture.unet_inputs, architecture.latent_channels
    if inputs != latents and not architecture.inpaints:
        what = EXTRA_INPUTS.get(
            inputs, f"a model with {inputs} U-Net input channels for {latents} latent channels"
        )
        raise CheckpointError(f"this is {what}, which is not supported")
    written = sum(text.width for text in architecture.text_encoders)
    if architecture.context_width != written:
        raise CheckpointError(
            f"U-Net and text encoder do not belong together: the U-Net reads text of width "
            f"{architecture.context_width}, the encoder writes {written}"
        )
    if any(width % NORM_GROUPS for width in (*architecture.unet_widths, *architecture.vae_widths)):
        raise CheckpointError(f"this is no Stable Diffusion: its widths are not multiples of {NORM_GROUPS}")
    if (architecture.family == "sdxl") != bool(architecture.vector_width):
        raise CheckpointError("U-Net and text encoders do not belong together: only one of them is of SDXL")
    depth = _count(shapes, UNET + "middle_block.1.transformer_blocks.{}.")
    if depth != architecture.unet_middle_depth:
        raise CheckpointError(
            f"this is a cut-down Stable Diffusion, which is not supported: its middle has {depth} "
            f"transformer blocks, the level before it {architecture.unet_middle_depth}"
        )


def _unet_levels(shapes: Shapes) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Widths, depths of the transformers, resnets per level; a ``.op`` block begins the next level."""
    widths: list[list[int]] = [[]]
    depths: list[set[int]] = [set()]
    for block in range(1, _count(shapes, UNET + "input_blocks.{}.0.", start=1) + 1):
        name = f"{UNET}input_blocks.{block}"
        if f"{name}.0.op.weight" in shapes:
            widths.append([])
            depths.append(set())
            continue
        widths[-1].append(_shape(shapes, f"{name}.0.out_layers.3.weight", 4)[0])
        has_transformer = f"{name}.1.proj_in.weight" in shapes
        depths[-1].add(_count(shapes, name + ".1.transformer_blocks.{}.") if has_transformer else 0)
    if len({len(level) for level in widths}) != 1 or not widths[0]:
        raise CheckpointError(
            "this is no Stable Diffusion: the levels of its U-Net differ in depth, or some are missing"
        )
    if any(len(level) != 1 for level in depths):
        raise CheckpointError(
            "this is a cut-down Stable Diffusion, which is not supported: the transformers of one level "
            "differ in depth"
        )
    return tuple(level[0] for level in widths), tuple(level.pop() for level in depths), len(widths[0])


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
