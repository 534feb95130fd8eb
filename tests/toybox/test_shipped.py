"""What everything else relies on: the shipped toybox draws what it is told, and the judge sees it."""

from random import Random

from dreambooth.config.precision import PrecisionConfig
from dreambooth.toybox.judge import load_judge
from dreambooth.toybox.pictures import draw_picture, pictures_to_tensor
from dreambooth.toybox.world import OBJECTS, full_caption, random_spec
from dreambooth.training.device import choose_device
from dreambooth.training.measure import noise_error
from dreambooth.training.samplers import Look, Wish, draw_pictures

DEVICE = choose_device(PrecisionConfig(device="cpu"))


def test_wrong_caption_costs_the_shipped_toybox_twice_the_error(toybox):
    specs = [random_spec(Random(f"shipped {number}"), thing=thing) for number, thing in enumerate(OBJECTS)]
    right = [full_caption(spec.thing, spec.colour, spec.scene) for spec in specs]
    wrong = right[1:] + right[:1]
    pictures = pictures_to_tensor([draw_picture(spec) for spec in specs])
    costs = [noise_error(toybox, DEVICE, captions, pictures).high for captions in (wrong, right)]
    assert costs[0] / costs[1] > 2


def test_shipped_toybox_draws_what_it_is_told(toybox):
    asked = [("red", "ball", "grass"), ("blue", "house", "sand"), ("yellow", "star", "sky")]
    asked += [("purple", "cup", "snow"), ("green", "robot", "wood"), ("pink", "heart", "snow")]
    wishes = [Wish(prompt=full_caption(t, c, s), seed=n) for n, (c, t, s) in enumerate(asked)]
    pictures = draw_pictures(toybox, wishes, Look(width=64, height=64, guidance_scale=5.0), DEVICE)
    seen = [(verdict.colour, verdict.thing, verdict.scene) for verdict in load_judge().look(pictures)]
    assert sum(a == b for a, b in zip(seen, asked, strict=True)) >= 4
