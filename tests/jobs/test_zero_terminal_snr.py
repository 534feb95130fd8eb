"""Trainings that teach a model zero terminal SNR, and what tells of it afterwards."""

import json

import pytest

from dreambooth.config.folders import ModelFolder
from dreambooth.config.rules import find_problems
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.models.configs import read_architecture
from dreambooth.models.single_file import read_checkpoint
from tests.conftest import do
from tests.models.tiny import SD2, write_tiny
from tests.training.conftest import with_settings

MODEL = "velocity"


@pytest.fixture
def velocity(tmp_path) -> Library:
    """A model that predicts velocity on the ordinary schedule."""
    source = write_tiny(tmp_path / "tiny.safetensors", SD2)
    library = Library(tmp_path / "models of velocity")
    assert (
        do(prepare_run(library, library.folder(MODEL), "create", {"source": str(source)}))["outcome"]
        == "done"
    )
    return library


@pytest.fixture
def stretched(config):
    settings = {"noise__zero_terminal_snr": True, "loss__min_snr_gamma": 5, "loss__check_prediction": False}
    return with_settings(config, duration__max_steps=2, saving__save_every_steps=1, **settings)


def train(library, config) -> dict:
    library.save_config(MODEL, config)
    return do(prepare_training(library, MODEL, library.load(MODEL), config))


def has_zero_terminal_snr(folder: ModelFolder) -> bool:
    return read_architecture(folder.working).has_zero_terminal_snr


def test_model_and_its_files_tell_it(velocity, stretched):
    folder = velocity.folder(MODEL)
    assert not has_zero_terminal_snr(folder)
    assert train(velocity, stretched)["outcome"] == "done"
    assert has_zero_terminal_snr(folder)
    for step in (1, 2):
        assert "ztsnr" in read_checkpoint(folder.checkpoints / f"{MODEL}_{step}.safetensors").shapes
    scheduler = json.loads((folder.working / "scheduler/scheduler_config.json").read_text())
    assert (scheduler["rescale_betas_zero_snr"], scheduler["timestep_spacing"]) == (True, "trailing")


def test_going_back_to_a_step_before_it_takes_the_schedule_back(velocity, stretched):
    folder = velocity.folder(MODEL)
    assert train(velocity, with_settings(stretched, noise__zero_terminal_snr=False))["outcome"] == "done"
    once = with_settings(stretched, duration__max_steps=1, saving__save_every_steps=0)
    assert train(velocity, once)["outcome"] == "done"
    assert has_zero_terminal_snr(folder)
    asked = {"weights": f"checkpoints/{MODEL}_2.safetensors"}
    end = do(prepare_run(velocity, folder, "restore", asked))
    assert (end["outcome"], has_zero_terminal_snr(folder)) == ("done", False)


def test_model_that_predicts_noise_is_refused(begin, stretched):
    end = do(begin(stretched))
    assert end["outcome"] == "refused"
    assert "noise.zero_terminal_snr: this model predicts the noise" in end["message"]


def test_adapter_is_refused(stretched):
    (problem,) = find_problems(with_settings(stretched, adapter="lora"))
    assert "create the model with --zero-terminal-snr true" in str(problem)
