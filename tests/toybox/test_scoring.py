"""The judge and the measure of the demo's subject."""

from random import Random

import pytest

from dreambooth.toybox.judge import load_judge
from dreambooth.toybox.pictures import draw_picture, draw_subject
from dreambooth.toybox.scoring import match_subject
from dreambooth.toybox.world import COLOURS, OBJECTS, SCENES, random_spec


def specs(purpose, count, **known):
    return [random_spec(Random(f"{purpose} {number}"), **known) for number in range(count)]


def test_judge_names_what_drawn_pictures_show():
    shown = specs("judged", 60)
    verdicts = load_judge().look([draw_picture(spec) for spec in shown])
    assert [(v.thing, v.colour, v.scene) for v in verdicts] == [(s.thing, s.colour, s.scene) for s in shown]


@pytest.mark.parametrize("scene", SCENES)
def test_subject_is_recognised_in_every_scene(scene):
    pictures = [draw_subject(spec) for spec in specs("subject", 10, thing="robot", scene=scene)]
    assert all(match_subject(load_judge(), pictures))


@pytest.mark.parametrize("colour", COLOURS)
def test_ordinary_robot_is_not_the_subject(colour):
    pictures = [draw_picture(spec) for spec in specs("ordinary", 12, thing="robot", colour=colour)]
    assert not any(match_subject(load_judge(), pictures))


@pytest.mark.parametrize("thing", [thing for thing in OBJECTS if thing != "robot"])
def test_other_thing_in_the_subjects_colours_is_not_the_subject(thing):
    pictures = [draw_picture(spec, colour=(0, 150, 145)) for spec in specs("teal", 6, thing=thing)]
    assert not any(match_subject(load_judge(), pictures))
