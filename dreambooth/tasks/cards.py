"""What lies beside a result so that a webui shows it ready to use: a card with its words, and a preview."""

from __future__ import annotations

import json
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
    card: Card = {
        "description": f"LoRA for {source}" if is_adapter else f"trained from {source}",
        "sd version": HOST_VERSIONS.get(family, UNKNOWN_VERSION),
        "activation text": activation_text(config),
        "negative text": "",
        "notes": run,
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


def copy_result(result: Path, folder: Path) -> Path:
    """Copy a result and what lies beside it, where a card that is there already stays; returns the copy."""
    _copy_whole(result, folder)
    copy_beside(result, folder)
    return folder / result.name


def copy_beside(result: Path, folder: Path) -> None:
    """Copies of what lies beside a result; a card that is there already stays as it is."""
    for path in _beside(result):
        if path.exists() and not (path == card_file(result) and (folder / path.name).exists()):
            _copy_whole(path, folder)


def _beside(result: Path) -> tuple[Path, ...]:
    return result.with_suffix(".yaml"), card_file(result), preview_file(result)


def _copy_whole(path: Path, folder: Path) -> None:
    with path.open("rb") as source, written_whole(folder / path.name, "wb") as copy:
        shutil.copyfileobj(source, copy, COPIED_AT_ONCE_BYTES)
