"""What a folder in diffusers layout holds besides weights: configs, scheduler, tokenizer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from dreambooth.config.folders import written_whole
from dreambooth.models.architecture import Architecture
from dreambooth.models.configs import Config, model_index, part_configs, scheduler_config, tokenizer_folder
from dreambooth.text.vocabulary import (
    END_OF_TEXT,
    MERGES_FILE,
    START_OF_TEXT,
    derive_vocabulary,
    load_merges,
)


def write_descriptions(folder: Path, architecture: Architecture) -> None:
    """Everything but the weights."""
    _write_json(folder / "model_index.json", model_index(architecture))
    write_scheduler(folder, architecture)
    for part, config in part_configs(architecture).items():
        _write_json(folder / part / "config.json", config)
    for part, text in architecture.texts.items():
        write_tokenizer(folder / tokenizer_folder(part), text.max_tokens, text.pad_token)


def write_scheduler(folder: Path, architecture: Architecture) -> None:
    """The noise schedule, and how to draw."""
    _write_json(folder / "scheduler" / "scheduler_config.json", scheduler_config(architecture))


def write_tokenizer(folder: Path, max_tokens: int, pad_token: str) -> None:
    """The CLIP tokenizer in the files that every version of transformers reads."""
    special = {name: _special_token(END_OF_TEXT) for name in ("eos_token", "unk_token")}
    special["bos_token"] = _special_token(START_OF_TEXT)
    config = {
        **{name: {"__type": "AddedToken", **token} for name, token in special.items()},
        "add_prefix_space": False,
        "do_lower_case": True,
        "errors": "replace",
        "model_max_length": max_tokens,
        "pad_token": pad_token,
        "tokenizer_class": "CLIPTokenizer",
    }
    _write_json(folder / "tokenizer_config.json", config)
    _write_json(folder / "special_tokens_map.json", {**special, "pad_token": pad_token})
    _write_json(folder / "vocab.json", derive_vocabulary(load_merges()), indent=None)
    shutil.copyfile(MERGES_FILE, folder / "merges.txt")


def _special_token(content: str) -> Config:
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


def _write_json(path: Path, content: Mapping[str, object], indent: int | None = 2) -> None:
    with written_whole(path) as file:
        json.dump(content, file, indent=indent, ensure_ascii=False)
        file.write("\n")
