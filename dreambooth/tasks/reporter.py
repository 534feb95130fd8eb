"""What a training tells while it goes on, and the files that it makes on the way."""

from __future__ import annotations

import time
from collections.abc import Mapping

from torch.utils.tensorboard import SummaryWriter

from dreambooth.config.saving import What
from dreambooth.data.drawn_prompts import drawn_prompt
from dreambooth.data.prompts import sample_prompt
from dreambooth.events import ask, read_events
from dreambooth.tasks.drawings import draw_asked
from dreambooth.tasks.job import Job
from dreambooth.tasks.judging import Judging
from dreambooth.tasks.room import spared_without_room
from dreambooth.tasks.saves import Saves
from dreambooth.training.run import Run, Shown
from dreambooth.training.samples import Preview, make_previews, planned_previews
from dreambooth.training.step import StepReport
from dreambooth.training.views import planned_views

POLL_SECONDS = 0.2


class Reporter:
    """Tells of a run: events for the interfaces, TensorBoard for the curves, files for what was made."""

    def __init__(self, job: Job, captions: Mapping[int, str]) -> None:
        """``captions`` holds that of the first picture of each concept."""
        self.job = job
        self.captions = captions
        self.run: Run | None = None
        self.folder = job.model_folder
        self.before = job.asked["lifetime_before"]
        self.board = SummaryWriter(str(self.folder.logging / job.run.path.name), flush_secs=10)
        self.saves, self.judging = Saves(job), Judging(job)
        told = read_events(job.run)
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

    def save(self, step: int, what: What | None = None) -> None:
        """Write ``what``, or what the settings want of every save, and see how good it is."""
        run = self._run
        during = run.learner.config.saving.during
        wanted = what or ("result" if during == "nothing" else during)  # by hand it is something
        if wanted == "nothing":
            return
        with spared_without_room(self.job, f"the save of step {step}"):
            self.saves.write(run, wanted, self.preview)
        self._judge()

    def begin(self) -> None:
        """What there is to do before the first step: see what the model draws without the training."""
        if not self.judging.has_begun():
            self._judge()

    def _judge(self) -> None:
        run = self._run
        if not run.learner.config.samples.judge_saves:
            return
        captions = [self.captions[index] for index in range(len(run.learner.config.concepts))]
        views = planned_views(run.learner.config, self._prompts(), captions)
        with spared_without_room(self.job, f"the pictures of the save of step {run.step}"):
            self.judging.draw(run, views)

    def sample(self, step: int) -> None:
        """Draw the previews with the live weights, or with their average."""
        run = self._run
        previews = list(planned_previews(run.learner.config, self._prompts()))
        with spared_without_room(self.job, f"the set of previews of step {step}"):
            for number, shown in enumerate(run.shown()):
                self._draw(step, previews, shown, first=number * len(previews))

    def _prompts(self) -> list[str]:
        """What the previews of each concept show, by the settings as they are now."""
        config = self._run.learner.config
        return [
            drawn_prompt(
                sample_prompt(concept, self.captions[index], config.method),
                concept.save_sample_prompt.strip() or concept.instance_prompt,
                config.captions,
            )
            for index, concept in enumerate(config.concepts)
        ]

    def _draw(self, step: int, previews: list[Preview], shown: Shown, first: int) -> None:
        run, lifetime = self._run, self.before["steps"] + step
        told_weights = {"weights": shown} if run.learner.config.ema.show != "average" and run.ema else {}
        with run.with_shown(shown):
            made = make_previews(
                run.learner.model,
                run.learner.device,
                previews,
                lambda number: self.folder.samples / f"sample_{lifetime}-{first + number}.png",
                self.folder.name,
            )
            for number, (path, preview) in enumerate(made, start=first):
                if number == 0:
                    self.preview = path
                    self.saves.show(step, path)
                told = {"prompt": preview.wish.prompt, "seed": preview.wish.seed, **told_weights}
                place = path.relative_to(self.folder.path).as_posix()
                self.job.events.write("sample", step=step, path=place, **told)

    def rest(self, seconds: float) -> None:
        """Let the device cool down, unless the run is asked to end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.job.is_stop_asked():
            time.sleep(min(POLL_SECONDS, max(0.0, until - time.monotonic())))
        if self.job.stop_asked.is_set():
            ask(self.job.run, "stop")

    def draw(self, content: str) -> None:
        """Draw what somebody asks for."""
        draw_asked(self.job, self._run, content)
