"""From a checkpoint, or a folder in diffusers layout, to a folder of our own, fully offline."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from dreambooth.models.appearing import folder_appearing_whole
from dreambooth.models.architecture import Architecture
from dreambooth.models.descriptions import write_descriptions
from dreambooth.models.errors import CheckpointError
from dreambooth.models.from_checkpoint import Wishes, read_single_file, read_vae
from dreambooth.models.from_folder import read_folder
from dreambooth.models.source import Source
from dreambooth.models.streaming import require_space, write_safetensors
from dreambooth.models.working import EXTRA_FILE, TORCH_FORMAT, write_part


@dataclass(frozen=True, kw_only=True)
class Created:
    """What became of a source."""

    architecture: Architecture
    source_name: str
    dtype: str  # of the U-Net, e.g. "float16"
    num_weights: int  # numbers in all parts
    num_extra: int  # tensors kept aside because diffusers has no place for them


def read_source(path: Path, wishes: Wishes | None = None) -> Source:
    """The model in a checkpoint file or a folder of diffusers layout; only names and shapes are read yet.

    What it predicts is found out (see ``prediction``) when it is not wished. Raises CheckpointError with one
    sentence.
    """
    wishes = wishes or Wishes()
    source = read_folder(path, wishes) if path.is_dir() else read_single_file(path, wishes)
    architecture = source.architecture
    if architecture.has_zero_terminal_snr and architecture.predicts == "epsilon":
        raise CheckpointError(
            "a model with zero terminal SNR cannot predict the noise: its last timestep is nothing else; "
            "say that it predicts v"
        )
    if wishes.vae is None:
        return source
    return replace(source, parts={**source.parts, "vae": read_vae(wishes.vae, architecture)})


def create_working(source: Source, working: Path) -> Created:
    """Write ``source`` into the new folder ``working``, in the dtype it has.

    Either the folder is complete afterwards or it does not exist. Raises CheckpointError with one sentence.
    """
    require_space(working.parent, source.num_bytes)
    with folder_appearing_whole(working) as folder:
        write_descriptions(folder, source.architecture)
        for part, weights in source.parts.items():
            write_part(folder, part, weights)
        if source.extra:
            write_safetensors(folder / EXTRA_FILE, source.extra, TORCH_FORMAT)
    return describe(source)


def describe(source: Source) -> Created:
    """What becomes of a source."""
    return Created(
        architecture=source.architecture,
        source_name=source.name,
        dtype=str(source.parts["unet"]["conv_in.weight"].dtype).removeprefix("torch."),
        num_weights=sum(math.prod(plan.shape) for part in source.parts.values() for plan in part.values()),
        num_extra=len(source.extra),
    )
