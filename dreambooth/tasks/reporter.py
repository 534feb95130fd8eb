"""What a training tells while it goes on, and the files that it makes on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from dreambooth.config.settings import TrainConfig
from dreambooth.events import ask, read_events
from dreambooth.tasks.cards import build_card, write_card, write_preview
from dreambooth.tasks.drawings import draw_asked
from dreambooth.tasks.job import Job
from dreambooth.tasks.result_copies import ResultCopies
from dreambooth.tasks.results import remove_old_checkpoints, write_checkpoint_file
from dreambooth.training.run import Run
from dreambooth.training.samples import make_previews, planned_previews
from dreambooth.training.step import StepReport


class Reporter:
    """Tells of a run: events for the interfaces, TensorBoard for the curves, files for what was made."""

    def __init__(self, job: Job, config: TrainConfig, previews_of: Callable[[], list[str]]) -> None:
        self.job = job
        self.config = config
        self.previews_of = previews_of
        self.run: Run | None = None
        self.folder = job.model_folder
        self.before = job.asked["lifetime_before"]
        self.board = SummaryWriter(str(self.folder.logging / job.run.path.name), flush_secs=10)
        self.copies = ResultCopies(job, config)
        self.shown: Path | None = None  # where the webui finds the last result
        told = read_events(job.run)
        self.written = [self.folder.path / event["path"] for event in told if event["event"] == "checkpoint"]
        first_samples = {
            event["step"]: event["path"]
            for event in reversed(told)
            if event["event"] == "sample" and "asked" not in event
        }
        self.preview = self.folder.path / first_samples[max(first_samples)] if first_samples else None

    @property
    def _run(self) -> Run:
        if self.run is None:
            raise RuntimeError("the reporter has no run yet")
        return self.run

    def say_step(self, step: int, report: StepReport, seconds: float) -> None:
        """One line of events, and a point on every curve."""
        run, lifetime = self._run, self.before["steps"] + step
        memory, ram = run.learner.device.memory_bytes(), run.learner.device.ram_bytes()
        rate = report.num_images / seconds
        self.job.events.write(
            "step",
            step=step,
            num_steps=run.learner.num_steps,
            epoch=run.num_epochs,
            lifetime_step=lifetime,
            loss=report.loss,
            instance_loss=report.instance_loss,
            prior_loss=report.prior_loss,
            concept_losses={str(index): loss for index, loss in report.concept_losses.items()},
            lr=report.lrs,
            grad_norm=report.grad_norm,
            memory_bytes=memory,
            ram_bytes=ram,
            images_per_second=round(rate, 3),
        )
        curves = {
            "loss/total": report.loss,
            "loss/instance": report.instance_loss,
            "loss/prior": report.prior_loss,
            "grad_norm": report.grad_norm,
            "memory_gb": memory / 1e9,
            "ram_gb": ram / 1e9,
            "images_per_second": rate,
            **{f"lr/{part}": lr for part, lr in report.lrs.items()},
            **{f"loss/concept_{index}": loss for index, loss in report.concept_losses.items()},
        }
        for name, value in curves.items():
            if value is not None:
                self.board.add_scalar(name, value, lifetime)
        if self.job.stop_asked.is_set():
            ask(self.job.run, "stop")

    def save(self, step: int) -> None:
        """Write a checkpoint or LoRA file into the model folder."""
        path = self._result_file(step)
        moved = write_checkpoint_file(self._run, path, self.job.load_record())
        self._write_beside(path, step)
        self.shown = self.copies.make(path)
        told = path.relative_to(self.folder.path).as_posix()
        shown = {"webui": str(self.shown)} if self.shown else {}
        self.job.events.write("checkpoint", step=step, path=told, moved=dict(moved), **shown)
        written = [other for other in self.written if other != path] + [path]
        self.written = remove_old_checkpoints(written, self.config.saving.keep_last)
        for gone in set(written) - set(self.written):
            self.copies.remove(gone)

    def _result_file(self, step: int) -> Path:
        name = self.config.saving.name or self.folder.name
        return self.folder.checkpoints / f"{name}_{self.before['steps'] + step}.safetensors"

    def _write_beside(self, result: Path, step: int) -> None:
        """The card, and the newest preview of the run: of this very step only once that has been drawn."""
        record = self.job.load_record()
        is_adapter = self.config.adapter != "none"
        card = build_card(
            self.config, record.family, record.source, self.before["steps"] + step, is_adapter=is_adapter
        )
        write_card(result, card)
        if self.preview is not None and self.preview.exists():
            write_preview(result, self.preview)

    def _keep_preview(self, picture: Path, step: int) -> None:
        """Remember the first picture of a set; a result of the same step shows it."""
        self.preview = picture
        result = self._result_file(step)
        if result in self.written:
            write_preview(result, picture)
            self.copies.renew(result)

    def sample(self, step: int) -> None:
        """Draw the previews with the live weights."""
        run, lifetime = self._run, self.before["steps"] + step
        previews = list(planned_previews(self.config, self.previews_of()))
        with run.with_average():
            made = make_previews(
                run.learner.model,
                run.learner.device,
                previews,
                lambda number: self.folder.samples / f"sample_{lifetime}-{number}.png",
                self.folder.name,
            )
            for number, (path, preview) in enumerate(made):
                if number == 0:
                    self._keep_preview(path, step)
                told = path.relative_to(self.folder.path).as_posix()
                self.job.events.write(
                    "sample", step=step, path=told, prompt=preview.wish.prompt, seed=preview.wish.seed
                )

    def draw(self, content: str) -> None:
        """Draw what somebody asks for."""
        draw_asked(self.job, self._run, content)
