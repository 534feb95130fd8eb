"""What a training learns from, and whether it is still what the run began with."""

from __future__ import annotations

import hashlib

from dreambooth.config.settings import TrainConfig
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.data.images import hash_file
from dreambooth.data.known_pictures import KnownPictures
from dreambooth.data.picture_options import PLAIN
from dreambooth.tasks.job import Job, Refused, classifier_folders
from dreambooth.tasks.prepare import complete_class_images
from dreambooth.training.processes import Processes
from dreambooth.training.state import has_snapshot


def dataset_hash(dataset: Dataset) -> str:
    """Changes when a run would no longer see the same pictures under the same prompts."""
    digest = hashlib.sha256()
    for example in (*dataset.instances, *dataset.classes):
        told = (example.content_hash, example.size, example.prompt, example.loss_weight, example.repeats)
        digest.update(repr(told).encode())
        if example.options != PLAIN or "{" in example.caption:  # the prompt tells one choice of many
            digest.update(repr((example.caption, example.options)).encode())
        if example.mask is not None:
            digest.update(hash_file(example.mask.file).encode())
    return digest.hexdigest()


def build_dataset(job: Job, config: TrainConfig, processes: Processes) -> Dataset:
    """All examples of the run, class images made first; every process has the same. Raises Refused."""
    known = KnownPictures(job.model_folder.known_pictures)
    if processes.is_first:
        complete_class_images(job, config)
    processes.wait()
    dataset = build_examples(config, classifier_folders(job.model_folder, config))
    if len(set(processes.gather(dataset_hash(dataset)))) > 1:
        raise Refused("not all machines see the same pictures and captions: let them share the folders")
    if processes.is_first:
        known.keep(dataset.images)
        _tell_of(job, dataset)
    return dataset


def _tell_of(job: Job, dataset: Dataset) -> None:
    """Say what is wrong with it, and note what it is for a run that goes on."""
    for skipped in dataset.skipped:
        job.warn(f"{skipped.path} is left out: {skipped.reason}")
    for text in dataset.warnings:
        job.warn(text)
    marker = job.run.path / "dataset.sha256"
    if has_snapshot(job.run) and marker.exists() and marker.read_text() != dataset_hash(dataset):
        raise Refused(
            "pictures or captions have changed since this run began; start a new run without --resume"
        )
    marker.write_text(dataset_hash(dataset))
