"""What several tasks begin with: a model with its adapter, checked settings, class images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dreambooth.adapters.lora import attach_lora
from dreambooth.adapters.lora_file import read_lora
from dreambooth.adapters.strength import set_strength
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.tasks.job import Job, Refused, classifier_folders
from dreambooth.tasks.saved_steps import find_saved_step, load_saved_checkpoint, read_saved_adapter
from dreambooth.tasks.webui_pictures import draw_by_webui
from dreambooth.training.class_images import ClassJob, generate_class_images
from dreambooth.training.device import choose_device


def refuse_problems(config: TrainConfig) -> None:
    """Raise Refused with every contradiction in the settings, a line for each."""
    if problems := find_problems(config):
        raise Refused("\n".join(map(str, problems)))


def load_trained_model(job: Job, dtype: torch.dtype, weights: str, adapter_weight: float) -> Model:
    """The model as its last training left it, or as it was at the saved step ``weights``, adapter included.

    ``adapter_weight`` is how strongly the adapter works; a checkpoint is a whole model and has none.
    """
    folder = job.model_folder
    step = find_saved_step(folder, weights) if weights else None
    if step is not None and step.is_checkpoint:
        return load_saved_checkpoint(step, folder, dtype)
    model = load_model(folder.working, dtype)
    if step is not None:
        tensors: Mapping[str, Tensor] = read_saved_adapter(step, model.architecture)
    elif job.load_record().adapter:
        tensors = read_lora(folder.adapter_file).tensors
    else:
        return model
    if adapter_weight:
        attach_lora(model, tensors)
    if adapter_weight not in (0, 1):
        set_strength(model, adapter_weight)
    return model


def generate_missing(job: Job, config: TrainConfig, plans: Sequence[ClassPlan]) -> int:
    """Draw what the plans miss, by the model without an adapter, or by a webui; returns how many."""
    total = sum(len(plan.missing) for plan in plans)
    if total == 0:
        return 0
    class_jobs = [
        ClassJob(
            concept_index=plan.concept,
            folder=job.model_folder.classifiers(plan.concept),
            prompts=plan.missing,
        )
        for plan in plans
    ]
    if config.data.class_images_by == "webui":
        draw_by_webui(job, config, class_jobs)
        return total
    device = choose_device(config.precision)
    job.take_device()
    model = load_model(job.model_folder.working, device.frozen_dtype)
    model.to(device.device)
    done = 0
    job.progress("class images", done, total)
    for class_job in class_jobs:
        for path in generate_class_images(model, device, config, class_job, job.model_folder.name):
            done += 1
            job.events.write("class_image", path=path.relative_to(job.model_folder.path).as_posix())
            job.progress("class images", done, total)
            job.stop_if_asked()
    return done


def complete_class_images(job: Job, config: TrainConfig) -> list[ClassPlan]:
    """Plan the class images, generate what is missing, and return the plans as they were before."""
    plans = plan_class_images(config, classifier_folders(job.model_folder, config))
    generate_missing(job, config, plans)
    return plans
