"""The plan of a run, before anything runs: what is there, what would be made, how long and how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.optimizer_rules import tell_of_rates
from dreambooth.config.rate_curves import describe_rates
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import count_steps, steps_per_epoch
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.data.examples import Dataset, Example, build_examples
from dreambooth.data.known_pictures import KnownPictures
from dreambooth.data.prompt_warnings import prompt_warnings, template_warnings
from dreambooth.data.quotas import count_shown
from dreambooth.models.configs import read_architecture
from dreambooth.models.load import load_model
from dreambooth.tasks.job import Job, Refused, classifier_folders
from dreambooth.training.device import choose_device
from dreambooth.training.estimate import estimate_memory, estimate_seconds
from dreambooth.training.groups import refuse_what_is_not_there
from dreambooth.training.optimizers import try_optimizer
from dreambooth.training.rows import held_prompt


def check_plan(job: Job) -> dict[str, Any]:
    """Everything that a run with the current settings would do."""
    config = job.load_config()
    if problems := find_problems(config):
        raise Refused("\n".join(map(str, problems)))
    refuse_what_is_not_there(config, read_architecture(job.model_folder.working))
    folders = classifier_folders(job.model_folder, config)
    known = KnownPictures(job.model_folder.known_pictures)
    plans = plan_class_images(config, folders)
    dataset = build_examples(config, folders)
    known.keep(dataset.images)
    num_steps = count_steps(config, dataset)
    per_epoch = steps_per_epoch(dataset, config)
    device = choose_device(config.precision)
    try_optimizer(config.optimizer, device.device)
    job.take_device()
    model = load_model(job.model_folder.working)
    return {
        "method": config.method,
        "adapter": config.adapter,
        "device": str(device.device),
        "concepts": [
            {**told, "class_images": _describe_plan(plan)}
            for told, plan in zip(_describe_concepts(config, dataset), plans, strict=True)
        ],
        "validation": {"held_out": len(dataset.held_out), "folder": len(dataset.validation)},
        "processes": config.machines.num_processes,
        "steps_per_epoch": per_epoch,
        "num_steps": num_steps,
        "num_epochs": -(-num_steps // per_epoch),
        "buckets": _count_buckets(dataset),
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in dataset.skipped],
        "warnings": [
            *tell_of_rates(config),
            *(text for text in dataset.warnings if "class images" not in text),
            *prompt_warnings(config, dict.fromkeys(example.prompt for example in dataset.instances)),
            *(told for concept in config.concepts for told in template_warnings(config, concept)),
        ],
        "learning_rates": describe_rates(config, num_steps),
        "estimated_memory_bytes": estimate_memory(config, model, device),
        "estimated_seconds": estimate_seconds(config, model, device, num_steps),
    }


def _describe_concepts(config: TrainConfig, dataset: Dataset) -> list[dict[str, Any]]:
    shown: list[list[Example]] = [[] for _ in config.concepts]
    for example in dataset.instances:
        shown[example.concept].append(example)
    return [
        _describe_pictures(config, concept, examples)
        for concept, examples in zip(config.concepts, shown, strict=True)
    ]


def _describe_pictures(config: TrainConfig, concept: Concept, examples: Sequence[Example]) -> dict[str, Any]:
    taught = [example for example in examples if not example.options.is_preservation]
    prompts = Counter(example.prompt for example in taught)
    held = Counter(
        prompt for example in taught if (prompt := held_prompt(config, example, example.prompt)) is not None
    )
    return {
        "images": len(taught),
        "preservation": len(examples) - len(taught),
        "shown": count_shown(examples),
        "repeats": concept.repeats,
        "prompts": [prompt for prompt, _ in prompts.most_common(5)],
        "held_prompts": [prompt for prompt, _ in held.most_common(5)],
    }


def _describe_plan(plan: ClassPlan) -> dict[str, int]:
    return {"have": plan.have, "need": plan.need, "will_generate": len(plan.missing)}


def _count_buckets(dataset: Dataset) -> dict[str, int]:
    sizes = Counter(f"{e.size.width_px}x{e.size.height_px}" for e in dataset.instances)
    return dict(sorted(sizes.items()))
