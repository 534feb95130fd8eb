"""What lies beside a result so that a webui shows it ready to use: a card with its words, and a preview."""

from __future__ import annotations

import json
from pathlib import Path

from dreambooth.config.concept import Concept
from dreambooth.config.folders import written_whole
from dreambooth.config.settings import Method, TrainConfig
from dreambooth.data.prompts import find_word, instance_caption

Card = dict[str, str | float]

HOST_VERSIONS = {"sd1": "SD1", "sd2": "SD2", "sdxl": "SDXL"}  # family → what webuis call it
UNKNOWN_VERSION = "Unknown"


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
    for path in (result, result.with_suffix(".yaml"), card_file(result), preview_file(result)):
        path.unlink(missing_ok=True)
