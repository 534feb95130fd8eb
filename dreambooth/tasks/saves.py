"""What a training saves on its way: results and snapshots, written when due, removed when others count."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dreambooth.config.saving import What
from dreambooth.events import read_events, read_events_of
from dreambooth.tasks.cards import build_card, remove_result, write_card, write_preview
from dreambooth.tasks.job import Job
from dreambooth.tasks.result_copies import ResultCopies
from dreambooth.tasks.results import write_checkpoint_file, write_snapshot
from dreambooth.training.run import Run
from dreambooth.verdict import History, kept_saves


@dataclass(frozen=True)
class Saved:
    """One file or folder of a step."""

    step: int
    path: Path


class Saves:
    """The saved steps of one training."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.folder = job.model_folder
        self.lifetime_before: int = job.asked["lifetime_before"]["steps"]
        self.copies = ResultCopies(job, job.load_config())
        self.shown: Path | None = None  # where the webui finds the last result
        told = [event for event in read_events(job.run) if event["event"] in ("checkpoint", "snapshot")]
        self._saved = list(dict.fromkeys(Saved(e["step"], self.folder.path / e["path"]) for e in told))

    def result_of(self, step: int) -> Path | None:
        """The checkpoint or adapter file of a step, when it was saved."""
        path = self._result_file(step)
        return path if Saved(step, path) in self._saved else None

    def tell(self, step: int) -> dict[str, str]:
        """What the end of the run says of the files of its last step: absolute paths."""
        result, snapshot = self.result_of(step), self._snapshot_folder(step)
        told = {"checkpoint": str(result)} if result else {}
        told |= {"webui": str(self.shown)} if result and self.shown else {}
        return told | ({"snapshot": str(snapshot)} if Saved(step, snapshot) in self._saved else {})

    def write(self, run: Run, what: What, preview: Path | None) -> None:
        """Save the step at which the run is; afterwards only those stay that the settings want."""
        if what in ("result", "both"):
            self._write_result(run, preview)
        if what in ("snapshot", "both"):
            self._write_snapshot(run)
        self._remove_others(run)

    def show(self, step: int, picture: Path) -> None:
        """A result of this step shows this picture."""
        if result := self.result_of(step):
            write_preview(result, picture)
            self.copies.renew(result)

    def _write_result(self, run: Run, preview: Path | None) -> None:
        path = self._result_file(run.step)
        moved = write_checkpoint_file(run, path, self.job.load_record())
        self._write_beside(run, path, preview)
        self.shown = self.copies.make(path)
        shown = {"webui": str(self.shown)} if self.shown else {}
        self._tell("checkpoint", run.step, path, moved=dict(moved), **shown)

    def _write_snapshot(self, run: Run) -> None:
        path = self._snapshot_folder(run.step)
        write_snapshot(run, path, self.job.load_record())
        self._tell("snapshot", run.step, path)

    def _tell(self, kind: str, step: int, path: Path, **more: object) -> None:
        told = path.relative_to(self.folder.path).as_posix()
        self.job.events.write(kind, step=step, path=told, **more)
        saved = Saved(step, path)
        self._saved = [other for other in self._saved if other != saved] + [saved]

    def _write_beside(self, run: Run, result: Path, preview: Path | None) -> None:
        """The card, and the newest preview of the run: of this very step only once that has been drawn."""
        record, config = self.job.load_record(), run.learner.config
        is_adapter = config.adapter != "none"
        steps = self.lifetime_before + run.step
        write_card(result, build_card(config, record.family, record.source, steps, is_adapter=is_adapter))
        if preview is not None and preview.exists():
            write_preview(result, preview)

    def _remove_others(self, run: Run) -> None:
        saving = run.learner.config.saving
        losses = {}
        if saving.keep_best:
            losses = {event["step"]: event["loss"] for event in read_events_of(self.job.run, "validation")}
            losses = {step: loss for step, loss in losses.items() if loss is not None}
        history = History(sorted({saved.step for saved in self._saved}), losses)
        kept = kept_saves(history, saving.keep_last, saving.keep_best)
        for saved in self._saved:
            if saved.step not in kept:
                self._remove(saved.path)
        self._saved = [saved for saved in self._saved if saved.step in kept]

    def _remove(self, path: Path) -> None:
        if path.parent == self.folder.snapshots:
            shutil.rmtree(path, ignore_errors=True)
            return
        remove_result(path)
        self.copies.remove(path)

    def _name(self, step: int) -> str:
        return f"{self.job.load_config().saving.name or self.folder.name}_{self.lifetime_before + step}"

    def _result_file(self, step: int) -> Path:
        return self.folder.checkpoints / f"{self._name(step)}.safetensors"

    def _snapshot_folder(self, step: int) -> Path:
        return self.folder.snapshots / self._name(step)
