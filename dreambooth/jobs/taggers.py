"""Which models for captions the user has, and what to put where for those that lack something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.environment import environment_python, has_package
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run

LABELS = {"wd14": "WD14 (tags)", "blip": "BLIP (a sentence)"}
MODES = ("missing", "append", "replace")
WD14_FILES = ("model.onnx", "selected_tags.csv")
BLIP_FILES = ("config.json", "model.safetensors")
BLIP_TOKENIZERS = ("tokenizer.json", "vocab.txt")


@dataclass(frozen=True)
class Tagger:
    """A model for captions, by the files that it needs."""

    name: str
    folder: Path
    advice: str  # what to do before it can be used; empty: nothing

    @property
    def label(self) -> str:
        """Its name for people."""
        return LABELS[self.name]


def find_taggers(library: Library) -> list[Tagger]:
    """All that can be used here, with advice for those that cannot yet."""
    folder = library.path.absolute().parent / "taggers"
    return [
        Tagger("wd14", folder / "wd14", _advise_wd14(folder / "wd14")),
        Tagger("blip", folder / "blip", _advise_blip(folder / "blip")),
    ]


def _advise_wd14(folder: Path) -> str:
    lacking = [name for name in WD14_FILES if not (folder / name).is_file()]
    advice = [f"put {' and '.join(lacking)} of a WD14 tagger into {folder}"] if lacking else []
    if not has_package("onnxruntime"):
        advice.append(f"install onnxruntime: {environment_python()} -m pip install onnxruntime")
    return "; ".join(advice)


def _advise_blip(folder: Path) -> str:
    lacking = [name for name in BLIP_FILES if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in BLIP_TOKENIZERS):
        lacking.append(BLIP_TOKENIZERS[0])
    return (
        f"put {', '.join(lacking)} of a BLIP captioning model of transformers into {folder}"
        if lacking
        else ""
    )


def prepare_captions(library: Library, name: str, which: str, asked: Mapping[str, Any]) -> RunFolder:
    """The run of a job that writes captions with a tagger; raises ConfigError when it cannot be used."""
    tagger = next((each for each in find_taggers(library) if each.name == which), None)
    if tagger is None:
        raise ConfigError(f"which: choose one of {', '.join(LABELS)}")
    if tagger.advice:
        raise ConfigError(f"which: {tagger.label} cannot be used yet: {tagger.advice}")
    config = config_to_json(library.load(name).config)
    values = {"config": config, "which": which, "tagger": str(tagger.folder), **asked}
    return prepare_run(library, library.folder(name), "caption", values)
