"""Pictures that a model draws."""

import numpy as np
import pytest
import torch
from PIL import Image

from dreambooth.config.precision import PrecisionConfig
from dreambooth.training.device import choose_device
from dreambooth.training.samplers import SAMPLER_NAMES, Look, Wish, draw_latents, draw_pictures
from dreambooth.training.samples import make_previews, planned_previews
from tests.training.conftest import with_fields, with_settings

DEVICE = choose_device(PrecisionConfig(device="cpu"))
LOOK = Look(width=64, height=64, num_steps=3)
WISHES = [
    Wish(prompt="a red robot", seed=1),
    Wish(prompt="a fish in snow", negative_prompt="red", seed=2),
    Wish(prompt="", seed=3),
]


@pytest.fixture
def model(random_model):
    """One that the tests only look at."""
    return random_model


@torch.no_grad()
def latents(model, wishes, **look) -> torch.Tensor:
    return draw_latents(model, wishes, Look(width=64, height=64, **{"num_steps": 3, **look}), DEVICE)


@pytest.mark.parametrize("sampler", SAMPLER_NAMES)
def test_same_seed_is_the_same_picture_in_any_batch(model, sampler):
    together = latents(model, WISHES, sampler=sampler)
    for index, wish in enumerate(WISHES):
        alone = latents(model, [wish], sampler=sampler)[0]
        torch.testing.assert_close(alone, together[index], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "change", [{"seed": 9}, {"prompt": "a green car"}, {"negative_prompt": "a green car"}]
)
def test_every_word_of_a_wish_matters(model, change):
    wish = {"prompt": "a red robot", "negative_prompt": "", "seed": 1}
    first, second = latents(model, [Wish(**wish)]), latents(model, [Wish(**{**wish, **change})])
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("change", [{"num_steps": 4}, {"guidance_scale": 2.0}, {"sampler": "euler"}])
def test_every_word_of_a_look_matters(model, change):
    assert not torch.allclose(latents(model, WISHES[:1]), latents(model, WISHES[:1], **change))


def test_drawing_leaves_random_numbers_modes_and_gradients_as_found(make_model):
    model = make_model()
    model.parts["unet"].train()
    model.parts["unet"].mid_block.eval()
    modes = [module.training for module in model.parts["unet"].modules()]
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    draw_pictures(model, WISHES[:1], Look(width=64, height=64, num_steps=2, sampler="euler_a"), DEVICE)
    assert torch.equal(torch.rand(1), expected)
    assert [module.training for module in model.parts["unet"].modules()] == modes
    assert all(weight.requires_grad for weight in model.parts["unet"].parameters())


def test_pictures_have_the_size_that_was_asked_for(model):
    (picture,) = draw_pictures(model, WISHES[:1], Look(width=96, height=64, num_steps=1), DEVICE)
    assert (picture.size, picture.mode) == ((96, 64), "RGB")
    assert np.asarray(picture).std() > 0


def test_prompt_of_four_hundred_words_draws(model):
    long = " ".join(f"word{number}" for number in range(400))
    assert torch.isfinite(latents(model, [Wish(prompt=long)])).all()


def test_generation_text_is_in_the_file_as_webuis_read_it(model, config, tmp_path):
    config = with_fields(config, save_sample_negative_prompt="bad", sample_seed=77, save_guidance_scale=5)
    previews = list(planned_previews(config, ["a sks robot"]))
    ((path, _),) = make_previews(model, DEVICE, previews, lambda n: tmp_path / f"{n}.png", "toy")
    assert Image.open(path).text["parameters"] == (
        "a sks robot\nNegative prompt: bad\n"
        "Steps: 2, Sampler: DDIM, CFG scale: 5, Seed: 77, Size: 64x64, Model: toy"
    )


def test_previews_are_the_same_every_time(config):
    config = with_settings(with_fields(config, n_save_sample=2), samples__sanity_prompt="a cat")
    first, second = (list(planned_previews(config, ["a sks robot"])) for _ in range(2))
    assert first == second
    assert [preview.wish.prompt for preview in first] == ["a sks robot", "a sks robot", "a cat"]
    assert first[1].wish.seed == first[0].wish.seed + 1
    assert first[2].wish.seed == 420420


def test_many_previews_are_drawn_in_their_order(model, config, tmp_path):
    config = with_fields(config, n_save_sample=10, sample_seed=0, save_infer_steps=1)
    previews = list(planned_previews(config, ["a cat"]))
    made = make_previews(model, DEVICE, previews, lambda n: tmp_path / f"{n}.png", "toy")
    assert [(path.stem, preview.wish.seed) for path, preview in made] == [(str(n), n) for n in range(10)]


def test_prompts_are_drawn_with_their_weights(model):
    def draw(prompt, negative=""):
        return latents(model, [Wish(prompt=prompt, negative_prompt=negative, seed=1)])

    plain = draw("a red robot", "ugly")
    assert torch.equal(draw("a (red:1.0) robot", "ugly"), plain)
    assert not torch.equal(draw("a (red:1.5) robot", "ugly"), plain)
    assert not torch.equal(draw("a red robot", "(ugly:1.5)"), plain)
    assert not torch.equal(draw(r"a \(red\) robot", "ugly"), plain)


def test_long_prompts_are_drawn_to_their_end(model):
    wishes = [Wish(prompt="robot " * 80 + last, negative_prompt="ugly") for last in ("red", "blue")]
    red, blue = latents(model, wishes)
    assert not torch.equal(red, blue)
