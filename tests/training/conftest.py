"""A small random model, and learners on it."""

import copy
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed
from dreambooth.data.batches import count_steps, iterate_steps
from dreambooth.data.cache import tensors_hash
from dreambooth.data.examples import Dataset, build_examples
from dreambooth.events import EventWriter, ask, read_events
from dreambooth.models.stable_diffusion import StableDiffusion
from dreambooth.toybox.architecture import TOYBOX
from dreambooth.training.device import choose_device
from dreambooth.training.learner import Learner, build_latents, build_learner, named_weights
from dreambooth.training.run import Outlets, Run
from dreambooth.training.step import StepReport, train_step
from tests.models.random_checkpoint import build_parts


def with_fields(config: TrainConfig, **fields) -> TrainConfig:
    """The settings with fields of their first concept changed."""
    return replace(config, concepts=(replace(config.concepts[0], **fields), *config.concepts[1:]))


def with_settings(config: TrainConfig, **settings) -> TrainConfig:
    """The settings with others by name, ``__`` for the dot."""
    return changed(config, {name.replace("__", "."): str(value) for name, value in settings.items()})


def examples_of(config: TrainConfig) -> Dataset:
    """The examples; generated class images have no folder here."""
    return build_examples(config, [Path("nowhere")] * len(config.concepts))


def train_steps(learner: Learner, dataset: Dataset, count: int, start: int = 0) -> list[StepReport]:
    """Take some steps."""
    config = learner.config
    steps = iterate_steps(dataset, config, start)
    return [train_step(learner, batches, start + n) for n, batches in enumerate(islice(steps, count))]


def learnt_hash(learner: Learner) -> str:
    """Differs when a single bit of what learns differs."""
    return tensors_hash(named_weights(learner.parameters).items())


def averaged_hash(run: Run) -> str:
    with run.with_average():
        return learnt_hash(run.learner)


@dataclass
class Told:
    """What a run told, and the requests that it is to find after certain steps."""

    folder: RunFolder
    asks: dict[int, str | tuple[str, dict]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    saves: list[int] = field(default_factory=list)
    samples: list[int] = field(default_factory=list)
    drawings: list[str] = field(default_factory=list)

    def say_step(self, step, report, seconds):
        assert seconds >= 0
        self.losses.append(report.loss)
        if step in self.asks:
            asked = self.asks[step]
            ask(self.folder, *(asked if isinstance(asked, tuple) else (asked,)))

    @property
    def states(self) -> list[int]:
        return [event["step"] for event in read_events(self.folder) if event["event"] == "state"]


@pytest.fixture(scope="session")
def random_parts():
    """The shapes of the toybox with random weights, which tests only copy."""
    return build_parts()


@pytest.fixture(scope="session")
def make_model(random_parts):
    """A fresh copy of the random model."""

    def make(predicts="epsilon") -> StableDiffusion:
        parts = {name: copy.deepcopy(module).eval() for name, module in random_parts.items()}
        return StableDiffusion(Path("nowhere"), replace(TOYBOX, predicts=predicts), parts)

    return make


@pytest.fixture(scope="session")
def random_model(make_model) -> StableDiffusion:
    """A model that tests leave as it is."""
    return make_model()


@pytest.fixture
def make_learner(make_model):
    """A learner at step 0 on a fresh model."""

    def make(config: TrainConfig) -> tuple[Learner, Dataset]:
        model, device, dataset = make_model(), choose_device(config.precision), examples_of(config)
        latents = build_latents(model, device, None)
        return build_learner(config, model, device, latents, count_steps(config, dataset)), dataset

    return make


@pytest.fixture
def make_run(make_learner, tmp_path):
    """A run in a folder by name; the same name again goes on from its state."""

    def make(config: TrainConfig, name: str = "run", asks=None) -> tuple[Run, Told]:
        told = Told(RunFolder(tmp_path / name), asks or {})
        learner, dataset = make_learner(config)
        outlets = Outlets(told.say_step, told.saves.append, told.samples.append, told.drawings.append)
        run = Run(told.folder, learner, dataset, EventWriter(told.folder), outlets)
        run.resume()
        return run, told

    return make
