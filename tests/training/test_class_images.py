"""Class images as they are generated."""

import pytest
from PIL import Image

from dreambooth.training.class_images import ClassJob, generate_class_images
from dreambooth.training.device import choose_device
from tests.training.conftest import with_fields

PROMPTS = ("a red robot", "a robot in snow", "a robot", "a blue robot", "a robot on grass", "")


@pytest.fixture
def generate(random_model, config):
    """Generates pictures with these prompts beside those that are there; returns contents by name."""
    config = with_fields(config, class_negative_prompt="bad")

    def generate_beside(folder, prompts) -> dict[str, bytes]:
        job = ClassJob(concept_index=0, folder=folder, prompts=prompts)
        paths = generate_class_images(random_model, choose_device(config.precision), config, job, "toy")
        return {path.name: path.read_bytes() for path in paths}

    return generate_beside


@pytest.fixture
def undisturbed(generate, tmp_path):
    """All of them at once."""
    return generate(tmp_path / "all", PROMPTS)


@pytest.mark.parametrize("num_present", [1, 3, 4, 5])
def test_rest_of_an_interrupted_generation_is_the_same_bit_for_bit(
    generate, undisturbed, tmp_path, num_present
):
    for name in [*undisturbed][num_present:]:
        (tmp_path / "all" / name).unlink()
    rest = generate(tmp_path / "all", PROMPTS[num_present:])
    assert list(rest.items()) == list(undisturbed.items())[num_present:]


def test_picture_that_was_thrown_away_is_drawn_anew(generate, undisturbed, tmp_path):
    name = [*undisturbed][2]
    (tmp_path / "all" / name).unlink()
    assert [*generate(tmp_path / "all", ["a robot"])] == [name]


def test_each_picture_has_its_caption_and_generation_text(undisturbed, tmp_path):
    pictures = [tmp_path / "all" / name for name in undisturbed]
    assert [path.with_suffix(".txt").read_text() for path in pictures] == list(PROMPTS)
    text = Image.open(pictures[0]).text["parameters"]
    assert text.startswith("a red robot\nNegative prompt: bad\nSteps: 2, Sampler: DDIM, CFG scale: 7.5")


def test_no_caption_is_missing_when_generation_is_killed(random_model, config, tmp_path):
    job = ClassJob(concept_index=0, folder=tmp_path / "some", prompts=PROMPTS)
    pictures = generate_class_images(random_model, choose_device(config.precision), config, job, "toy")
    for _ in range(2):
        path = next(pictures)
        assert path.exists()
        assert path.with_suffix(".txt").exists()
    assert len(list((tmp_path / "some").iterdir())) == 4


def test_rejected_picture_is_never_drawn_again(generate, undisturbed, tmp_path):
    folder, name = tmp_path / "all", [*undisturbed][2]
    (folder / name).with_suffix(".rejected").touch()
    (folder / name).unlink()
    ((other, content),) = generate(folder, [PROMPTS[2]]).items()
    assert other not in undisturbed
    assert content not in undisturbed.values()
    assert (folder / other).with_suffix(".txt").read_text() == PROMPTS[2]
