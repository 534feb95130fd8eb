"""Trains: class images first, then the run, then its result."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.lora import load_lora_weights
from dreambooth.adapters.lora_file import read_lora
from dreambooth.adapters.reading import read_adapter
from dreambooth.config.optimizer_rules import tell_of_rates
from dreambooth.config.settings import TrainConfig
from dreambooth.data.batches import count_steps, find_step, flips_of
from dreambooth.data.cache import TensorCache
from dreambooth.data.examples import Dataset, Example
from dreambooth.data.looks import Look, kept_looks
from dreambooth.data.prompt_warnings import prompt_warnings, template_warnings
from dreambooth.data.variation import plain_words
from dreambooth.models.configs import read_architecture
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.tasks.job import Job, Refused
from dreambooth.tasks.prepare import refuse_problems
from dreambooth.tasks.reporter import Reporter
from dreambooth.tasks.results import keep_result
from dreambooth.tasks.summary import write_summary
from dreambooth.tasks.training_data import build_dataset
from dreambooth.tasks.validation import tell_validation
from dreambooth.training.device import Device, choose_device
from dreambooth.training.groups import refuse_what_is_not_there
from dreambooth.training.learner import Learner, build_latents, build_learner
from dreambooth.training.optimizers import try_optimizer
from dreambooth.training.processes import ALONE, Processes, joined, local_number
from dreambooth.training.run import SILENT, Before, Outcome, Outlets, Run
from dreambooth.training.sanity import find_misreading
from dreambooth.training.state import has_snapshot


def _build_learner(
    job: Job, config: TrainConfig, dataset: Dataset, device: Device, processes: Processes
) -> Learner:
    learns_itself = config.adapter == "none"
    model = load_model(job.model_folder.working, torch.float32 if learns_itself else device.frozen_dtype)
    if config.noise.zero_terminal_snr:
        model.use_zero_terminal_snr()
    _warn_of_prompts(job, config, dataset)
    model.to(device.device)
    cache = TensorCache(job.model_folder.cache / "latents") if config.data.cache_latents else None
    latents = build_latents(model, device, cache)

    def looks(example: Example) -> list[Look]:
        picture, size = example.content_hash, example.size
        return kept_looks(config.augment, example.original_size, size, picture=picture, seed=config.seed)

    def progress(done: int, total: int) -> None:
        job.progress("latents", done, total)
        job.stop_if_asked()

    latents.fill(
        dataset,
        flips=lambda example: flips_of(example, config),
        progress=progress,
        looks=looks,
        share=slice(processes.number, None, processes.count),
    )
    processes.wait()
    learner = build_learner(config, model, device, latents, count_steps(config, dataset))
    if learner.untrained is not None:
        learner.untrained.load(job.run)
    learner = replace(learner, processes=processes)
    if config.adapter != "none" and not has_snapshot(job.run):
        _fill_adapter(job, config, model)
    return learner


def _fill_adapter(job: Job, config: TrainConfig, model: Model) -> None:
    """Begin with weights that are there: those of the model's adapter, or of a file that was named."""
    if job.asked["continues_adapter"]:
        given = read_lora(job.model_folder.adapter_file).tensors
        advice = "set adapter and lora.* as they were, or begin a new one with lora.start=fresh"
    elif config.lora.start_file:
        given = read_adapter(Path(config.lora.start_file), model.architecture)
        advice = "set adapter and lora.* as they are in lora.start_file"
    else:
        return
    try:
        load_lora_weights(model, given)
    except AdapterError as error:
        raise Refused(f"{error}; {advice}") from None


def _warn_of_prompts(job: Job, config: TrainConfig, dataset: Dataset) -> None:
    prompts = dict.fromkeys(example.prompt for example in (*dataset.instances, *dataset.classes))
    templates = (template_warnings(config, concept) for concept in config.concepts)
    for text in (*prompt_warnings(config, prompts), *chain.from_iterable(templates)):
        job.warn(text)


def _check_resumable(job: Job) -> None:
    """The weights that the run builds on must still be those that it began with."""
    last = job.load_record().last_run
    if last not in (job.asked["after_run"], job.run.path.name):
        raise Refused("the model was trained on since this run was stopped; start a new run without --resume")


def train(job: Job) -> dict[str, Any]:
    """A whole training run, from the beginning or from its last state."""
    config = job.load_config()
    refuse_problems(config)
    refuse_what_is_not_there(config, read_architecture(job.model_folder.working))
    _check_resumable(job)
    for text in tell_of_rates(config):
        job.warn(text)
    is_shared = config.machines.num_processes > 1
    device = choose_device(config.precision, local_number() if is_shared else 0)
    try_optimizer(config.optimizer, device.device)
    with joined(device.device) if is_shared else nullcontext(ALONE) as processes:
        dataset = build_dataset(job, config, processes)
        job.take_device()
        learner = _build_learner(job, config, dataset, device, processes)
        return _train(job, learner, dataset) if processes.is_first else _follow(job, learner, dataset)


def _train(job: Job, learner: Learner, dataset: Dataset) -> dict[str, Any]:
    """The run of the process that tells and writes."""
    config = learner.config

    captions = {
        example.concept: plain_words(example.caption, config.captions, example.options)
        for example in reversed(dataset.instances)
        if not example.is_prior
    }
    reporter = Reporter(job, captions)
    outlets = Outlets(
        reporter.say_step,
        reporter.save,
        reporter.sample,
        reporter.draw,
        validate=lambda step: tell_validation(job, run, reporter.board, step),
        rest=reporter.rest,
    )
    run = Run(job.run, learner, dataset, job.events, outlets, Before(**job.asked["lifetime_before"]))
    reporter.run = run
    run.resume()
    if run.step < learner.num_steps:
        _require_untrained(job, learner)
    if run.step == 0 and config.loss.check_prediction:
        _refuse_misreading(learner, dataset)
    told = {"processes": learner.processes.count} if learner.processes.count > 1 else {}
    job.events.write(
        "start", step=run.step, num_steps=learner.num_steps, device=str(learner.device.device), **told
    )
    try:
        if run.step == 0:
            reporter.begin()
        outcome = run.train()
    finally:
        reporter.board.close()
    return _finish(job, reporter, run, outcome)


def _follow(job: Job, learner: Learner, dataset: Dataset) -> dict[str, Any]:
    """The run of a process that only computes, and hears from the first what is done."""
    run = Run(job.run, learner, dataset, job.events, SILENT, Before(**job.asked["lifetime_before"]))
    run.resume()
    return {"outcome": run.train(), "step": run.step}


def _require_untrained(job: Job, learner: Learner) -> None:
    """After a stop the model's own weights are what the run had learnt; copies of these would be no use."""
    was_stopped = job.load_record().last_run == job.run.path.name
    if was_stopped and learner.untrained is not None and not learner.untrained.is_kept(job.run):
        raise Refused(
            "preservation.kind: when this run was stopped, nothing kept what the model was before it; go on "
            "with preservation.kind=class_images, as it was, or start a new run without --resume"
        )


def _refuse_misreading(learner: Learner, dataset: Dataset) -> None:
    first = find_step(dataset, learner.config, 0)[0]
    other = find_misreading(learner, first)
    if other is not None:
        article = "an" if other == "epsilon" else "a"
        told = {each: each.replace("_", "-") for each in (other, learner.model.predicts)}
        raise Refused(
            f"this looks like {article} {told[other]} model read as {told[learner.model.predicts]}: create "
            f"it again with --predicts {other}, or, if it is to learn that, set loss.check_prediction=false"
        )


def _finish(job: Job, reporter: Reporter, run: Run, outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {"outcome": outcome, "step": run.step, "num_steps": run.learner.num_steps}
    if outcome == "paused":
        return told
    if outcome == "discarded":
        shutil.rmtree(job.run.state, ignore_errors=True)
        return told
    config = run.learner.config
    on_stop = config.saving.at_end if config.saving.on_stop == "as_at_end" else config.saving.on_stop
    # First: it tells how far the weights moved from those in working/.
    reporter.save(run.step, config.saving.at_end if outcome == "done" else on_stop)
    told |= reporter.saves.tell(run.step)
    if outcome == "stopped" and run.learner.untrained is not None:
        run.learner.untrained.save(job.run)
    keep_result(
        run,
        job.model_folder,
        job.asked["lifetime_before"],
        continues_adapter=job.asked["continues_adapter"],
    )
    if config.samples.sample_at_end and outcome == "done":
        reporter.sample(run.step)
    write_summary(job, config)
    return told
