"""A model as others use it: one checkpoint file, or a folder in diffusers layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.config.folders import written_whole
from dreambooth.models.appearing import folder_appearing_whole
from dreambooth.models.architecture import Architecture
from dreambooth.models.descriptions import write_descriptions
from dreambooth.models.errors import CheckpointError
from dreambooth.models.host_yaml import host_yaml
from dreambooth.models.names import EMA_PREFIX, TEXT_PREFIXES, CheckpointNames, ema_name, names_of
from dreambooth.models.prediction import V_MARKER, ZERO_SNR_MARKER
from dreambooth.models.single_file import write_planned
from dreambooth.models.source import Parts, Source
from dreambooth.models.streaming import HASH_TO_COME, Planned, require_space
from dreambooth.models.working import Weights, write_part


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written."""

    path: Path
    num_tensors: int
    num_bytes: int
    moved: Mapping[str, float]  # part → RMS of the change since the source / RMS of the weights there
    num_left_out: int  # stale EMA tensors of the source


@dataclass(frozen=True)
class Average:
    """A moving average of all weights of the U-Net, by their diffusers names."""

    weights: Mapping[str, Tensor]
    decay: float
    num_updates: int

    def checkpoint_tensors(self, architecture: Architecture) -> dict[str, Tensor]:
        """The same under the names of LDM's EMA."""
        names = names_of(architecture)
        return {
            f"{EMA_PREFIX}decay": torch.tensor(self.decay),
            f"{EMA_PREFIX}num_updates": torch.tensor(self.num_updates, dtype=torch.int32),
            **{ema_name(name): tensor for name, tensor in names.original("unet", self.weights).items()},
        }


def cast_float(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """A float tensor in another dtype, others as they are; refuses values that the dtype cannot hold."""
    if not tensor.is_floating_point():
        return tensor
    cast = tensor.detach().to(dtype)
    if cast.numel() and _has_infinite_end(cast) and not tensor.isinf().any():
        raise CheckpointError(
            f"{name} has values too large for {dtype}; choose fp32 or bf16".replace("torch.", "")
        )
    return cast


def _has_infinite_end(tensor: Tensor) -> bool:
    """Whether the least or the greatest number is infinite; far faster than to look at each."""
    low, high = torch.aminmax(tensor.half() if tensor.dtype.itemsize == 1 else tensor)
    return bool(low.isinf() or high.isinf())


@torch.no_grad()
def relative_change(weights: Mapping[str, Tensor], before: Mapping[str, Planned]) -> float:
    """RMS of ``weights - before`` over RMS of ``before``, all tensors together."""
    change, size = 0.0, 0.0
    for name, tensor in weights.items():
        old = before[name].make().to(tensor.device, torch.float32)
        change += (tensor.float() - old).square().sum(dtype=torch.float64).item()
        size += old.square().sum(dtype=torch.float64).item()
    return (change / size) ** 0.5 if size else float("inf") if change else 0.0


def export_checkpoint(
    source: Source,
    weights: Weights,
    path: Path,
    dtype: torch.dtype | None,
    metadata: Mapping[str, str],
    *,
    average: Average | None = None,
) -> Exported:
    """Write one ``.safetensors`` or ``.ckpt`` in the names of the original checkpoint, tensor by tensor.

    Parts that ``weights`` lacks are those of the source. What only the source held goes along unchanged; its
    EMA weights are cast, and left out once the U-Net has moved, as they no longer belong to it. ``dtype``
    None keeps that of each tensor. ``metadata`` overrides what the model says of itself. ``average`` is
    written beside the main weights of the U-Net, in the place of any EMA of the source.
    """
    moved = movement(source, weights)
    planned = _planned_checkpoint(source.architecture, _replaced(source, weights), dtype)
    is_stale = moved.get("unet", 0.0) > 0 or average is not None
    left_out = [name for name in source.extra if is_stale and name.startswith(EMA_PREFIX)]
    for name, plan in source.extra.items():
        if name not in left_out:
            planned[name] = _cast(name, plan, dtype) if name.startswith(EMA_PREFIX) else plan
    if average is not None:
        told_average = average.checkpoint_tensors(source.architecture)
        planned |= {name: _cast(name, Planned.of(tensor), dtype) for name, tensor in told_average.items()}
    planned |= _stand_ins(source.architecture, planned)
    planned |= {
        name: Planned.of(torch.zeros(0)) for name in _markers(source.architecture) if name not in planned
    }
    date = datetime.now().replace(microsecond=0).isoformat()
    told = {
        **modelspec(source.architecture),
        "modelspec.title": path.stem,
        "modelspec.date": date,
        **metadata,
    }
    if path.suffix == ".safetensors":
        told["modelspec.hash_sha256"] = HASH_TO_COME
    write_planned(path, planned, told)
    if yaml := host_yaml(source.architecture):
        with written_whole(path.with_suffix(".yaml")) as file:
            file.write(yaml)
    return Exported(
        path=path,
        num_tensors=len(planned),
        num_bytes=path.stat().st_size,
        moved=moved,
        num_left_out=len(left_out),
    )


def export_diffusers_folder(
    source: Source, weights: Weights, folder: Path, dtype: torch.dtype | None
) -> Exported:
    """Write a new folder in diffusers layout; parts that ``weights`` lacks are those of the source."""
    moved = movement(source, weights)
    parts = {
        part: {key: _cast(key, plan, dtype) for key, plan in tensors.items()}
        for part, tensors in _replaced(source, weights).items()
    }
    plans = [plan for tensors in parts.values() for plan in tensors.values()]
    require_space(folder.parent, sum(plan.num_bytes for plan in plans))
    with folder_appearing_whole(folder) as beside:
        write_descriptions(beside, source.architecture)
        for part, tensors in parts.items():
            write_part(beside, part, tensors)
    files = [file for file in folder.rglob("*") if file.is_file()]
    return Exported(
        path=folder,
        num_tensors=len(plans),
        num_bytes=sum(file.stat().st_size for file in files),
        moved=moved,
        num_left_out=0,
    )


def movement(source: Source, weights: Weights) -> dict[str, float]:
    """How far the weights of each part are from those of the source, relative to their size."""
    return {part: relative_change(tensors, source.parts[part]) for part, tensors in weights.items()}


def _replaced(source: Source, weights: Weights) -> Parts:
    """The source's parts with ``weights`` in their places; raises CheckpointError when they have none."""
    for part, tensors in weights.items():
        ours = {key: plan.shape for key, plan in source.parts[part].items()}
        if {key: tuple(tensor.shape) for key, tensor in tensors.items()} != ours:
            raise CheckpointError(f"the weights given for {part} are not those of {source.name}")
    given = {
        part: {key: Planned.of(tensor) for key, tensor in tensors.items()}
        for part, tensors in weights.items()
    }
    return {**source.parts, **given}


def _planned_checkpoint(
    architecture: Architecture, parts: Parts, dtype: torch.dtype | None
) -> dict[str, Planned]:
    """All weights by their original names."""
    names = names_of(architecture)
    return {
        name: _cast(name, _joined(names, part, name, [tensors[key] for key in keys]), dtype)
        for part, tensors in parts.items()
        for name, keys in names.origins(part, tensors).items()
    }


def _joined(names: CheckpointNames, part: str, name: str, plans: Sequence[Planned]) -> Planned:
    """The tensor of a checkpoint that is made of these."""
    shape = names.join(part, name, [torch.empty(plan.shape, device="meta") for plan in plans]).shape
    dtype = plans[0].dtype
    for plan in plans:
        dtype = torch.promote_types(dtype, plan.dtype)
    return Planned(
        dtype, tuple(shape), lambda: names.join(part, name, [plan.make().to(dtype) for plan in plans])
    )


def _cast(name: str, plan: Planned, dtype: torch.dtype | None) -> Planned:
    if dtype is None or not plan.dtype.is_floating_point:
        return plan
    make: Callable[[], Tensor] = plan.make
    return Planned(dtype, plan.shape, lambda: cast_float(name, make(), dtype))


def _stand_ins(architecture: Architecture, planned: Mapping[str, Planned]) -> dict[str, Planned]:
    """What hosts expect of OpenCLIP and diffusers does not keep, where the source had none.

    Its scale; of SD 2 also the projection, and a copy of the last block that is used for the one behind it.
    """
    wanted: dict[str, Planned] = {}
    for text, prefix in zip(architecture.text_encoders, TEXT_PREFIXES[architecture.family], strict=True):
        if text.kind == "clip":
            continue
        wanted[f"{prefix}logit_scale"] = Planned.of(torch.tensor(100.0).log())
        if text.projection_width:
            continue
        wanted[f"{prefix}text_projection"] = Planned.of(torch.eye(text.width))
        last, unused = (f"{prefix}transformer.resblocks.{text.layers - n}." for n in (1, 0))
        for name, plan in planned.items():
            if name.startswith(last):
                wanted[unused + name.removeprefix(last)] = plan
    return {name: plan for name, plan in wanted.items() if name not in planned}


def _markers(architecture: Architecture) -> Iterator[str]:
    """Empty tensors that tell hosts of an SDXL what its shapes do not; others have a yaml."""
    if architecture.family == "sdxl" and architecture.predicts == "v_prediction":
        yield V_MARKER
    if architecture.has_zero_terminal_snr:
        yield ZERO_SNR_MARKER


MODELSPEC = {
    ("sd1", "epsilon"): "stable-diffusion-v1",
    ("sd1", "v_prediction"): "stable-diffusion-v1",
    ("sd2", "epsilon"): "stable-diffusion-v2-512",
    ("sd2", "v_prediction"): "stable-diffusion-v2-768-v",
    ("sdxl", "epsilon"): "stable-diffusion-xl-v1-base",
    ("sdxl", "v_prediction"): "stable-diffusion-xl-v1-base",
}


def modelspec(architecture: Architecture) -> dict[str, str]:
    """What a file says about the architecture; names as in the specification of Stability AI."""
    side = architecture.native_resolution
    return {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": MODELSPEC[architecture.family, architecture.predicts],
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.resolution": f"{side}x{side}",
        "modelspec.prediction_type": "epsilon" if architecture.predicts == "epsilon" else "v",
    }
