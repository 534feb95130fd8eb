"""Names of the same weights in original (LDM) checkpoints and in diffusers, derived from the structure.

A table maps modules, original → diffusers; whatever follows a module's name is the same in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Modules = dict[str, str]

_UNET_RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_VAE_RESNET = {
    "norm1": "norm1",
    "conv1": "conv1",
    "norm2": "norm2",
    "conv2": "conv2",
    "nin_shortcut": "conv_shortcut",
}
_VAE_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}


def rename(key: str, modules: Mapping[str, str]) -> str | None:
    """``key`` with its longest known module replaced, or None when no module of the table contains it."""
    module = key
    while module:
        if module in modules:
            return modules[module] + key[len(module) :]
        module = module.rpartition(".")[0]
    return None


def inverse(modules: Mapping[str, str]) -> Modules:
    """The table diffusers → original."""
    return {diffusers: original for original, diffusers in modules.items()}


# Where SDXL's U-Net reads pooled text and sizes.
VECTOR_MODULES = {"label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2"}


def _inside(original: str, diffusers: str, modules: Mapping[str, str]) -> Modules:
    return {f"{original}.{inner}": f"{diffusers}.{other}" for inner, other in modules.items()}


def unet_modules(attention: Sequence[bool], num_resnets: int) -> Modules:
    """U-Net modules; ``attention`` says which levels have transformers, the one of full size first.

    Original blocks are counted through: each level has ``num_resnets`` blocks and one more that changes the
    size on the way down, ``num_resnets + 1`` on the way up.
    """
    table = {
        "time_embed.0": "time_embedding.linear_1",
        "time_embed.2": "time_embedding.linear_2",
        "input_blocks.0.0": "conv_in",
        "middle_block.1": "mid_block.attentions.0",
        "out.0": "conv_norm_out",
        "out.2": "conv_out",
    }
    table |= _inside("middle_block.0", "mid_block.resnets.0", _UNET_RESNET)
    table |= _inside("middle_block.2", "mid_block.resnets.1", _UNET_RESNET)
    for level, has_attention in enumerate(attention):
        table |= _down_level(level, num_resnets, has_attention=has_attention)
        if level < len(attention) - 1:
            table[f"input_blocks.{(num_resnets + 1) * (level + 1)}.0.op"] = (
                f"down_blocks.{level}.downsamplers.0.conv"
            )
    for level, has_attention in enumerate(reversed(attention)):
        table |= _up_level(level, num_resnets, has_attention=has_attention)
        if level < len(attention) - 1:
            last = (num_resnets + 1) * level + num_resnets
            slot = 2 if has_attention else 1
            table[f"output_blocks.{last}.{slot}.conv"] = f"up_blocks.{level}.upsamplers.0.conv"
    return table


def _down_level(level: int, num_resnets: int, *, has_attention: bool) -> Modules:
    table: Modules = {}
    for resnet in range(num_resnets):
        block = f"input_blocks.{(num_resnets + 1) * level + resnet + 1}"
        table |= _inside(f"{block}.0", f"down_blocks.{level}.resnets.{resnet}", _UNET_RESNET)
        if has_attention:
            table[f"{block}.1"] = f"down_blocks.{level}.attentions.{resnet}"
    return table


def _up_level(level: int, num_resnets: int, *, has_attention: bool) -> Modules:
    table: Modules = {}
    for resnet in range(num_resnets + 1):
        block = f"output_blocks.{(num_resnets + 1) * level + resnet}"
        table |= _inside(f"{block}.0", f"up_blocks.{level}.resnets.{resnet}", _UNET_RESNET)
        if has_attention:
            table[f"{block}.1"] = f"up_blocks.{level}.attentions.{resnet}"
    return table


def vae_modules(num_levels: int, num_resnets: int) -> Modules:
    """VAE modules; the original counts the decoder's levels backwards."""
    table = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}
    for half in ("encoder", "decoder"):
        table |= {
            f"{half}.conv_in": f"{half}.conv_in",
            f"{half}.norm_out": f"{half}.conv_norm_out",
            f"{half}.conv_out": f"{half}.conv_out",
        }
        table |= _inside(f"{half}.mid.block_1", f"{half}.mid_block.resnets.0", _VAE_RESNET)
        table |= _inside(f"{half}.mid.block_2", f"{half}.mid_block.resnets.1", _VAE_RESNET)
        table |= _inside(f"{half}.mid.attn_1", f"{half}.mid_block.attentions.0", _VAE_ATTENTION)
    for level in range(num_levels):
        down, up = f"encoder.down_blocks.{level}", f"decoder.up_blocks.{level}"
        original_down, original_up = f"encoder.down.{level}", f"decoder.up.{num_levels - 1 - level}"
        for resnet in range(num_resnets):
            table |= _inside(f"{original_down}.block.{resnet}", f"{down}.resnets.{resnet}", _VAE_RESNET)
        for resnet in range(num_resnets + 1):
            table |= _inside(f"{original_up}.block.{resnet}", f"{up}.resnets.{resnet}", _VAE_RESNET)
        if level < num_levels - 1:
            table[f"{original_down}.downsample.conv"] = f"{down}.downsamplers.0.conv"
            table[f"{original_up}.upsample.conv"] = f"{up}.upsamplers.0.conv"
    return table


def is_original_vae_attention(name: str) -> bool:
    """Whether a VAE weight (original name) is (c, c, 1, 1) there and (c, c) in diffusers."""
    module, _, kind = name.rpartition(".")
    return kind == "weight" and re.search(r"\.mid\.attn_1\.(q|k|v|proj_out)$", module) is not None


_CLIP_LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def open_clip_modules(num_layers: int) -> Modules:
    """Modules of an OpenCLIP text encoder; queries, keys and values are ``open_clip_stacks``."""
    table = {
        "token_embedding": "text_model.embeddings.token_embedding",
        "positional_embedding": "text_model.embeddings.position_embedding.weight",
        "ln_final": "text_model.final_layer_norm",
    }
    for layer in range(num_layers):
        table |= _inside(f"transformer.resblocks.{layer}", f"text_model.encoder.layers.{layer}", _CLIP_LAYER)
    return table


def open_clip_stacks(num_layers: int) -> dict[str, tuple[str, ...]]:
    """Original names of the tensors that hold query, key and value in one, and the names of the three."""
    return {
        f"transformer.resblocks.{layer}.attn.in_proj_{kind}": tuple(
            f"text_model.encoder.layers.{layer}.self_attn.{name}_proj.{kind}" for name in "qkv"
        )
        for layer in range(num_layers)
        for kind in ("weight", "bias")
    }
