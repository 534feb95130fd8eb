"""Draws the picture that sums up a training, from what the run has told."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from dreambooth.config.folders import written_whole
from dreambooth.config.settings import TrainConfig
from dreambooth.events import Event, read_events
from dreambooth.tasks.job import Job
from dreambooth.training.summary import (
    DEVICE,
    INSTANCE,
    PRIOR,
    PROCESS,
    Summary,
    draw_summary,
    series_of,
)
from dreambooth.verdict import History, judge

ADAPTER_NAMES = {"none": "full model", "lora": "LoRA", "loha": "LoHa", "lokr": "LoKr"}


def write_summary(job: Job, config: TrainConfig) -> None:
    """``samples/summary_RUN.png``; nothing for a run that has not taken a step."""
    events = read_events(job.run)
    steps = [event for event in events if event["event"] == "step"]
    if not steps:
        return
    folder, last = job.model_folder, steps[-1]
    device = next(event["device"] for event in reversed(events) if event["event"] == "start")
    num_steps, lifetime = last["step"], last["lifetime_step"]
    losses = [
        series_of(steps, "instance_loss", "instance", INSTANCE),
        series_of(steps, "prior_loss", "prior", PRIOR),
    ]
    memory = [series_of(steps, "ram_bytes", "RAM of the process", PROCESS)]
    if device.startswith("cuda"):
        memory.insert(0, series_of(steps, "memory_bytes", "GPU, most so far", DEVICE))
    words = _verdict(events, lifetime - num_steps)
    summary = Summary(
        verdict=words or "",
        title=folder.name,
        subtitle=(
            f"{config.method}, {ADAPTER_NAMES[config.adapter]}: {num_steps} of {last['num_steps']} steps, "
            f"{lifetime} in the model's life, on {device}"
        ),
        samples=[Image.open(path).convert("RGB") for path in _last_samples(folder.path, events)],
        losses=[series for series in losses if series.steps],
        memory=memory,
    )
    path = folder.samples / f"summary_{job.run.path.name}.png"
    with written_whole(path, "wb") as file:
        file.write(draw_summary(summary))
    job.events.write("summary", path=path.relative_to(folder.path).as_posix(), verdict=words)


def _verdict(events: list[Event], before: int) -> str | None:
    """What the saves come to, when anything was measured; ``before``: steps of earlier trainings."""

    def told(kind: str, name: str) -> dict[int, float]:
        found = [event for event in events if event["event"] == kind]
        return {before + event["step"]: event[name] for event in found if event[name] is not None}

    saves = [before + event["step"] for event in events if event["event"] in ("checkpoint", "snapshot")]
    history = History(sorted(set(saves)), told("validation", "loss"), told("judged", "drift"))
    return judge(history).words if history.losses or history.drifts else None


def _last_samples(folder: Path, events: list[Event]) -> list[Path]:
    """The latest set of previews that is still there."""
    told = [event for event in events if event["event"] == "sample" and "asked" not in event]
    last = max((event["step"] for event in told), default=0)
    paths = dict.fromkeys(folder / event["path"] for event in told if event["step"] == last)
    return [path for path in paths if path.is_file()]
