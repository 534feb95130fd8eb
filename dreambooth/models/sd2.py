"""Stable Diffusion 2.x, of any width: as 1.x, with OpenCLIP's text encoder read before its last block."""

from __future__ import annotations

from dreambooth.models.names import CheckpointNames, sd2_names
from dreambooth.models.sd1 import StableDiffusion1


class StableDiffusion2(StableDiffusion1):
    """The 512 px models predict the noise, those of 768 px the velocity."""

    family = "sd2"
    pad_token = "!"

    @property
    def modelspec(self) -> str:  # type: ignore[override]
        """The name in the specification of Stability AI."""
        return "stable-diffusion-v2-768-v" if self.predicts == "v_prediction" else "stable-diffusion-v2-512"

    def _names(self) -> CheckpointNames:
        return sd2_names(*self._levels(), int(self._text_encoder.config.num_hidden_layers))
