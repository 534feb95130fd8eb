"""Whole trainings that hold on to what the untrained model answers."""

import json
import os
import shutil
from pathlib import Path

import pytest

from dreambooth.commands import describe_plan
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_training
from tests.conftest import MODEL, do, weights_hash
from tests.training.conftest import with_fields, with_settings


@pytest.fixture
def holding(config):
    """Both parts of the full model learn, with an average, and are held to the untrained output."""
    named = with_fields(config, instance_token="sks", class_token="robot")
    return with_settings(
        named,
        preservation__kind="output_preservation",
        parts__text_encoder_fraction=1,
        optimizer__unet_lr=1e-4,
        ema__enabled=True,
        duration__max_steps=3,
        data__batch_size=2,
    )


@pytest.fixture
def start(made_models, tmp_path):
    """Prepares a training in a library of its own."""

    def start_training(name, config) -> tuple[RunFolder, ModelFolder]:
        library = Library(Path(shutil.copytree(made_models, tmp_path / name, copy_function=os.link)))
        library.save_config(MODEL, config)
        return prepare_training(library, MODEL, library.load(MODEL), config), library.folder(MODEL)

    return start_training


def prior_losses(run: RunFolder) -> list[float]:
    return [event["prior_loss"] for event in read_events(run) if event["event"] == "step"]


def test_resumed_run_is_held_to_the_model_before_its_first_step(start, holding):
    """A stop makes what was learnt the model's own, and yet it is not what the run holds on to."""
    straight, whole = start("straight", holding)
    assert do(straight)["outcome"] == "done"
    run, folder = start("stopped", holding)
    ask(run, "stop_after_epoch")
    assert do(run)["outcome"] == "stopped"
    assert do(run)["outcome"] == "done"
    assert prior_losses(run) == prior_losses(straight)
    assert prior_losses(run)[0] < 1e-9 < prior_losses(run)[1]
    assert weights_hash(folder) == weights_hash(whole)
    assert not run.state.exists()


def test_run_that_was_stopped_without_it_cannot_be_held_to_the_untrained_model(start, holding):
    run, _ = start("stopped", with_settings(holding, preservation__kind="class_images"))
    ask(run, "stop_after_epoch")
    assert do(run)["outcome"] == "stopped"
    asked = json.loads(run.config_file.read_text())
    asked["config"]["preservation"]["kind"] = "output_preservation"
    run.config_file.write_text(json.dumps(asked))
    end = do(run)
    assert end["outcome"] == "refused"
    assert "nothing kept what the model was before it" in end["message"]


def test_no_class_images_are_drawn(start, holding):
    run, folder = start("lora", with_settings(holding, adapter="lora", ema__enabled=False))
    assert do(run)["outcome"] == "done"
    assert not folder.classifiers(0).exists()
    assert prior_losses(run)[-1] > 0


def test_plan_tells_what_is_held(perform, holding):
    told = perform("check", holding)["result"]
    (concept,) = told["concepts"]
    assert (concept["prompts"], concept["held_prompts"]) == (
        ["a photo of a sks robot"],
        ["a photo of a robot"],
    )
    assert "held to what the untrained model answers to ['a photo of a robot']" in describe_plan(told)


def test_contradiction_is_refused_in_words(start, holding):
    run, _ = start("refused", with_fields(holding, class_token=""))
    end = do(run)
    assert end["outcome"] == "refused"
    assert "concepts.0.class_token: output preservation puts it for the instance token" in end["message"]
