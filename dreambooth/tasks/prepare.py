"""What several tasks begin with: a model with its adapter, checked settings, class images."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dreambooth.adapters.lora import attach_lora
from dreambooth.adapters.lora_file import read_lora
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.class_plan import ClassPlan, plan_class_images
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.tasks.job import Job, Refused, classifier_folders
from dreambooth.training.class_images import ClassJob, generate_class_images
from dreambooth.training.device import Device, choose_device


def refuse_problems(config: TrainConfig) -> None:
    """Raise Refused with every contradiction in the settings, a line for each."""
    if problems := find_problems(config):
        raise Refused("\n".join(map(str, problems)))


def load_trained_model(job: Job, dtype: torch.dtype) -> Model:
    """The model as its last training left it, adapter included."""
    folder = job.model_folder
    model = load_model(folder.working, dtype)
    if job.load_record().adapter:
        attach_lora(model, read_lora(folder.adapter_file).tensors)
    return model


def generate_missing(job: Job, config: TrainConfig, plans: Sequence[ClassPlan]) -> int:
    """Generate what the plans miss, with the model as it is without an adapter; returns how many."""
    total = sum(len(plan.missing) for plan in plans)
    if total == 0:
        return 0
    device = choose_device(config.precision)
    model = load_model(job.model_folder.working, device.frozen_dtype)
    model.to(device.device)
    done = 0
    job.progress("class images", done, total)
    for plan in plans:
        class_job = ClassJob(
            concept_index=plan.concept,
            folder=job.model_folder.classifiers(plan.concept),
            prompts=plan.missing,
        )
        for path in generate_class_images(model, device, config, class_job, job.model_folder.name):
            done += 1
            job.events.write("class_image", path=str(path.relative_to(job.model_folder.path)))
            job.progress("class images", done, total)
            job.stop_if_asked()
    return done


def complete_class_images(job: Job, config: TrainConfig) -> list[ClassPlan]:
    """Plan the class images, generate what is missing, and return the plans as they were before."""
    plans = plan_class_images(config, classifier_folders(job.model_folder, config))
    generate_missing(job, config, plans)
    return plans


def ready_model(job: Job, config: TrainConfig) -> tuple[Model, Device]:
    """The trained model on the device that the settings ask for."""
    device = choose_device(config.precision)
    model = load_trained_model(job, device.frozen_dtype)
    model.to(device.device)
    return model, device
