"""The whole job on photographs: JPEG and PNG of odd sizes, grey and colour, as scikit-image brings them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import skimage

from dreambooth.config.augment import AugmentConfig
from dreambooth.config.concept import Concept
from dreambooth.config.data import DataConfig
from dreambooth.config.precision import PrecisionConfig
from dreambooth.data.buckets import Size
from dreambooth.data.pictures import load_picture
from dreambooth.data.pixels import picture_to_tensor
from dreambooth.events import read_events
from dreambooth.models.load import load_model
from dreambooth.training.device import choose_device
from dreambooth.training.measure import noise_error
from tests.conftest import do

NAMES = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "motorcycle_left.png")
NAMES += ("rocket.jpg", "hubble_deep_field.jpg", "retina.jpg", "moon.png")


@pytest.fixture
def photographs(tmp_path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(Path(skimage.__file__).parent / "data" / name, folder)
    return folder


def test_photographs_are_learnt(photographs, begin, folder, config):
    concept = Concept(instance_data_dir=str(photographs), instance_prompt="[filewords]")
    data = DataConfig(resolution=64, bucket_step_px=8, batch_size=2)
    device = choose_device(PrecisionConfig())
    pictures = [picture_to_tensor(load_picture(photographs / name), Size(64, 64))[None] for name in NAMES]
    captions = [Path(name).stem for name in NAMES]

    def error() -> float:
        model = load_model(folder.working)
        errors = [
            noise_error(model, device, [caption], picture).overall
            for caption, picture in zip(captions, pictures, strict=True)
        ]
        return sum(errors) / len(errors)

    before = error()
    asked = replace(
        config,
        method="finetune",
        concepts=(concept,),
        data=data,
        augment=AugmentConfig(flip_probability=0.5),
        duration=replace(config.duration, max_steps=40),
        optimizer=replace(config.optimizer, unet_lr=5e-4),
    )
    run = begin(asked)
    end = do(run)
    losses = [event["loss"] for event in read_events(run) if event["event"] == "step"]
    assert end["outcome"] == "done"
    assert len(losses) == 40
    assert None not in losses
    assert error() < 0.97 * before
