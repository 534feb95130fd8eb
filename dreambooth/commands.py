"""What each command about a model does: one function of the jobs, and words about the outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from dreambooth.callback import name_callback
from dreambooth.config.forms.create import CreateForm, ImportForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import SampleForm
from dreambooth.config.live import parse_live
from dreambooth.config.store import ConfigError
from dreambooth.console import Console
from dreambooth.events import EventReader
from dreambooth.form_arguments import read_form
from dreambooth.jobs.asking import (
    prepare_create,
    prepare_export,
    prepare_import,
    prepare_sample,
    prepare_with_config,
)
from dreambooth.jobs.control import (
    ask_training,
    begin_training,
    change_training,
    current_config,
    keep_changes,
    resume_training,
)
from dreambooth.jobs.joining import join_training
from dreambooth.jobs.library import Library
from dreambooth.jobs.model_card import find_save_of_step, list_saves
from dreambooth.jobs.restoring import prepare_restore
from dreambooth.jobs.run_judgement import judge_run
from dreambooth.jobs.runs import is_alive
from dreambooth.jobs.start import PACKAGE_ROOT, change_run
from dreambooth.jobs.trainings import (
    find_asked_training,
    find_changeable,
    find_last_training,
    find_resumable,
)
from dreambooth.migration.report import describe_report
from dreambooth.prompt_command import show_prompts
from dreambooth.running import at_end, run_job
from dreambooth.setting_commands import asked_changes, changed_config, parse_changes

MOST_TEST_PROCESSES = 4  # each takes up to 1.5 GB
ADAPTERS = {"none": "full model", "lora": "LoRA", "loha": "LoHa", "lokr": "LoKr"}


def create(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a checkpoint."""
    run = prepare_create(library, read_form(CreateForm, asked))
    told = "{model}: {family}, {predicts}, {resolution} px, made in {path}"
    return run_job(run, console, {"done": told.format_map})


def import_old(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a folder of the old extension."""
    run = prepare_import(library, read_form(ImportForm, asked))
    return run_job(run, console, {"done": describe_import})


def describe_import(result: dict[str, Any]) -> str:
    """What was made of an old model, in words."""
    lines = [f"{result['model']}: {result['family']}, {result['predicts']}, made in {result['path']}"]
    lines.append(describe_report(result["settings"]))
    lines += [f"copied: {Path(copy['source']).name} to {copy['place']}" for copy in result["files"]["copies"]]
    lines += [f"left: {left['name']}: {left['reason']}" for left in result["files"]["left"]]
    lines.append(f"all of this is told in {result['report']}")
    return "\n".join(lines)


def check(library: Library, asked: Namespace, console: Console) -> int:
    """The plan of a training, before anything runs, or the prompts of all pictures."""
    if asked.prompts:
        return show_prompts(library, asked, console)
    changed_config(library, asked)
    return run_job(prepare_with_config(library, asked.name, "check"), console, {"done": describe_plan})


def describe_plan(plan: dict[str, Any]) -> str:
    """The plan in words."""
    lines = [f"{plan['method']}, {ADAPTERS[plan['adapter']]}, on {plan['device']}"]
    for index, told in enumerate(plan["concepts"]):
        lines += _describe_concept(index, told)
    if measured := {name: count for name, count in plan["validation"].items() if count}:
        told = {"held_out": "{} held out of training", "folder": "{} in the validation folder"}
        lines.append("validation: " + ", ".join(told[name].format(count) for name, count in measured.items()))
    lines.append(f"{plan['num_steps']} steps = {plan['num_epochs']} epochs of {plan['steps_per_epoch']}")
    if plan["processes"] > 1:
        lines.append(f"each step is shared by {plan['processes']} processes")
    lines += [_describe_rate(told) for told in plan["learning_rates"]]
    lines.append("buckets: " + ", ".join(f"{size}: {count}" for size, count in plan["buckets"].items()))
    lines += [f"left out: {skipped['path']}: {skipped['reason']}" for skipped in plan["skipped"]]
    lines += [f"warning: {text}" for text in plan["warnings"]]
    minutes, memory = plan["estimated_seconds"] / 60, plan["estimated_memory_bytes"] / 1e9
    lines.append(f"about {minutes:.1f} minutes and {memory:.1f} GB")
    return "\n".join(lines)


def _describe_concept(index: int, told: Mapping[str, Any]) -> Iterator[str]:
    yield f"concept {index}: {told['images']} images x {told['repeats']} repeats, as {told['prompts']}"
    if told["preservation"]:
        yield f"    {told['preservation']} real pictures keep the rest"
    if told["shown"] != told["images"] * told["repeats"]:
        yield f"    an epoch shows {told['shown']} pictures"
    classes = told["class_images"]
    yield (
        f"    class images: {classes['have']} there, {classes['need']} needed, "
        f"{classes['will_generate']} will be generated"
    )
    if told["held_prompts"]:
        yield f"    held to what the untrained model answers to {told['held_prompts']}"


def _describe_rate(told: Mapping[str, Any]) -> str:
    return (
        f"learning rate, {told['part']}: {told['first']:.3g} at first, at most {told['highest']:.3g} at step "
        f"{told['highest_at']}, {told['last']:.3g} at step {told['last_at']}"
    )


def classes(library: Library, asked: Namespace, console: Console) -> int:
    """Generate the class images that are missing."""
    changed_config(library, asked)
    return run_job(prepare_with_config(library, asked.name, "classes"), console, {"done": describe_classes})


def describe_classes(result: dict[str, Any]) -> str:
    """The class images of each concept in words."""
    line = "concept {concept}: {have} there, {generated} generated, {need} needed"
    return "\n".join(line.format_map(told) for told in result["concepts"])


def train(library: Library, asked: Namespace, console: Console) -> int:
    """Train, from the beginning or from the last state."""
    texts = {
        "done": "{step} steps done".format_map,
        "stopped": f"stopped at {{step}} of {{num_steps}}; go on: train {asked.name} --resume".format_map,
        "paused": f"paused at {{step}} of {{num_steps}}; go on: ask {asked.name} resume".format_map,
        "discarded": "discarded; the model is as it was last saved".format_map,
    }
    if asked.machine_rank:
        return join_training(find_asked_training(library, asked.name), asked.machine_rank)
    if asked.resume:
        run = find_resumable(library, asked.name)
        if changes := asked_changes(asked):
            change_run(run, changes)
        reader = at_end(run)
        if not is_alive(run):
            resume_training(library, asked.name)
        return run_job(run, console, texts, reader)
    run = begin_training(library, asked.name, changed_config(library, asked))
    return run_job(run, console, texts, EventReader(run))


def ask_run(library: Library, asked: Namespace, console: Console) -> int:
    """Ask something of a training that is under way, or let one go on that was paused."""
    if asked.set and asked.request != "change":
        raise ConfigError(f"--set: belongs to change, not to {asked.request}")
    if asked.request == "resume":
        resume_training(library, asked.name)
        return console.result({"asked": "resume"}, f"{asked.name} goes on as soon as it is its turn")
    if asked.request == "change":
        return _change_run(library, asked, console)
    request = ask_training(find_asked_training(library, asked.name), asked.request)
    return console.result({"asked": request}, f"asked: {request}")


def _change_run(library: Library, asked: Namespace, console: Console) -> int:
    """Settings of a training that is under way or paused; with ``--keep`` those of its model as well."""
    run = find_changeable(library, asked.name)
    values = parse_live(current_config(run), parse_changes(asked.set))
    change_training(run, values)
    if asked.keep:
        keep_changes(library, asked.name, values)
    told = ", ".join(f"{name}={value}" for name, value in values.items())
    return console.result({"asked": "change", "values": values}, f"asked: from the next step on {told}")


def saves(library: Library, asked: Namespace, console: Console) -> int:
    """The saved steps of a model, with what was measured at each, and the verdict on its last training."""
    library.load(asked.name)
    folder = library.folder(asked.name)
    run = find_last_training(folder)
    told = {"saves": list_saves(folder), "judgement": judge_run(run, folder.path) if run else None}
    return console.result(told, describe_saves(told))


def describe_saves(told: dict[str, Any]) -> str:
    """Saved steps in words, the latest first, then the verdict."""
    judgement = told["judgement"] or {"saves": [], "words": ""}
    measured = {each["step"]: each for each in judgement["saves"]}
    lines = []
    for save in told["saves"]:
        known = measured.get(save["step"], {"validation": None, "drift": None})
        line = f"step {save['step']}: {save['path']}"
        if known["validation"] is not None:
            line += f", validation {known['validation']:.4f}"
        if known["drift"] is not None:
            line += f", drift {known['drift']:.0%}"
        lines.append(line)
    words = judgement["words"] if lines else "nothing was saved yet"
    grid = [f"side by side: {judgement['grid']}"] if judgement.get("grid") else []
    return "\n".join([*lines, *filter(None, [words]), *grid])


def restore(library: Library, asked: Namespace, console: Console) -> int:
    """Make a saved step the model again."""
    library.load(asked.name)
    weights = asked.weights
    if weights.isdecimal():
        weights = find_save_of_step(library.folder(asked.name), int(weights))["path"]
    run = prepare_restore(library, asked.name, weights)
    return run_job(run, console, {"done": "{weights} is the model now: {steps} steps of its life".format_map})


def sample(library: Library, asked: Namespace, console: Console) -> int:
    """Draw pictures with a model."""
    form = read_form(SampleForm, asked)
    return run_job(prepare_sample(library, asked.name, form, Path(form.to)), console, {})


def export(library: Library, asked: Namespace, console: Console) -> int:
    """Write a model for use elsewhere, also over a file of that name."""
    form = replace(read_form(ExportForm, asked), overwrite=True)
    run = prepare_export(library, asked.name, form, Path(form.to))
    return run_job(run, console, {"done": "{path}: {bytes} bytes".format_map})


def ui(library: Library, asked: Namespace, console: Console) -> int:
    """Serve the page until Ctrl-C."""
    from dreambooth.host.standalone import parse_listening, serve  # needs Gradio, which other commands do not

    listening = parse_listening(asked.port, asked.auth, to_all=asked.listen)
    if asked.callback_url:
        name_callback(asked.callback_url)  # before anything starts a worker
    serve(library, asked.data_dir, listening, console.say)
    return 0


def demo(_: Library, asked: Namespace, console: Console) -> int:
    """Show the main job from end to end."""
    command = [sys.executable, "-m", "dreambooth.demo", "--method", asked.method]
    command += ["--compare", asked.compare, "--steps", str(asked.steps), "--to", str(asked.to)]
    return subprocess.run(command + (["--json"] if console.as_json else []), check=False).returncode


def test(_: Library, asked: Namespace, __: Console) -> int:
    """Run the tests: all of them on several cores, or what pytest is asked for, as it is asked."""
    command = [sys.executable, "-m", "pytest", *(asked.pytest_arguments or _in_parallel())]
    return subprocess.run(command, cwd=PACKAGE_ROOT, check=False).returncode


def _in_parallel() -> list[str]:
    """Options of pytest for as many processes as gain something; each file stays in one."""
    processes = min(os.cpu_count() or 1, MOST_TEST_PROCESSES)
    return ["-n", str(processes), "--dist", "loadscope"] if processes > 1 else []
