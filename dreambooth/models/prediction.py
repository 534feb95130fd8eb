"""What a checkpoint's U-Net predicts, the noise or the velocity, when nobody says it."""

from __future__ import annotations

import re
from pathlib import Path

from dreambooth.models.detect import find_family
from dreambooth.models.family import Prediction
from dreambooth.models.single_file import Checkpoint, CheckpointError

SPELLINGS: dict[str, Prediction] = {
    "epsilon": "epsilon",
    "eps": "epsilon",
    "v": "v_prediction",
    "v_prediction": "v_prediction",
}
# Of the two models that everybody's SD 2.x comes from, the one that predicts v has widely spread biases here.
TELLING_BIAS = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
LEAST_SPREAD_OF_V = 0.09
# Empty tensors by which a checkpoint says of itself what its shapes do not tell.
V_MARKER = "v_pred"
ZERO_SNR_MARKER = "ztsnr"


def find_prediction(checkpoint: Checkpoint, yaml_file: Path) -> Prediction:
    """The first that tells: the marker tensor ``v_pred``, the metadata, the webui's yaml, the weights.

    Only SD 2.x has weights that tell; everything else is taken to predict the noise. Raises CheckpointError
    for a prediction that is neither.
    """
    if V_MARKER in checkpoint.shapes:
        return "v_prediction"
    told = checkpoint.metadata.get("modelspec.prediction_type") or _told_by(yaml_file)
    if told is not None:
        if told not in SPELLINGS:
            raise CheckpointError(
                f"the checkpoint says that it predicts {told!r}; only epsilon and v are known"
            )
        return SPELLINGS[told]
    if find_family(checkpoint.shapes) == "sd2" and TELLING_BIAS in checkpoint.shapes:
        spread = checkpoint.tensors[TELLING_BIAS].float().std().item()
        return "v_prediction" if spread > LEAST_SPREAD_OF_V else "epsilon"
    return "epsilon"


def _told_by(yaml_file: Path) -> str | None:
    """``parameterization`` in the yaml that the webui wants beside such a checkpoint, or None."""
    if not yaml_file.is_file():
        return None
    text = yaml_file.read_text(encoding="utf-8", errors="replace")
    told = re.search(r"""^\s*parameterization:\s*["']?(\w+)""", text, re.MULTILINE)
    return told[1] if told else None
