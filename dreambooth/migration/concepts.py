"""The concepts of the old extension: where they stand in its files, and what becomes of each field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.settings import Method, TrainConfig
from dreambooth.migration.places import (
    Becomes,
    Dropped,
    Old,
    Place,
    Unfit,
    WithoutMeaning,
    always,
    not_yet,
    to,
    to_number,
)
from dreambooth.migration.report import Report, Trouble

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def class_images_each(value: object, old: Old) -> Becomes:
    """From the number of all class images to that for each picture, as the old extension itself did it."""
    total = int(to_number(value))
    if total == 0 or old.number("num_class_images_per", 0):
        raise WithoutMeaning("num_class_images_per counts")
    folder = Path(old.text("instance_data_dir") or "nowhere")
    count = (
        sum(path.suffix.lower() in PICTURE_SUFFIXES for path in folder.rglob("*")) if folder.is_dir() else 0
    )
    if count == 0:
        raise Unfit("is a number for all pictures, and they cannot be counted: set num_class_images_per")
    return max(1, total // count)


OURS_ALONE = {"repeats", "resolution", "preservation_data_dir", "preservation_multiply"}
FIELDS: dict[str, Place] = {
    **{field.name: to(field.name) for field in fields(Concept) if field.name not in OURS_ALONE},
    "file_prompt_contents": Dropped("write [filewords] into the prompts where the caption belongs"),
    "is_valid": always("is found out anew"),
    "max_steps": not_yet("an end for a single concept; repeats sets how often it is seen", -1, 0, None),
    "num_class_image": to("num_class_images_per", convert=class_images_each),
    "num_class_images": to("num_class_images_per", convert=class_images_each),
    "save_sample_template": not_yet("files of sample prompts"),
}


@dataclass(frozen=True)
class OldConcept:
    """A concept as it was, where it stood, and the index of its generated class images."""

    place: str  # "concepts_list.0.", or nothing for the one that stood among the settings
    values: Mapping[str, Any]
    class_index: int


def find_concepts(old: Old, report: Report) -> list[OldConcept]:
    """The concepts that were trained: those with a folder, in their order."""
    found: list[OldConcept] = []
    for place, values in _every_concept(old, report):
        if not isinstance(values, Mapping):
            report.problems.append(Trouble(place.rstrip("."), values, "is no concept"))
        elif values.get("instance_data_dir"):
            told = generated_index(values.get("class_data_dir"), old.text("model_name"))
            index = len(found) if told is None else told
            found.append(OldConcept(place, values, index))
        elif texts := {key: value for key, value in values.items() if value and isinstance(value, str)}:
            reason = "has no folder of pictures, so it was not trained"
            report.problems.append(Trouble(place.rstrip(".") or "instance_data_dir", texts, reason))
    return found


def _every_concept(old: Old, report: Report) -> Iterator[tuple[str, Any]]:
    stored = old.values.get("concepts_list")
    if old.flag("use_concepts") and old.text("concepts_path"):
        stored = _read_list(old.text("concepts_path"), report, stored)
    if isinstance(stored, list) and stored:
        yield from ((f"concepts_list.{index}.", values) for index, values in enumerate(stored))
    elif stored not in (None, [], ""):
        report.problems.append(Trouble("concepts_list", stored, "is no list of concepts"))
    elif "instance_data_dir" in old.values:
        yield "", {key: value for key, value in old.values.items() if key in FIELDS}


def _read_list(told: str, report: Report, otherwise: object) -> object:
    """Concepts from a file, or from JSON that was typed in place of its name."""
    try:
        text = told if told.lstrip().startswith(("[", "{")) else Path(told).read_text(encoding="utf-8-sig")
        content = json.loads(text)
    except (OSError, ValueError) as error:
        reason = f"its concepts cannot be read ({error}); those of the form are taken"
        report.problems.append(Trouble("concepts_path", told, reason))
        return otherwise
    return content.get("concepts_list", content) if isinstance(content, dict) else content


def generated_index(folder: object, model_name: str) -> int | None:
    """The number in the path, of any system, of the model's own class images; None for other folders."""
    model = re.escape(model_name) if model_name else r"[^/\\]+"
    pattern = rf"(?:(?:.*[/\\])?{model}[/\\])?classifiers_(\d+)[/\\]*"
    path = re.fullmatch(pattern, folder) if isinstance(folder, str) else None
    return int(path[1]) if path else None


def find_method(config: TrainConfig) -> Method:
    """The method that the concepts amount to; the old extension had no name for it."""
    concepts = config.concepts
    if concepts and all(FILEWORDS in each.instance_prompt and each.instance_token for each in concepts):
        return "hybrid"
    if concepts and all(_is_captions_alone(each) for each in concepts):
        return "finetune"
    return "dreambooth"


def _is_captions_alone(concept: Concept) -> bool:
    is_plain = concept.instance_prompt.strip() == FILEWORDS and not concept.instance_token
    return is_plain and concept.num_class_images_per == 0


def concept_troubles(config: TrainConfig) -> Iterator[Trouble]:
    """What somebody should look at in concepts that were taken over."""
    for index, concept in enumerate(config.concepts):
        for name in ("instance_data_dir", "class_data_dir"):
            folder = getattr(concept, name)
            if folder and not Path(folder).is_dir():
                yield Trouble(f"concepts.{index}.{name}", folder, "is not a folder on this machine")
        token, prompt = concept.instance_token.strip(), concept.instance_prompt
        if config.method == "dreambooth" and token and token.lower() not in prompt.lower():
            reason = f"the old extension put {token} into it; here a prompt is taken as it is: write it there"
            yield Trouble(f"concepts.{index}.instance_prompt", prompt, reason)
