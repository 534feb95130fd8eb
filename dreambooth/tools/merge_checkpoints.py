"""Two or three checkpoints made into one, tensor by tensor."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from dreambooth.config.folders import written_whole
from dreambooth.models.errors import CheckpointError
from dreambooth.models.export import cast_float
from dreambooth.models.names import EMA_PREFIX
from dreambooth.models.single_file import write_planned
from dreambooth.models.streaming import Planned
from dreambooth.tools.merge_recipe import child_metadata, recipe_metadata
from dreambooth.tools.movement import Movement
from dreambooth.tools.other_vae import replaced_vae
from dreambooth.tools.parent import (
    FIRST_LAYER,
    Parent,
    Progress,
    counted,
    is_weight,
    refuse_other_architectures,
    written_dtype,
)

Method = Literal["weighted_sum", "add_difference"]
METHOD_LABELS = {"weighted_sum": "Weighted sum", "add_difference": "Add difference"}  # as webuis name them
INPAINTING_INPUTS, INSTRUCTED_INPUTS = 9, 8


@dataclass(frozen=True, kw_only=True)
class MergeRequest:
    """What to merge, and how."""

    primary: Path
    secondary: Path
    tertiary: Path | None = None  # what the secondary one was made from; for add_difference
    method: Method = "weighted_sum"
    multiplier: float = 0.3
    dtype: torch.dtype | None = None  # of the weights; as the primary one has them when None
    vae: Path | None = None  # stands in for the primary one's VAE
    discard: str = ""  # a regular expression: tensors whose name it finds are left out


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What was written."""

    path: Path
    num_bytes: int
    num_tensors: int
    num_changed: int  # that differ from the primary one's
    moved: Mapping[str, float]  # first word of the names → how far from the primary one's weights
    num_kept: int  # weights that not all files have, and that are the primary one's
    num_dropped: int  # tensors that only the secondary one has
    num_discarded: int  # by request
    num_left_out: int  # EMA of the primary one, which is no average of what was written


def weighted_sum(a: Tensor, b: Tensor, multiplier: float) -> Tensor:
    """(1 - m) · a + m · b"""
    return (a * (1 - multiplier)).add_(b, alpha=multiplier)


def add_difference(a: Tensor, b: Tensor, c: Tensor, multiplier: float) -> Tensor:
    """a + m · (b - c), in the order that gives exactly b where a = c and m = 1."""
    return a.sub(c, alpha=multiplier).add_(b, alpha=multiplier)


def merge_checkpoints(asked: MergeRequest, to: Path, progress: Progress) -> Merged:
    """Write the merged checkpoint to ``to``; only a few tensors are in memory at any time."""
    _refuse_contradictions(asked)
    parents = [Parent(path) for path in (asked.primary, asked.secondary, asked.tertiary) if path]
    primary, others = parents[0], parents[1:]
    refuse_other_architectures(primary, others)
    changes = asked.multiplier != 0
    merged = _merged_names(primary, others) if changes else set()
    left_out = _stale_average(primary, merged) if changes else set()
    maker = _Maker(primary, others, asked, Movement())
    planned = {name: maker.plan(name, is_merged=name in merged) for name in primary.shapes.keys() - left_out}
    if asked.vae:
        planned |= replaced_vae(primary, asked.vae, asked.dtype, maker.movement)
    kept = {name: plan for name, plan in planned.items() if not _is_discarded(name, asked)}
    if not kept:
        raise CheckpointError("nothing would be left to write; discard less")
    told = child_metadata(primary.metadata, to, [parent.path for parent in parents])
    told |= recipe_metadata(
        _recipe(asked, to, primary, others), [(parent.path, parent.metadata) for parent in parents]
    )
    write_planned(to, counted(kept, progress), told)
    _copy_yaml([parent.path for parent in parents], to)
    lacking = {name for name in primary.shapes if is_weight(primary, name)} - merged - left_out
    return Merged(
        path=to,
        num_bytes=to.stat().st_size,
        num_tensors=len(kept),
        num_changed=maker.movement.num_changed,
        moved=maker.movement.moved,
        num_kept=len(lacking) if changes else 0,
        num_dropped=len(others[0].shapes.keys() - primary.shapes.keys()),
        num_discarded=len(planned) - len(kept),
        num_left_out=len(left_out),
    )


def _copy_yaml(parents: Sequence[Path], to: Path) -> None:
    """What webuis read of the model, e.g. that it predicts v: from beside the first parent that has it."""
    found = next((path for parent in parents if (path := parent.with_suffix(".yaml")).is_file()), None)
    if found and found != to.with_suffix(".yaml"):
        with written_whole(to.with_suffix(".yaml"), "wb") as file:
            file.write(found.read_bytes())


def _refuse_contradictions(asked: MergeRequest) -> None:
    if (asked.method == "add_difference") != (asked.tertiary is not None):
        raise CheckpointError(
            "add_difference needs a third checkpoint, the one that the second was made from; "
            "weighted_sum takes two"
        )
    if not math.isfinite(asked.multiplier):
        raise CheckpointError(f"the multiplier is {asked.multiplier} and must be a number")
    try:
        re.compile(asked.discard)
    except re.error as error:
        raise CheckpointError(f"{asked.discard!r} is no regular expression: {error}") from error


def _merged_names(primary: Parent, others: Sequence[Parent]) -> set[str]:
    """Weights that all have. An average is merged as a whole or not at all."""
    weights = {name for name in primary.shapes if is_weight(primary, name)}
    names = {name for name in weights if all(name in other.shapes for other in others)}
    averages = {name for name in weights if name.startswith(EMA_PREFIX)}
    return names if averages <= names else names - averages


def _stale_average(primary: Parent, merged: set[str]) -> set[str]:
    """EMA tensors of the primary one unless they are merged, too."""
    averages = {name for name in primary.shapes if name.startswith(EMA_PREFIX)}
    return set() if averages & merged else averages


def _is_discarded(name: str, asked: MergeRequest) -> bool:
    return bool(asked.discard and re.search(asked.discard, name))


@dataclass(frozen=True)
class _Maker:
    """Makes the tensors of the new file."""

    primary: Parent
    others: Sequence[Parent]
    asked: MergeRequest
    movement: Movement

    def plan(self, name: str, *, is_merged: bool) -> Planned:
        """A tensor to be made later."""
        dtype = written_dtype(self.primary, name, self.asked.dtype)
        make = self._merge if is_merged else self._copy
        return Planned(dtype, self.primary.shapes[name], partial(make, name, dtype))

    def _copy(self, name: str, dtype: torch.dtype) -> Tensor:
        written = cast_float(name, self.primary.tensor(name), dtype)
        self.movement.add(name, written, written)
        return written

    def _merge(self, name: str, dtype: torch.dtype) -> Tensor:
        """Computed in fp32 at least, whatever the files hold."""
        before = self.primary.tensor(name)
        a = before.to(torch.promote_types(before.dtype, torch.float32))
        b, *c = (other.tensor(name).to(a.dtype) for other in self.others)
        shared = a[:, : b.shape[1]] if name == FIRST_LAYER else a
        multiplier = self.asked.multiplier
        merged = add_difference(shared, b, c[0], multiplier) if c else weighted_sum(shared, b, multiplier)
        if merged.shape != a.shape:
            merged = torch.cat([merged, a[:, b.shape[1] :]], dim=1)
        written = cast_float(name, merged, dtype)
        self.movement.add(name, written, cast_float(name, before, dtype))
        return written


def _recipe(asked: MergeRequest, to: Path, primary: Parent, others: Sequence[Parent]) -> dict[str, object]:
    """What was asked, in the words of the webuis."""
    inputs = {parent.shapes[FIRST_LAYER][1] for parent in (primary, *others)}
    extra_inputs = primary.shapes[FIRST_LAYER][1] if len(inputs) > 1 else 0
    return {
        "interp_method": METHOD_LABELS[asked.method],
        "multiplier": asked.multiplier,
        "save_as_half": asked.dtype == torch.float16,
        "custom_name": to.stem,
        "config_source": 0,
        "bake_in_vae": asked.vae.name if asked.vae else "None",
        "discard_weights": asked.discard,
        "is_inpainting": extra_inputs == INPAINTING_INPUTS,
        "is_instruct_pix2pix": extra_inputs == INSTRUCTED_INPUTS,
    }
