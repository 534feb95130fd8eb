"""The yaml that A1111 and its kin want beside a checkpoint whose kind they would guess wrong."""

from __future__ import annotations

import yaml

from dreambooth.models.architecture import Architecture
from dreambooth.models.ldm_config import ldm_model
from dreambooth.models.sgm_config import sgm_model


def host_yaml(architecture: Architecture) -> str | None:
    """The text for SD 2.x, and for others that predict v; the rest are known by their tensors."""
    if architecture.family != "sd2" and architecture.predicts == "epsilon":
        return None
    build = sgm_model if architecture.family == "sdxl" else ldm_model
    return yaml.safe_dump({"model": build(architecture)}, sort_keys=False)
