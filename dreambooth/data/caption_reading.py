"""How the settings have captions read while they are trained."""

from __future__ import annotations

from dreambooth.config.captions import CaptionsConfig
from dreambooth.text.reading import Reading


def caption_reading(captions: CaptionsConfig) -> Reading:
    """The reading of captions in training, class images' too."""
    return Reading(
        weighted=captions.prompt_weights,
        max_tokens=int(captions.max_tokens),
        clip_skip=captions.clip_skip,
        strict=captions.strict_tokens,
    )
