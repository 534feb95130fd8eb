"""The final text of every picture, and how many tokens of it are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dreambooth.config.folders import ModelFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError
from dreambooth.data.caption_reading import caption_reading
from dreambooth.data.class_plan import plan_class_images
from dreambooth.data.errors import DataError
from dreambooth.data.examples import Example, build_examples
from dreambooth.data.prompt_warnings import prompt_warnings, template_warnings
from dreambooth.text.tokenizer import count_tokens


def final_prompts(config: TrainConfig, folder: ModelFolder) -> Mapping[str, Any]:
    """The prompts of a training with these settings, picture by picture; raises ConfigError without any.

    Class images that are still to be generated have no file.
    """
    class_folders = [folder.classifiers(index) for index in range(len(config.concepts))]
    try:
        dataset = build_examples(config, class_folders)
        plans = plan_class_images(config, class_folders)
    except DataError as error:
        raise ConfigError(str(error)) from error
    rows = [
        _row(config, str(example.image), _kind(example), example.concept, example.prompt)
        for example in (*dataset.instances, *dataset.classes)
    ]
    rows += [_row(config, None, "class", plan.concept, prompt) for plan in plans for prompt in plan.missing]
    return {
        "prompts": rows,
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in dataset.skipped],
        "warnings": list(_warnings(config, rows)),
    }


def _row(config: TrainConfig, file: str | None, kind: str, concept: int, prompt: str) -> dict[str, Any]:
    told = {"file": file, "kind": kind, "concept": concept, "prompt": prompt}
    return {**told, **counted(config, prompt)}


def counted(config: TrainConfig, prompt: str) -> dict[str, int]:
    """How many tokens a prompt has, and how many of them are read."""
    count = count_tokens(prompt, caption_reading(config.captions))
    return {"tokens": count.total, "read": count.read}


def _kind(example: Example) -> str:
    if example.is_class:
        return "class"
    return "preservation" if example.options.is_preservation else "instance"


def _warnings(config: TrainConfig, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield from prompt_warnings(config, dict.fromkeys(row["prompt"] for row in rows))
    for index, concept in enumerate(config.concepts):
        yield from (f"concept {index}: {told}" for told in template_warnings(config, concept))
