"""Whole trainings of SDXL and of inpainting models: made, trained, resumed, exported."""

from dataclasses import replace

import pytest
import torch

from dreambooth.config.duration import DurationConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.parts import PartsConfig
from dreambooth.config.preservation import PreservationConfig
from dreambooth.config.samples import SampleConfig
from dreambooth.config.saving import SavingConfig
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.models.single_file import read_checkpoint
from tests.conftest import do, weights_hash
from tests.models.tiny import FAMILIES, write_tiny

MODEL = "tiny"


@pytest.fixture
def make_library(tmp_path):
    """Makes a library with a model of the named family in it."""

    def make(family, folder="models") -> Library:
        source = write_tiny(tmp_path / "tiny.safetensors", FAMILIES[family])
        library = Library(tmp_path / folder)
        asked = {"source": str(source)}
        assert do(prepare_run(library, library.folder(MODEL), "create", asked))["outcome"] == "done"
        return library

    return make


@pytest.fixture
def everything(with_classes):
    """A training beside class images in which every part learns."""
    return replace(
        with_classes,
        optimizer=OptimizerConfig(unet_lr=1e-3, text_encoder_lr=1e-3),
        parts=PartsConfig(text_encoder_fraction=1),
    )


def train(library, config):
    library.save_config(MODEL, config)
    return do(prepare_training(library, MODEL, library.load(MODEL), config))


def export(library, path):
    asked = {"to": str(path), "format": "checkpoint", "dtype": "fp32"}
    assert do(prepare_run(library, library.folder(MODEL), "export", asked))["outcome"] == "done"
    return read_checkpoint(path)


@pytest.mark.parametrize("family", ["sdxl", "sd1 inpainting", "sdxl inpainting"])
def test_every_part_learns_and_is_exported(make_library, everything, tmp_path, family):
    library = make_library(family)
    assert train(library, everything)["outcome"] == "done"
    before, after = (
        read_checkpoint(tmp_path / "tiny.safetensors"),
        export(library, tmp_path / "x.safetensors"),
    )
    assert after.shapes == before.shapes
    moved = {name for name in before.shapes if not torch.equal(before.tensors[name], after.tensors[name])}
    assert "model.diffusion_model.input_blocks.0.0.weight" in moved
    texts = ("conditioner.embedders.0.", "conditioner.embedders.1.", "cond_stage_model.")
    learnt = {start for start in texts if any(name.startswith(start) for name in moved)}
    assert learnt == {start for start in texts if any(name.startswith(start) for name in before.shapes)}
    assert not any(name.startswith("first_stage_model.") for name in moved)


@pytest.mark.parametrize(
    ("family", "adapter"), [("sdxl", "none"), ("sdxl", "lora"), ("sd2 inpainting", "none")]
)
def test_resumed_training_gives_the_same_weights(make_library, everything, family, adapter):
    everything = replace(everything, adapter=adapter)
    straight = make_library(family, "straight")
    assert train(straight, everything)["outcome"] == "done"
    stopped = make_library(family, "stopped")
    stopped.save_config(MODEL, everything)
    run = prepare_training(stopped, MODEL, stopped.load(MODEL), everything)
    ask(run, "stop_after_epoch")
    end = do(run)
    assert (end["outcome"], end["result"]["step"]) == ("stopped", 3)
    assert do(run)["outcome"] == "done"
    assert weights_hash(stopped.folder(MODEL)) == weights_hash(straight.folder(MODEL))


@pytest.mark.parametrize("family", ["sdxl", "sd1 inpainting"])
def test_untrained_model_answers_alike_before_anything_is_learnt(make_library, config, family):
    library = make_library(family)
    held = PreservationConfig(kind="prior_prediction")
    duration, silent = DurationConfig(max_steps=1), SavingConfig(at_end="nothing")
    told = replace(config, preservation=held, duration=duration, saving=silent)
    library.save_config(MODEL, told)
    run = prepare_training(library, MODEL, library.load(MODEL), told)
    assert do(run)["outcome"] == "done"
    (step,) = [event for event in read_events(run) if event["event"] == "step"]
    assert step["prior_loss"] == pytest.approx(0, abs=1e-9)
    assert step["instance_loss"] > 0.1


@pytest.mark.parametrize("family", ["sdxl", "sd1 inpainting"])
def test_previews_and_class_images_are_drawn(make_library, config, family):
    library = make_library(family)
    concept = replace(config.concepts[0], num_class_images_per=1)
    silent = SavingConfig(at_end="nothing")
    told = replace(config, concepts=(concept,), samples=SampleConfig(sample_at_end=True), saving=silent)
    assert train(library, told)["outcome"] == "done"
    folder = library.folder(MODEL)
    assert len([*folder.samples.glob("sample_*")]) == 1
    assert len([*folder.classifiers(0).glob("*.png")]) == 3
