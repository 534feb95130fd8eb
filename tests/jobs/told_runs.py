"""Runs as their workers tell them, without the work."""

import json
from pathlib import Path

from dreambooth.config.folders import RunFolder
from dreambooth.events import EventWriter
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run


class ToldRun:
    """A training of the library's model whose events a test writes."""

    def __init__(self, library: Library, name: str, *, num_steps: int = 100, before: int = 0) -> None:
        asked = {"config": {}, "lifetime_before": {"steps": before, "epochs": 2}}
        self.run = prepare_run(library, library.folder(name), "train", asked)
        self.place = library.run_place(self.run)
        self.num_steps, self.before = num_steps, before
        self.writer = EventWriter(self.run)

    def begin(self, step: int = 0) -> "ToldRun":
        self.writer.write("work", job="train", pid=1)
        self.writer.write("start", step=step, num_steps=self.num_steps, device="cpu")
        return self

    def steps(self, first: int, last: int, **values) -> "ToldRun":
        """Steps from the first to the last, their loss the step's number if it is not given."""
        for step in range(first, last + 1):
            told = {"loss": float(step), "lr": {"unet": 0.5}, "epoch": step // 10, **values}
            lifetime = self.before + step
            self.writer.write("step", step=step, num_steps=self.num_steps, lifetime_step=lifetime, **told)
        return self

    def end(self, outcome: str = "done", **values) -> "ToldRun":
        self.writer.write("end", outcome=outcome, **values)
        return self


def write_long_run(run: RunFolder, num_steps: int, spike_at: int, spike: float | None = 77.0) -> None:
    """The events of a long training that is done, written at once."""
    run.path.mkdir(parents=True)
    asked = {"job": "train", "model_dir": "../..", "models_dir": "../../.."}
    run.config_file.write_text(json.dumps(asked))
    lines = [_line("work", job="train", pid=1), _line("start", step=0, num_steps=num_steps, device="cpu")]
    lines += [
        _step_line(step, num_steps, spike if step == spike_at else 0.1) for step in range(1, num_steps + 1)
    ]
    lines.insert(num_steps // 2, _line("sample", step=7, path="samples/a.png", prompt="a dog", seed=1))
    lines.append(_line("end", outcome="done", result={"step": num_steps, "num_steps": num_steps}))
    Path(run.events_file).write_text("\n".join(lines) + "\n")


def _line(kind: str, **values: object) -> str:
    return json.dumps({"event": kind, "time": 1.0, **values})


def _step_line(step: int, num_steps: int, loss: float | None) -> str:
    return _line(
        "step",
        step=step,
        num_steps=num_steps,
        epoch=step // 100,
        lifetime_step=step,
        loss=loss,
        instance_loss=0.1234567891,
        prior_loss=0.2345678912,
        concept_losses={"0": 0.1234567891},
        lr={"unet": 1e-06, "text_encoder": 1e-06},
        grad_norm=0.3456789123,
        memory_bytes=12345678901,
        ram_bytes=1234567890,
        images_per_second=3.125,
    )
