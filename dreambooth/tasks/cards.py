"""What lies beside a result so that a webui shows it ready to use: a card with its words, and a preview."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.folders import written_whole
from dreambooth.config.settings import Method, TrainConfig
from dreambooth.data.prompts import find_word, instance_caption

Card = dict[str, str | float]

HOST_VERSIONS = {"sd1": "SD1", "sd2": "SD2", "sdxl": "SDXL"}  # family → what webuis call it
UNKNOWN_VERSION = "Unknown"
COPIED_AT_ONCE_BYTES = 16 * 2**20


def card_file(result: Path) -> Path:
    """``NAME.json`` beside ``NAME.safetensors``."""
    return result.with_suffix(".json")


def preview_file(result: Path) -> Path:
    """``NAME.preview.png`` beside ``NAME.safetensors``."""
    return result.with_suffix(".preview.png")


def activation_text(config: TrainConfig) -> str:
    """The words that call up what was learnt, those of each concept; empty when captions alone did."""
    words = (_activation_words(concept, config.method) for concept in config.concepts)
    return ", ".join(dict.fromkeys(filter(None, words)))


def _activation_words(concept: Concept, method: Method) -> str:
    if method == "finetune":
        return ""
    token, class_token = concept.instance_token.strip(), concept.class_token.strip()
    if not token:
        return instance_caption(concept, "", method).strip(" ,")
    return token if not class_token or find_word(token, class_token) else f"{token} {class_token}"


def build_card(config: TrainConfig, family: str, source: str, num_steps: int, *, is_adapter: bool) -> Card:
    """What a webui's card tells of a result; a weight makes sense for an adapter only."""
    run = f"{num_steps} steps, method {config.method}, {config.data.resolution} px, seed {config.seed}"
    skip = config.captions.clip_skip
    card: Card = {
        "description": f"LoRA for {source}" if is_adapter else f"trained from {source}",
        "sd version": HOST_VERSIONS.get(family, UNKNOWN_VERSION),
        "activation text": activation_text(config),
        "negative text": "",
        "notes": run if skip == 1 else f"{run}; draw with Clip skip {skip}",
    }
    return {**card, "preferred weight": 1.0} if is_adapter else card


def write_card(result: Path, card: Card) -> None:
    """Write the card of a result; one that is there already may be somebody's own work, and stays."""
    if card_file(result).exists():
        return
    with written_whole(card_file(result)) as file:
        json.dump(card, file, indent=4, ensure_ascii=False)


def write_preview(result: Path, picture: Path) -> None:
    """Copy a picture as the preview of a result."""
    with written_whole(preview_file(result), "wb") as file:
        file.write(picture.read_bytes())


def remove_result(result: Path) -> None:
    """Delete a result with what lies beside it."""
    for path in (result, *_beside(result)):
        path.unlink(missing_ok=True)


def copy_result(result: Path, copy: Path) -> None:
    """Copy a result and what lies beside it; a card that is there already stays."""
    _copy_whole(result, copy)
    copy_beside(result, copy)


def link_result(result: Path, link: Path) -> None:
    """Let a result appear in another folder as well: the same file where a disk can do that, else a copy."""
    beside = link.with_name(f".{link.name}.{os.getpid()}.partial")
    link.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)  # of a process of this number that was killed
    try:
        os.link(result, beside)
    except OSError:  # another disk, or a file system without links
        _copy_whole(result, link)
    else:
        beside.replace(link)
        beside.unlink(missing_ok=True)  # two names of one file are not replaced
    copy_beside(result, link)


def copy_beside(result: Path, copy: Path) -> None:
    """Copies of what lies beside a result; a card that is there already stays as it is."""
    for path, other in zip(_beside(result), _beside(copy), strict=True):
        if path.exists() and not (other == card_file(copy) and other.exists()):
            _copy_whole(path, other)


def _beside(result: Path) -> tuple[Path, ...]:
    return result.with_suffix(".yaml"), card_file(result), preview_file(result)


def _copy_whole(path: Path, copy: Path) -> None:
    with path.open("rb") as source, written_whole(copy, "wb") as file:
        shutil.copyfileobj(source, file, COPIED_AT_ONCE_BYTES)
