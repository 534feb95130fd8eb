"""What each command of the command line does: one function of the jobs, and words about the outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dreambooth.config.concept import Concept
from dreambooth.config.folders import RunFolder
from dreambooth.config.forms.create import CreateForm, ImportForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import SampleForm
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import (
    ConfigError,
    changed,
    changed_concept,
    config_to_json,
    value_of,
)
from dreambooth.console import Console
from dreambooth.events import Event, EventReader, ask, take_requests
from dreambooth.form_arguments import read_form
from dreambooth.jobs.asking import (
    prepare_create,
    prepare_export,
    prepare_import,
    prepare_sample,
    prepare_with_config,
)
from dreambooth.jobs.concept_order import remove_concept
from dreambooth.jobs.control import ask_training, begin_training, resume_training
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library, find_concept
from dreambooth.jobs.runs import is_alive, read_job
from dreambooth.jobs.start import PACKAGE_ROOT, change_run, prepare_tool, start_worker
from dreambooth.jobs.trainings import find_asked_training, find_resumable
from dreambooth.migration.report import describe_report

MOST_TEST_PROCESSES = 4  # each takes up to 1.5 GB
ADAPTERS = {"none": "full model", "lora": "LoRA", "loha": "LoHa", "lokr": "LoKr"}


def run_to_end(run: RunFolder, console: Console, reader: EventReader | None = None) -> Event:
    """Start a worker for the run, or join the one that is at work, and show what it says until it ends.

    ``reader`` is where to begin when the worker was started already; else only what is new is shown. Ctrl-C
    asks the run to stop; a second one leaves it running by itself, as KeyboardInterrupt.
    """
    is_started = reader is not None
    reader = reader or _at_end(run)
    is_running: Callable[[], bool] = partial(is_alive, run)
    worker = None
    if not is_started and not is_running():
        take_requests(run)  # what was asked of a worker that is gone
        worker = start_worker(run)
        is_running = lambda: worker.poll() is None  # noqa: E731 - knows of its death before the lock does
    try:
        return _show_until_end(reader, is_running, console)
    except KeyboardInterrupt:
        console.say("stopping …")
        ask(run, "stop")
        if worker is None or read_job(run)["job"] == "train":  # which answers requests, and saves
            return _show_until_end(reader, is_running, console)
        worker.terminate()
        end = _show_until_end(reader, is_running, console)
        return {**end, "outcome": "stopped", "message": "stopped"} if end["outcome"] == "lost" else end


def _at_end(run: RunFolder) -> EventReader:
    return EventReader(run, run.events_file.stat().st_size if run.events_file.exists() else 0)


def _show_until_end(reader: EventReader, is_running: Callable[[], bool], console: Console) -> Event:
    for event in follow(reader, is_running):
        if event["event"] == "end":
            return event
        console.show(event)
    raise RuntimeError("events ended without an end")


def _run(
    run: RunFolder,
    console: Console,
    tell: Mapping[str, Callable[[dict[str, Any]], str]],
    reader: EventReader | None = None,
) -> int:
    """Run to the end, and say of the result what ``tell`` has for the outcome."""
    try:
        end = run_to_end(run, console, reader)
    except KeyboardInterrupt:
        return console.end({"event": "end", "outcome": "stopped", "message": f"left running: {run.path}"})
    if "result" in end and end["outcome"] in tell:
        console.say(tell[end["outcome"]](end["result"]))
    return console.end(end)


def parse_changes(words: list[str]) -> dict[str, str]:
    """``KEY=VALUE`` words as a mapping; raises ConfigError."""
    wrong = [word for word in words if "=" not in word]
    if wrong:
        raise ConfigError("\n".join(f"{word!r}: write it as key=value" for word in wrong))
    return dict(word.split("=", 1) for word in words)


def _changed_config(library: Library, asked: Namespace) -> TrainConfig:
    """The model's settings with those of ``--set``, which stay changed."""
    changes = parse_changes(asked.set)
    if not changes:
        return library.load(asked.name).config
    return library.change_config(asked.name, lambda config: changed(config, changes)).config


def create(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a checkpoint."""
    run = prepare_create(library, read_form(CreateForm, asked))
    told = "{model}: {family}, {predicts}, {resolution} px, made in {path}"
    return _run(run, console, {"done": told.format_map})


def import_old(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a folder of the old extension."""
    run = prepare_import(library, read_form(ImportForm, asked))
    return _run(run, console, {"done": describe_import})


def describe_import(result: dict[str, Any]) -> str:
    """What was made of an old model, in words."""
    lines = [f"{result['model']}: {result['family']}, {result['predicts']}, made in {result['path']}"]
    lines.append(describe_report(result["settings"]))
    lines += [f"copied: {Path(copy['source']).name} to {copy['place']}" for copy in result["files"]["copies"]]
    lines += [f"left: {left['name']}: {left['reason']}" for left in result["files"]["left"]]
    lines.append(f"all of this is told in {result['report']}")
    return "\n".join(lines)


def _fields(asked: Namespace) -> dict[str, str]:
    """The concept fields that were given, directories made absolute."""
    given = {
        name.removeprefix("field_"): value
        for name, value in vars(asked).items()
        if name.startswith("field_") and value is not None
    }
    return {
        name: str(Path(value).resolve()) if name.endswith("_dir") and value else value
        for name, value in given.items()
    }


def _changed_concepts(library: Library, asked: Namespace) -> tuple[Concept, ...]:
    """The model's concepts with one added, changed or removed as asked, which stays so."""
    if asked.action == "list":
        return library.load(asked.name).config.concepts
    if asked.action == "remove":
        return remove_concept(library, asked.name, asked.index).config.concepts

    def change(config: TrainConfig) -> TrainConfig:
        if asked.action == "add":
            added = changed_concept(Concept(), _fields(asked))
            return replace(config, concepts=(*config.concepts, added))
        concepts = list(config.concepts)
        concepts[asked.index] = changed_concept(find_concept(config, asked.index), _fields(asked))
        return replace(config, concepts=tuple(concepts))

    return library.change_config(asked.name, change).config.concepts


def concept(library: Library, asked: Namespace, console: Console) -> int:
    """Show or change what a model is to learn."""
    concepts = _changed_concepts(library, asked)
    told = [config_to_json(each) for each in concepts]
    lines = [
        f"{index}: {each.instance_prompt!r} from {each.instance_data_dir or '(no folder)'}, class "
        f"{each.class_prompt!r} x {each.num_class_images_per}"
        for index, each in enumerate(concepts)
    ]
    return console.result({"concepts": told}, "\n".join(lines) or "no concepts yet")


def settings(library: Library, asked: Namespace, console: Console) -> int:
    """List all settings with label, help and limits; with a model, its values."""
    if asked.set and not asked.name:
        raise ConfigError("name the model whose settings --set changes")
    config = _changed_config(library, asked) if asked.name else TrainConfig()
    values = config_to_json(config)
    described = [
        {**setting.to_json(), "value": value_of(values, setting.name)}
        for setting in describe_settings(TrainConfig)
    ]
    lines = [
        f"{each['name']} = {each['value']}\n    {each['label']}: {each['help']}{_limits(each)}"
        + "".join(f"\n        {choice}: {words}" for choice, words in each["choices_help"].items())
        for each in described
    ]
    return console.result({"settings": described}, "\n".join(lines))


def _limits(setting: dict[str, Any]) -> str:
    if setting["low"] is not None:
        return f" ({setting['low']:g} … {setting['high']:g})"
    return ""


def check(library: Library, asked: Namespace, console: Console) -> int:
    """The plan of a training, before anything runs."""
    _changed_config(library, asked)
    return _run(prepare_with_config(library, asked.name, "check"), console, {"done": describe_plan})


def describe_plan(plan: dict[str, Any]) -> str:
    """The plan in words."""
    lines = [f"{plan['method']}, {ADAPTERS[plan['adapter']]}, on {plan['device']}"]
    for index, told in enumerate(plan["concepts"]):
        classes = told["class_images"]
        lines.append(
            f"concept {index}: {told['images']} images x {told['repeats']} repeats, as {told['prompts']}"
        )
        lines.append(
            f"    class images: {classes['have']} there, {classes['need']} needed, "
            f"{classes['will_generate']} will be generated"
        )
    lines.append(f"{plan['num_steps']} steps = {plan['num_epochs']} epochs of {plan['steps_per_epoch']}")
    lines.append("buckets: " + ", ".join(f"{size}: {count}" for size, count in plan["buckets"].items()))
    lines += [f"left out: {skipped['path']}: {skipped['reason']}" for skipped in plan["skipped"]]
    lines += [f"warning: {text}" for text in plan["warnings"]]
    minutes, memory = plan["estimated_seconds"] / 60, plan["estimated_memory_bytes"] / 1e9
    lines.append(f"about {minutes:.1f} minutes and {memory:.1f} GB")
    return "\n".join(lines)


def classes(library: Library, asked: Namespace, console: Console) -> int:
    """Generate the class images that are missing."""
    _changed_config(library, asked)
    return _run(prepare_with_config(library, asked.name, "classes"), console, {"done": describe_classes})


def describe_classes(result: dict[str, Any]) -> str:
    """The class images of each concept in words."""
    line = "concept {concept}: {have} there, {generated} generated, {need} needed"
    return "\n".join(line.format_map(told) for told in result["concepts"])


def train(library: Library, asked: Namespace, console: Console) -> int:
    """Train, from the beginning or from the last state."""
    texts = {
        "done": "{step} steps done".format_map,
        "stopped": f"stopped at {{step}} of {{num_steps}}; go on: train {asked.name} --resume".format_map,
        "discarded": "discarded; the model is as it was last saved".format_map,
    }
    if asked.resume:
        run = find_resumable(library, asked.name)
        if asked.set:
            change_run(run, parse_changes(asked.set))
        reader = _at_end(run)
        if not is_alive(run):
            resume_training(library, asked.name)
        return _run(run, console, texts, reader)
    run = begin_training(library, asked.name, _changed_config(library, asked))
    return _run(run, console, texts, EventReader(run))


def ask_run(library: Library, asked: Namespace, console: Console) -> int:
    """Ask something of a training that is under way."""
    request = ask_training(find_asked_training(library, asked.name), asked.request)
    return console.result({"asked": request}, f"asked: {request}")


def sample(library: Library, asked: Namespace, console: Console) -> int:
    """Draw pictures with a model."""
    form = read_form(SampleForm, asked)
    return _run(prepare_sample(library, asked.name, form, Path(form.to)), console, {})


def export(library: Library, asked: Namespace, console: Console) -> int:
    """Write a model for use elsewhere, also over a file of that name."""
    form = replace(read_form(ExportForm, asked), overwrite=True)
    run = prepare_export(library, asked.name, form, Path(form.to))
    return _run(run, console, {"done": "{path}: {bytes} bytes".format_map})


def run_tool(
    library: Library,
    job: str,
    values: Mapping[str, Any],
    console: Console,
    describe: Callable[[dict[str, Any]], str],
) -> int:
    """A job that belongs to no model."""
    return _run(prepare_tool(library, job, values), console, {"done": describe})


def ui(library: Library, asked: Namespace, console: Console) -> int:
    """Serve the page until Ctrl-C."""
    from dreambooth.host.standalone import parse_listening, serve  # needs Gradio, which other commands do not

    listening = parse_listening(asked.port, asked.auth, to_all=asked.listen)
    serve(library, asked.data_dir, listening, console.say)
    return 0


def demo(_: Library, asked: Namespace, console: Console) -> int:
    """Show the main job from end to end."""
    command = [sys.executable, "-m", "dreambooth.demo", "--method", asked.method, "--to", str(asked.to)]
    return subprocess.run(command + (["--json"] if console.as_json else []), check=False).returncode


def test(_: Library, asked: Namespace, __: Console) -> int:
    """Run the tests: all of them on several cores, or what pytest is asked for, as it is asked."""
    command = [sys.executable, "-m", "pytest", *(asked.pytest_arguments or _in_parallel())]
    return subprocess.run(command, cwd=PACKAGE_ROOT, check=False).returncode


def _in_parallel() -> list[str]:
    """Options of pytest for as many processes as gain something; each file stays in one."""
    processes = min(os.cpu_count() or 1, MOST_TEST_PROCESSES)
    return ["-n", str(processes), "--dist", "loadscope"] if processes > 1 else []
