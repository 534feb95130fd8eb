"""The live line above the settings: what a training with them would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_mapping, asked_text
from dreambooth.actions.background import Background, wait_for
from dreambooth.actions.last_seen import LastSeen, Seen
from dreambooth.actions.plan_disk import plan_disk
from dreambooth.actions.plan_facts import Pictures, Steps, common_repeats, find_pictures, find_steps
from dreambooth.actions.plan_memory import MemoryPlan, in_gb, plan_memory
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import ModelFolder
from dreambooth.config.optimizer_rules import schedule_problems, tell_of_rates
from dreambooth.config.rate_curves import curves_to_json
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import with_values
from dreambooth.data.quotas import count_shown
from dreambooth.jobs.machine import Machine, find_machine
from dreambooth.jobs.shapes import read_shapes
from dreambooth.jobs.speed import find_seconds_per_step

PLANNING = Background()  # pictures that were never looked at, and a driver that was not asked yet
PICTURES: LastSeen[Pictures] = LastSeen()
MACHINES: LastSeen[Machine] = LastSeen()


def plan(place: Workplace, values: Values) -> dict[str, Any]:
    """Steps, time and memory of a training with a model's settings, and with those of a form besides.

    With ``complete`` false something is still being counted, and is null: ask again.
    """
    name = asked_text(values, "name")
    config, folder = place.library.load(name).config, place.library.folder(name)
    config = with_values(config, asked_mapping(values, "values", {}))
    shapes = read_shapes(folder)
    seen, asked = _look(config, folder)
    pictures, machine = seen.found, asked.found
    memory = plan_memory(config, shapes, machine) if machine else None
    steps = find_steps(config, pictures.dataset) if pictures and pictures.dataset else None
    per_step = find_seconds_per_step(folder, config) if steps else None
    seconds = per_step * steps.num_steps if per_step and steps else None
    disk = plan_disk(config, shapes, steps, folder.path)
    return {
        "words": ", ".join([_tell_steps(pictures, steps, seconds), *_tell_memory(memory, machine)]),
        "complete": seen.is_new and asked.is_new,
        **_tell_pictures(pictures),
        "num_steps": steps.num_steps if steps else None,
        "num_epochs": steps.num_epochs if steps else None,
        "steps_per_epoch": steps.per_epoch if steps else None,
        "seconds": seconds,
        "memory_bytes": memory.needed if memory else None,
        "memory_total_bytes": machine.memory_bytes if machine else None,
        "device": machine.device if machine else None,
        "fits": memory.fits if memory else None,
        "advice": [*tell_of_rates(config), *(memory.advice if memory else ())],
        "rates": curves_to_json(config, steps.num_steps)
        if steps and not any(schedule_problems(config))
        else None,
        "disk": {"words": disk.words, "most_bytes": disk.most, "fits": disk.most < disk.free},
    }


def _draw_rates(config: TrainConfig, steps: Steps | None) -> dict[str, Any] | None:
    if steps is None or any(schedule_problems(config)):
        return None
    return curves_to_json(config, steps.num_steps)


def _look(config: TrainConfig, folder: ModelFolder) -> tuple[Seen[Pictures], Seen[Machine]]:
    """Pictures and machine as they are, or as they were last, where a page does not wait for them."""
    kept_for = (folder.path, config.concepts, config.method, config.validation)
    tasks = [
        PLANNING.start(
            (kept_for, config.data), lambda _: {"found": find_pictures(config, folder)}, folder.path
        ),
        PLANNING.start(config.precision, lambda _: {"found": find_machine(config.precision)}),
    ]
    wait_for(tasks)
    pictures, machine = (PLANNING.collect(task) for task in tasks)
    return PICTURES.see(kept_for, pictures), MACHINES.see(config.precision, machine)


def _tell_pictures(pictures: Pictures | None) -> dict[str, Any]:
    if pictures is None or pictures.dataset is None:
        return {"num_images": None, "num_held_out": None, "repeats": None, "class_images": []}
    return {
        "num_images": len(pictures.dataset.instances),
        "num_held_out": len(pictures.dataset.held_out),
        "repeats": common_repeats(pictures.dataset),
        "class_images": [
            {
                "concept": each.concept,
                "have": each.have,
                "need": each.need,
                "will_generate": len(each.missing),
            }
            for each in pictures.class_plans
        ],
    }


def _tell_steps(pictures: Pictures | None, steps: Steps | None, seconds: float | None) -> str:
    if pictures is None:
        return "the pictures are being counted"
    if pictures.dataset is None or steps is None:
        return pictures.fault
    images, repeats = pictures.dataset.instances, common_repeats(pictures.dataset)
    shown, measured = count_shown(images), len(pictures.dataset.held_out)
    how_often = f" × {_count(repeats, 'repeat')}" if repeats else f", shown {shown} times an epoch"
    missing = sum(len(each.missing) for each in pictures.class_plans)
    return ", ".join(
        [
            f"{_count(len(images), 'image')}{how_often} → {_count(steps.num_steps, 'step')}",
            _count(steps.num_epochs, "epoch"),
            *([f"{_count(missing, 'class image')} to draw first"] if missing else []),
            *([f"{_count(measured, 'image')} held out for validation"] if measured else []),
            _tell_time(seconds),
        ]
    )


def _tell_time(seconds: float | None) -> str:
    if seconds is None:
        return "time: known after the first steps"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"


def _tell_memory(memory: MemoryPlan | None, machine: Machine | None) -> list[str]:
    if memory is None or machine is None:
        return []
    total = f" of {in_gb(machine.memory_bytes)}" if machine.memory_bytes else ""
    return [f"about {in_gb(memory.needed)}{total}"]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


ACTIONS: Mapping[str, Action] = {"settings.plan": plan}
