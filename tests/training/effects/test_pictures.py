"""No control without effect: sizes, crops, variations and masks change what the model is shown or learns."""

import pytest
import torch
from PIL import Image

from dreambooth.data.batches import find_step
from dreambooth.data.latents import LatentSource
from tests.conftest import draw_photos
from tests.training.conftest import examples_of, learnt_hash, train_steps, with_fields, with_settings

COLOURS = {"augment.colour_probability": 1}
MASKED = {"augment.masks": "file"}

# Settings that change sizes: name → (another value, the size of the pictures, the sizes they are trained at).
SIZES = {
    "data.bucket_min_px": (16, (512, 64), ["128×32", "128×16"]),
    "data.bucket_max_px": (64, (512, 64), ["128×32", "64×32"]),
    "data.bucket_no_upscale": (True, (50, 30), ["80×48", "48×24"]),
    "concept.resolution": (128, (90, 90), ["64×64", "128×128"]),
}

# Settings that change what is seen: name → (another value, what else must be set for it to matter).
PIXELS = {
    "augment.crop": ("random", {}),
    "augment.rotation_degrees": (5, {}),
    "augment.colour_probability": (1, {}),
    "augment.brightness": (0.5, COLOURS),
    "augment.contrast": (0.5, COLOURS),
    "augment.saturation": (0.5, COLOURS),
    "augment.hue": (0.2, COLOURS),
    "augment.variants": (3, COLOURS),
    "augment.dynamic_normalisation": (True, {}),
}

# Settings that change how much of a picture counts.
MASKS = {
    "augment.masks": ("file", {}),
    "augment.unmasked_weight": (0.5, MASKED),
    "augment.unmasked_probability": (0.999, MASKED),
}

PROVEN = set(SIZES) | set(PIXELS) | set(MASKS)


def changed(config, name, value):
    if name.startswith("concept."):
        return with_fields(config, **{name.removeprefix("concept."): value})
    return with_settings(config, **{name: value})


@pytest.mark.parametrize("name", SIZES)
def test_setting_changes_the_size(config, tmp_path, name):
    value, size, told = SIZES[name]
    draw_photos(tmp_path / "shaped", 1, size=size)
    config = with_fields(config, instance_data_dir=str(tmp_path / "shaped"))
    settings = [config, changed(config, name, value)]
    assert [str(examples_of(each).instances[0].size) for each in settings] == told


@pytest.fixture
def shown(config, tmp_path):
    """The pixels that the first step sees with these settings."""
    draw_photos(tmp_path / "wide", 3, size=(150, 72))
    wide = with_fields(config, instance_data_dir=str(tmp_path / "wide"))

    def show(settings) -> torch.Tensor:
        config = with_settings(wide, **settings)
        source = LatentSource(lambda pixels: (pixels, pixels), "identity", None)
        (batch,) = find_step(examples_of(config), config, 0)
        return source.fetch(batch)[0]

    return show


@pytest.mark.parametrize("name", PIXELS)
def test_setting_changes_what_is_seen(shown, name):
    value, others = PIXELS[name]
    before, after = shown(others), shown({**others, name: value})
    assert before.shape == after.shape
    assert not torch.equal(before, after)


@pytest.fixture
def masked_photos(photos):
    """The pictures, of which only the left half is to be learnt."""
    for path in photos.glob("*.png"):
        mask = Image.new("L", Image.open(path).size)
        mask.paste(255, (0, 0, mask.width // 2, mask.height))
        mask.save(path.with_name(f"{path.stem}-masklabel.png"))


@pytest.mark.usefixtures("masked_photos")
@pytest.mark.parametrize("name", MASKS)
def test_setting_changes_what_is_learnt(make_learner, config, name):
    def learn(settings) -> str:
        learner, dataset = make_learner(with_settings(config, adapter="lora", **settings))
        train_steps(learner, dataset, 2)
        return learnt_hash(learner)

    value, others = MASKS[name]
    assert learn({**others, name: value}) != learn(others)
