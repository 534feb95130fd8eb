"""Names of adapter tensors in the files that webuis read (kohya's convention)."""

from __future__ import annotations

PREFIXES = {"unet": "lora_unet", "text_encoder": "lora_te"}
DOWN = "lora_down.weight"
UP = "lora_up.weight"
ALPHA = "alpha"
# The linear layers of every transformer block, and the two projections around the U-Net's transformers.
LAYERS = {
    "unet": ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out"),
    "text_encoder": ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"),
}


def kohya_module(part: str, path: str) -> str:
    """The name of a module, given by its dotted path inside a part, before the first dot of a key.

    >>> kohya_module("unet", "mid_block.attentions.0.proj_in")
    'lora_unet_mid_block_attentions_0_proj_in'
    """
    return f"{PREFIXES[part]}_{path.replace('.', '_')}"
