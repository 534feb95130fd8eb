"""The plan of a run, before anything runs: what is there, what would be made, how long and how large."""

from __future__ import annotations

from collections import Counter
from typing import Any

from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import count_steps, steps_per_epoch
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.data.known_pictures import KnownPictures
from dreambooth.models.configs import read_architecture
from dreambooth.models.load import load_model
from dreambooth.tasks.job import Job, Refused, classifier_folders
from dreambooth.training.device import choose_device
from dreambooth.training.estimate import estimate_memory, estimate_seconds
from dreambooth.training.groups import refuse_what_is_not_there


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
    known.keep(example.image for example in (*dataset.instances, *dataset.classes))
    num_steps = count_steps(config, dataset)
    per_epoch = steps_per_epoch(dataset, config)
    device = choose_device(config.precision)
    job.take_device()
    model = load_model(job.model_folder.working)
    return {
        "method": config.method,
        "adapter": config.adapter,
        "device": str(device.device),
        "concepts": [
            {**_describe_concept(config, dataset, plan.concept), "class_images": _describe_plan(plan)}
            for plan in plans
        ],
        "processes": config.machines.num_processes,
        "steps_per_epoch": per_epoch,
        "num_steps": num_steps,
        "num_epochs": -(-num_steps // per_epoch),
        "buckets": _count_buckets(dataset),
        "skipped": [{"path": str(skipped.path), "reason": skipped.reason} for skipped in dataset.skipped],
        "warnings": [text for text in dataset.warnings if "class images" not in text],
        "estimated_memory_bytes": estimate_memory(config, model, device),
        "estimated_seconds": estimate_seconds(config, model, device, num_steps),
    }


def _describe_concept(config: TrainConfig, dataset: Dataset, index: int) -> dict[str, Any]:
    examples = [example for example in dataset.instances if example.concept == index]
    prompts = Counter(example.prompt for example in examples)
    return {
        "images": len(examples),
        "repeats": config.concepts[index].repeats,
        "prompts": [prompt for prompt, _ in prompts.most_common(5)],
    }


def _describe_plan(plan: ClassPlan) -> dict[str, int]:
    return {"have": plan.have, "need": plan.need, "will_generate": len(plan.missing)}


def _count_buckets(dataset: Dataset) -> dict[str, int]:
    sizes = Counter(f"{e.size.width_px}x{e.size.height_px}" for e in dataset.instances)
    return dict(sorted(sizes.items()))
