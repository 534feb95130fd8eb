"""From a checkpoint file to a folder in diffusers layout, fully offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.architecture import Architecture, build_without_weights
from dreambooth.models.descriptions import write_descriptions
from dreambooth.models.detect import VAE, Shapes, detect_architecture
from dreambooth.models.family import Prediction
from dreambooth.models.keys import is_vae_attention_weight
from dreambooth.models.names import (
    POSITION_IDS,
    CheckpointNames,
    Home,
    ema_name,
    modern_spelling,
    sd1_names,
    sd2_names,
)
from dreambooth.models.prediction import find_prediction
from dreambooth.models.single_file import CheckpointError, read_checkpoint, write_checkpoint
from dreambooth.models.streaming import require_space
from dreambooth.models.working import EXTRA_FILE, TORCH_FORMAT, folder_appearing_whole, write_part


@dataclass(frozen=True, kw_only=True)
class Created:
    """What became of a checkpoint."""

    architecture: Architecture
    source_name: str
    dtype: str  # of the U-Net, e.g. "float16"
    num_weights: int  # numbers in U-Net, VAE and text encoder
    num_extra: int  # tensors kept aside because diffusers has no place for them


@dataclass(frozen=True)
class _Plan:
    """Which tensor of the source goes where."""

    parts: Mapping[str, Mapping[str, tuple[str, Home]]]  # part → diffusers name → name in the source
    extra: tuple[str, ...]  # names in the source


def create_working(
    source: Path,
    working: Path,
    *,
    source_name: str,
    predicts: Prediction | None = None,
    use_ema: bool = False,
    vae: Path | None = None,
) -> Created:
    """Convert the checkpoint ``source`` into the new folder ``working``, in the dtype it has.

    What the model ``predicts`` is found out (see ``prediction``) when it is not told. ``use_ema`` takes the
    averaged weights for the U-Net, which draw better; the others are meant to be trained further. The file
    ``vae`` stands in for the source's VAE. Either the folder is complete afterwards or it does not exist.
    Raises CheckpointError with one sentence.
    """
    checkpoint = read_checkpoint(source)
    shapes = {modern_spelling(name): shape for name, shape in checkpoint.shapes.items()}
    architecture = detect_architecture(
        shapes, checkpoint.metadata, predicts or find_prediction(checkpoint, source.with_suffix(".yaml"))
    )
    expected = _expected_shapes(architecture)
    names = names_of(architecture)
    plan = _plan(checkpoint.shapes, names, expected)
    if use_ema:
        plan = _with_average(plan, checkpoint.shapes)
    other_parts = {"vae": read_vae(vae, expected["vae"], names)} if vae else {}
    require_space(working.parent, source.stat().st_size)
    tensors = checkpoint.tensors
    with folder_appearing_whole(working) as folder:
        write_descriptions(folder, architecture)
        for part, homes in plan.parts.items():
            weights = other_parts.get(part) or {
                key: home.take(tensors[name]).reshape(expected[part][key])
                for key, (name, home) in homes.items()
            }
            write_part(folder, part, weights)
        if plan.extra:
            extra = dict(_extra_tensor(name, tensors[name]) for name in plan.extra)
            write_checkpoint(folder / EXTRA_FILE, extra, TORCH_FORMAT)
    return Created(
        architecture=architecture,
        source_name=source_name,
        dtype=str(tensors[plan.parts["unet"]["conv_in.weight"][0]].dtype).removeprefix("torch."),
        num_weights=sum(torch.Size(shape).numel() for part in expected.values() for shape in part.values()),
        num_extra=len(plan.extra),
    )


def names_of(architecture: Architecture) -> CheckpointNames:
    """Where the weights of this architecture are in an original checkpoint."""
    levels = (
        architecture.unet_attention,
        architecture.unet_resnets,
        len(architecture.vae_widths),
        architecture.vae_resnets,
    )
    return (
        sd1_names(*levels) if architecture.family == "sd1" else sd2_names(*levels, architecture.text_layers)
    )


def _expected_shapes(architecture: Architecture) -> dict[str, Shapes]:
    modules = build_without_weights(architecture)
    return {
        part: {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}
        for part, module in modules.items()
    }


def _plan(shapes: Shapes, names: CheckpointNames, expected: Mapping[str, Shapes]) -> _Plan:
    """Every expected weight found with its shape, everything else extra."""
    parts: dict[str, dict[str, tuple[str, Home]]] = {part: {} for part in expected}
    extra: list[str] = []
    for name, shape in shapes.items():
        homes = [home for home in names.find(modern_spelling(name)) if home.key in expected[home.part]]
        if not homes:
            extra.append(name)
        for home in homes:
            wanted = home.source_shape(expected[home.part][home.key])
            is_attention = home.part == "vae" and is_vae_attention_weight(home.key)
            if shape != wanted and not (is_attention and shape == (*wanted, 1, 1)):
                raise CheckpointError(f"{name} has the shape {list(shape)} where {list(wanted)} belongs")
            parts[home.part][home.key] = (name, home)
    for part, wanted_shapes in expected.items():
        missing = sorted(wanted_shapes.keys() - parts[part].keys())
        if missing:
            first = next(iter(names.original(part, {missing[0]: torch.empty(0)})))
            raise CheckpointError(
                f"the checkpoint is incomplete: it lacks {len(missing)} weights, e.g. {first}"
            )
    return _Plan(parts, tuple(extra))


def _with_average(plan: _Plan, shapes: Shapes) -> _Plan:
    """The same, with every weight of the U-Net from the source's EMA."""
    averaged = {key: (ema_name(name), home) for key, (name, home) in plan.parts["unet"].items()}
    for key, (name, _) in averaged.items():
        if shapes.get(name) != shapes[plan.parts["unet"][key][0]]:
            raise CheckpointError(f"the checkpoint has no EMA weights to use: it lacks {name} in this shape")
    return replace(plan, parts={**plan.parts, "unet": averaged})


def read_vae(path: Path, expected: Shapes, names: CheckpointNames) -> dict[str, Tensor]:
    """The VAE in a file, by its diffusers names: a VAE alone, in either spelling, or a whole checkpoint."""
    checkpoint = read_checkpoint(path)
    found: dict[str, Tensor] = {}
    for name, shape in checkpoint.shapes.items():
        homes = names.find(name) or names.find(VAE + name)
        for key in (name, *(home.key for home in homes if home.part == "vae")):
            if key in expected and torch.Size(shape).numel() == torch.Size(expected[key]).numel():
                found[key] = checkpoint.tensors[name].reshape(expected[key])
    if missing := sorted(expected.keys() - found.keys()):
        raise CheckpointError(
            f"{path.name} is no VAE for this model: {len(missing)} weights are missing or of another shape, "
            f"e.g. {missing[0]}"
        )
    return found


def _extra_tensor(name: str, tensor: Tensor) -> tuple[str, Tensor]:
    """A tensor to keep aside; position ids, which old merges rounded, are made whole numbers again."""
    if modern_spelling(name) != POSITION_IDS:
        return name, tensor
    return POSITION_IDS, torch.arange(tensor.numel()).reshape(tensor.shape)
