"""Stable Diffusion XL (arXiv:2307.01952), of any width: two text encoders, conditions beside the caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import torch
from torch import Tensor

from dreambooth.models.family import Conditions
from dreambooth.models.stable_diffusion import ClipStates, StableDiffusion


class StableDiffusionXL(StableDiffusion):
    """The U-Net reads both encoders before their last layer, a pooled summary, and the picture's frame."""

    def encode_captions(self, captions: Sequence[str]) -> ClipStates:
        """Text states (B, 77, both widths) and pooled ones; differentiable.

        An empty caption is all zeros: so the model was trained, and so do the webuis draw without a negative
        prompt.
        """
        answers = [self._read(part, captions) for part in self.text_parts]
        hidden = torch.cat([answer.hidden_states[-2] for answer in answers], dim=-1)
        pooled: Tensor = answers[-1].text_embeds
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
