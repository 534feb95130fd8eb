"""Reads a model in diffusers layout, of any age: which of its files hold which weights."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import Config, part_configs, read_architecture, read_config
from dreambooth.models.errors import CheckpointError
from dreambooth.models.from_checkpoint import Wishes
from dreambooth.models.names import is_position_ids
from dreambooth.models.single_file import Checkpoint, read_checkpoint
from dreambooth.models.source import Shapes, Source, expected_shapes, fits
from dreambooth.models.streaming import Planned

INDEX = ".index.json"
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
SUFFIXES = (".safetensors", ".fp16.safetensors", ".bin", ".fp16.bin")
OLD_VAE_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
# What has to be the same in the folder's configs as in ours; the rest follows from shapes or says nothing.
TELLING = {
    "unet": (
        "attention_head_dim",
        "act_fn",
        "norm_num_groups",
        "use_linear_projection",
        "addition_time_embed_dim",
    ),
    "vae": ("act_fn", "norm_num_groups", "scaling_factor"),
    "text_encoder": ("hidden_act", "num_attention_heads"),
    "text_encoder_2": ("hidden_act", "num_attention_heads"),
}


def read_folder(folder: Path, wishes: Wishes) -> Source:
    """The model in a folder of diffusers layout. Raises CheckpointError with one sentence."""
    architecture = read_architecture(folder)
    if wishes.use_ema:
        raise CheckpointError("a folder in diffusers layout holds no EMA weights to choose")
    _refuse_other_configs(folder, architecture)
    parts = {part: _read_part(folder, part, shapes) for part, shapes in expected_shapes(architecture).items()}
    told = replace(
        architecture,
        predicts=wishes.predicts or architecture.predicts,
        has_zero_terminal_snr=architecture.has_zero_terminal_snr
        if wishes.zero_terminal_snr is None
        else wishes.zero_terminal_snr,
    )
    return Source(name=folder.name, architecture=told, parts=parts, extra={})


def _refuse_other_configs(folder: Path, architecture: Architecture) -> None:
    """Refuse a model that our own modules would compute otherwise than its makers meant."""
    for part, ours in part_configs(architecture).items():
        theirs = read_config(folder, f"{part}/config.json")
        for name in TELLING[part]:
            if name in theirs and name in ours and not _same(theirs[name], ours[name]):
                raise CheckpointError(
                    f"{part}/config.json says {name}={theirs[name]}, which is not supported: every "
                    f"{architecture.family} model has {ours[name]}"
                )


def _same(theirs: object, ours: object) -> bool:
    """Whether two values of a config are equal; one number stands for as many of them."""
    if isinstance(ours, list) and isinstance(theirs, int):
        return all(value == theirs for value in ours)
    if isinstance(theirs, list) and isinstance(ours, int):
        return all(value == ours for value in theirs)
    return theirs == ours


def choose_weights(names: Collection[str]) -> str | None:
    """Of the files of a part the one to read: its weights, or the index of several files."""
    wanted = (f"{stem}{suffix}{index}" for stem in STEMS for suffix in SUFFIXES for index in ("", INDEX))
    return next((name for name in wanted if name in names), None)


def named_shards(file: Path) -> list[str]:
    """The files that an index names; none when it is no index."""
    if not file.name.endswith(INDEX):
        return []
    names: Config = json.loads(file.read_text(encoding="utf-8"))["weight_map"]
    return sorted(set(names.values()))


def weight_files(folder: Path, part: str) -> list[Path]:
    """The files with a part's weights; raises CheckpointError when there are none."""
    place = folder / part
    chosen = choose_weights([path.name for path in place.glob("*")])
    if chosen is None:
        looked_for = f"{STEMS[0]}{SUFFIXES[0]} and the like"
        raise CheckpointError(f"{place} holds no weights (looked for {looked_for})")
    shards = named_shards(place / chosen)
    return [place / name for name in shards] if shards else [place / chosen]


def _read_part(folder: Path, part: str, expected: Shapes) -> dict[str, Planned]:
    found: dict[str, Planned] = {}
    for file in weight_files(folder, part):
        checkpoint = read_checkpoint(file)
        for name, shape in checkpoint.shapes.items():
            key = _modern_key(part, name, expected)
            if key in expected and fits(shape, expected[key]):
                found[key] = _planned(checkpoint, name, expected[key])
            elif not is_position_ids(name):
                raise CheckpointError(f"{part} holds {name} {list(shape)}, which has no place in this model")
    if missing := sorted(expected.keys() - found.keys()):
        raise CheckpointError(f"{part} is incomplete: it lacks {len(missing)} weights, e.g. {missing[0]}")
    return found


def _planned(checkpoint: Checkpoint, name: str, shape: tuple[int, ...]) -> Planned:
    return Planned(checkpoint.dtype(name), shape, lambda: checkpoint.tensors[name].reshape(shape))


def _modern_key(part: str, name: str, expected: Shapes) -> str:
    """Today's name of a weight: old VAEs name their attention, newest text encoders leave a level out."""
    if part == "vae":
        module, _, kind = name.rpartition(".")
        head, _, last = module.rpartition(".")
        return f"{head}.{OLD_VAE_ATTENTION[last]}.{kind}" if last in OLD_VAE_ATTENTION else name
    return f"text_model.{name}" if part != "unet" and name not in expected else name
