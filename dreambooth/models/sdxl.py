"""Stable Diffusion XL (arXiv:2307.01952), of any width: two text encoders, conditions beside the caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import torch
from torch import Tensor

from dreambooth.models.clip_states import ClipStates
from dreambooth.models.family import Conditions
from dreambooth.models.stable_diffusion import StableDiffusion
from dreambooth.text.reading import LITERAL, Reading


class StableDiffusionXL(StableDiffusion):
    """The U-Net reads both encoders before their last layer, a pooled summary, and the picture's frame."""

    def encode_captions(self, captions: Sequence[str], reading: Reading = LITERAL) -> ClipStates:
        """Text states (B, 77 × chunks, both widths), and the summaries of first chunks; differentiable.

        The layer is always the one before the last, which the model was made with. An empty caption is all
        zeros: so the model was trained, and so do the webuis draw without a negative prompt.
        """
        encoded = [text.encode(captions, reading) for text in self._texts.values()]
        hidden = encoded[0].joined(torch.cat([each.hidden for each in encoded], dim=-1))
        pooled = encoded[-1].first_summaries
        is_written = torch.tensor([bool(caption.strip()) for caption in captions], device=hidden.device)
        return ClipStates(
            torch.where(is_written[:, None, None], hidden, torch.zeros_like(hidden)),
            torch.where(is_written[:, None], pooled, torch.zeros_like(pooled)),
        )

    def _added_conditions(self, states: ClipStates, conditions: Conditions) -> dict[str, Tensor]:
        if states.pooled is None:
            raise TypeError("text states without a pooled summary, which SDXL reads")
        sizes = torch.tensor([astuple(frame) for frame in conditions.frames], dtype=torch.float32)
        return {"text_embeds": states.pooled, "time_ids": sizes.to(states.pooled.device)}
