"""LoRAs and their kin made part of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import kohya_modules
from dreambooth.adapters.reading import read_adapter
from dreambooth.adapters.weight_change import ModuleTensors, bias_change, group_keys, weight_change
from dreambooth.models.create import read_source
from dreambooth.models.export import cast_float, export_checkpoint
from dreambooth.models.names import EMA_PREFIX
from dreambooth.models.source import Source
from dreambooth.models.streaming import Planned
from dreambooth.tools.movement import Movement
from dreambooth.tools.parent import Progress, counted_parts
from dreambooth.tools.weighted import Weighted

Change = Callable[[Tensor], Tensor]  # a weight → what is added to it, fp32


@dataclass(frozen=True, kw_only=True)
class Baked:
    """What was written."""

    path: Path
    num_bytes: int
    num_tensors: int
    num_changed: int  # weights by their names in diffusers
    moved: Mapping[str, float]  # part → RMS of the change / RMS of the weights
    num_left_out: int  # EMA of the checkpoint, which is no average of what was written


def bake_loras(
    checkpoint: Path, loras: Sequence[Weighted], to: Path, dtype: torch.dtype | None, progress: Progress
) -> Baked:
    """Add the LoRAs, each by its strengths, to the weights of a checkpoint, weight by weight.

    Each is added to the weights that the checkpoint has, so their order plays no part.
    """
    source, movement = read_source(checkpoint), Movement()
    baked = with_loras(source, loras, dtype, movement)
    baked = replace(baked, parts=counted_parts(baked.parts, progress))
    told = {"modelspec.merged_from": ", ".join([checkpoint.name, *(lora.path.name for lora in loras)])}
    exported = export_checkpoint(baked, {}, to, dtype, told)
    return Baked(
        path=to,
        num_bytes=exported.num_bytes,
        num_tensors=exported.num_tensors,
        num_changed=movement.num_changed,
        moved=movement.moved,
        num_left_out=len(source.extra) - len(baked.extra),
    )


def with_loras(
    source: Source, loras: Sequence[Weighted], dtype: torch.dtype | None, movement: Movement
) -> Source:
    """The same model with the LoRAs in its weights, to be added when each is written."""
    changes: dict[tuple[str, str], list[Change]] = {}
    for lora in loras:
        for place, change in _changes(lora, source):
            changes.setdefault(place, []).append(change)
    return _with_changes(source, changes, dtype, movement)


def _changes(lora: Weighted, source: Source) -> list[tuple[tuple[str, str], Change]]:
    """(part, diffusers name) and what is added there."""
    tensors = read_adapter(lora.path, source.architecture)
    places = kohya_modules(source.architecture)
    found: list[tuple[tuple[str, str], Change]] = []
    for module, keys in group_keys(tensors).items():
        place, held = places[module], {suffix: tensors[key] for suffix, key in keys.items()}
        strength = lora.of_part(place.part)
        if not strength:
            continue
        where = f"{module} in {lora.path.name}"
        found.append(((place.part, f"{place.path}.weight"), partial(_weight, where, held, strength)))
        if bias_change(held) is not None:
            found.append(((place.part, f"{place.path}.bias"), partial(_bias, where, held, strength)))
    for (part, key), _ in found:
        if key not in source.parts[part]:
            raise AdapterError(f"{lora.path.name} changes {key}, which the {part} of this model lacks")
    return found


def _weight(where: str, held: ModuleTensors, strength: float, weight: Tensor) -> Tensor:
    try:
        return strength * weight_change(held, weight)
    except AdapterError as error:
        raise AdapterError(f"{where}: {error}") from error


def _bias(where: str, held: ModuleTensors, strength: float, bias: Tensor) -> Tensor:
    change = bias_change(held)
    if change is None or change.numel() != bias.numel():
        raise AdapterError(f"{where}: its bias does not fit one of shape {tuple(bias.shape)}")
    return strength * change.reshape(bias.shape)


def _with_changes(
    source: Source,
    changes: Mapping[tuple[str, str], Sequence[Change]],
    dtype: torch.dtype | None,
    movement: Movement,
) -> Source:
    """The same model with the changes, and without the average of a U-Net that it no longer has."""
    touched = {part for part, _ in changes}
    parts = dict(source.parts)
    for part in touched:
        parts[part] = {
            key: _changed(f"{part}.{key}", plan, changes.get((part, key), ()), dtype, movement)
            for key, plan in source.parts[part].items()
        }
    extra = {
        name: plan
        for name, plan in source.extra.items()
        if "unet" not in touched or not name.startswith(EMA_PREFIX)
    }
    return replace(source, parts=parts, extra=extra)


def _changed(
    name: str, plan: Planned, changes: Sequence[Change], dtype: torch.dtype | None, movement: Movement
) -> Planned:
    kind = dtype or plan.dtype

    def make() -> Tensor:
        before = plan.make()
        after = before.float()
        for change in changes:
            after = after + change(before)
        written = cast_float(name, after if changes else before, kind)
        movement.add(name, written, cast_float(name, before, kind))
        return written

    return Planned(kind if plan.dtype.is_floating_point else plan.dtype, plan.shape, make)
