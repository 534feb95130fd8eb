"""Conditions as tests need them."""

from __future__ import annotations

from dreambooth.models.family import Conditions, Frame, TextStates


def told(text: TextStates) -> Conditions:
    """Whole pictures of 64 pixels with these captions."""
    return Conditions(text=text, frames=[Frame.whole(height=64, width=64)] * len(text))
