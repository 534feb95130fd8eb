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
from typing import Any, get_args, get_type_hints

from dreambooth.config.concept import Concept
from dreambooth.config.folders import RunFolder
from dreambooth.config.option import describe_settings
from dreambooth.config.samples import SampleConfig
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import (
    ConfigError,
    changed,
    changed_concept,
    config_to_json,
)
from dreambooth.console import Console
from dreambooth.events import Event, EventReader, ask, take_requests
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library, find_unfinished_training, read_job
from dreambooth.jobs.start import (
    PACKAGE_ROOT,
    change_run,
    find_resumable,
    is_alive,
    prepare_run,
    prepare_tool,
    prepare_training,
    start_worker,
)
from dreambooth.migration.report import describe_report
from dreambooth.source_arguments import source_values

MOST_TEST_PROCESSES = 4  # each takes up to 1.5 GB
ADAPTERS = {"none": "full model", "lora": "LoRA", "loha": "LoHa", "lokr": "LoKr"}
SAMPLERS: tuple[str, ...] = get_args(get_type_hints(SampleConfig)["sampler"])


def run_to_end(run: RunFolder, console: Console) -> Event:
    """Start a worker for the run, or join the one that is at work, and show what it says until it ends.

    Ctrl-C asks the run to stop; a second one leaves it running by itself, as KeyboardInterrupt.
    """
    reader = EventReader(run, run.events_file.stat().st_size if run.events_file.exists() else 0)
    is_running: Callable[[], bool] = partial(is_alive, run)
    worker = None
    if not is_running():
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


def _show_until_end(reader: EventReader, is_running: Callable[[], bool], console: Console) -> Event:
    for event in follow(reader, is_running):
        if event["event"] == "end":
            return event
        console.show(event)
    raise RuntimeError("events ended without an end")


def _run(run: RunFolder, console: Console, tell: Mapping[str, Callable[[dict[str, Any]], str]]) -> int:
    """Run to the end, and say of the result what ``tell`` has for the outcome."""
    try:
        end = run_to_end(run, console)
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
    before = library.load(asked.name).config
    config = changed(before, parse_changes(asked.set))
    if config != before:
        library.save_config(asked.name, config)
    return config


def create(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a checkpoint."""
    place = {"hub": asked.hub} if asked.hub else {"source": str(asked.source.resolve())}
    wanted = {**place, **source_values(asked)}
    run = prepare_run(library, library.folder(asked.name), "create", wanted)
    told = "{model}: {family}, {predicts}, {resolution} px, made in {path}"
    return _run(run, console, {"done": told.format_map})


def import_old(library: Library, asked: Namespace, console: Console) -> int:
    """Make a model from a folder of the old extension."""
    old = asked.folder.resolve()
    run = prepare_run(library, library.folder(asked.name or old.name), "import", {"source": str(old)})
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


def _concept_at(config: TrainConfig, index: int) -> Concept:
    if not 0 <= index < len(config.concepts):
        raise ConfigError(f"there is no concept {index}; there are {len(config.concepts)}, counted from 0")
    return config.concepts[index]


def concept(library: Library, asked: Namespace, console: Console) -> int:
    """Show or change what a model is to learn."""
    config = library.load(asked.name).config
    concepts = list(config.concepts)
    if asked.action == "add":
        concepts.append(changed_concept(Concept(), _fields(asked)))
    elif asked.action == "set":
        concepts[asked.index] = changed_concept(_concept_at(config, asked.index), _fields(asked))
    if asked.action == "remove":
        _concept_at(config, asked.index)
        library.remove_concept(asked.name, asked.index)
        concepts = list(library.load(asked.name).config.concepts)
    elif asked.action != "list":
        library.save_config(asked.name, replace(config, concepts=tuple(concepts)))
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
    described = []
    for setting in describe_settings(TrainConfig):
        value: Any = values
        for part in setting.name.split("."):
            value = value[part]
        described.append({**setting.to_json(), "value": value})
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


def _asked_config(library: Library, asked: Namespace) -> dict[str, Any]:
    return {"config": config_to_json(_changed_config(library, asked))}


def check(library: Library, asked: Namespace, console: Console) -> int:
    """The plan of a training, before anything runs."""
    run = prepare_run(library, library.folder(asked.name), "check", _asked_config(library, asked))
    return _run(run, console, {"done": describe_plan})


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
    run = prepare_run(library, library.folder(asked.name), "classes", _asked_config(library, asked))
    return _run(run, console, {"done": describe_classes})


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
        return _run(run, console, texts)
    config = _changed_config(library, asked)
    before = find_unfinished_training(library.folder(asked.name))
    if before is not None and is_alive(before):
        raise ConfigError(f"{asked.name} is being trained; follow it with --resume, or ask it to stop")
    return _run(prepare_training(library, asked.name, library.load(asked.name), config), console, texts)


def ask_training(library: Library, asked: Namespace, console: Console) -> int:
    """Ask something of a training that is under way."""
    run = find_resumable(library, asked.name)
    if not is_alive(run):
        raise ConfigError(f"{asked.name} is not being trained now")
    ask(run, asked.request)
    return console.result({"asked": asked.request}, f"asked: {asked.request}")


def sample(library: Library, asked: Namespace, console: Console) -> int:
    """Draw pictures with a model."""
    values = {
        name: getattr(asked, name)
        for name in (
            "prompt",
            "negative_prompt",
            "count",
            "seed",
            "steps",
            "guidance_scale",
            "sampler",
            "width",
            "height",
        )
    }
    config = config_to_json(library.load(asked.name).config)
    values |= {"to": str(asked.to.resolve()), "config": config}
    return _run(prepare_run(library, library.folder(asked.name), "sample", values), console, {})


def export(library: Library, asked: Namespace, console: Console) -> int:
    """Write a model for use elsewhere."""
    library.load(asked.name)
    values = {"to": str(asked.to.resolve()), "format": asked.format, "dtype": asked.dtype}
    run = prepare_run(library, library.folder(asked.name), "export", values)
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
