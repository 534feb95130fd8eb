"""The text under a picture: what we write is what the webuis read, and what they write we read."""

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dreambooth.data.errors import PictureError
from dreambooth.data.generation_text import parse_generation_text, read_generation_text
from dreambooth.training.samplers import Look, Wish, generation_text
from tests.host_contract.host.modules.infotext_utils import parse_generation_parameters

LOOK = Look(width=512, height=768, num_steps=20, guidance_scale=7.5, sampler="euler_a")
PROMPTS = {
    "plain": ("a sks robot", "bad"),
    "nothing to avoid": ("a sks robot", ""),
    "no prompt": ("", ""),
    "lines and signs": ('a "sks" robot,\nin snow: (at night:1.2) 😀', "bad,\nSteps: many, blurry"),
}


@pytest.mark.parametrize(("prompt", "negative"), PROMPTS.values(), ids=PROMPTS)
@pytest.mark.parametrize("model", ["toy", "toy, the second: best"])
def test_webuis_read_what_we_write(prompt, negative, model):
    told = parse_generation_parameters(
        generation_text(Wish(prompt=prompt, negative_prompt=negative, seed=77), LOOK, model)
    )
    assert told == {
        "Prompt": prompt,
        "Negative prompt": negative,
        "Steps": "20",
        "Sampler": "Euler a",
        "CFG scale": "7.5",
        "Seed": "77",
        "Size-1": "512",
        "Size-2": "768",
        "Model": model,
        "Clip skip": "1",
    }


@pytest.mark.parametrize(("prompt", "negative"), PROMPTS.values(), ids=PROMPTS)
def test_we_read_it_as_the_form_has_it(prompt, negative):
    assert parse_generation_text(
        generation_text(Wish(prompt=prompt, negative_prompt=negative, seed=77), LOOK, "toy")
    ) == {
        "prompt": prompt,
        "negative_prompt": negative,
        "steps": "20",
        "guidance_scale": "7.5",
        "seed": "77",
        "width": "512",
        "height": "768",
    }


def test_prompt_without_numbers_is_a_prompt():
    assert parse_generation_text("a robot: red, blue") == {
        "prompt": "a robot: red, blue",
        "negative_prompt": "",
    }


def test_text_is_read_from_a_file(tmp_path):
    info = PngInfo()
    info.add_text("parameters", "a robot")
    Image.new("RGB", (8, 8)).save(tmp_path / "with.png", pnginfo=info)
    Image.new("RGB", (8, 8)).save(tmp_path / "without.png")
    assert read_generation_text(tmp_path / "with.png") == "a robot"
    assert read_generation_text(tmp_path / "without.png") == ""


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_file_that_is_no_picture_is_refused(tmp_path: Path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(PictureError, match="cannot be read"):
        read_generation_text(tmp_path / "a.png")
