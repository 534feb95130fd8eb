"""What exists in the toybox world, and how a picture of it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

Rgb = tuple[int, int, int]

OBJECTS = ("ball", "star", "heart", "house", "tree", "mushroom", "fish", "cup", "car", "robot")

COLOURS: dict[str, Rgb] = {
    "red": (214, 40, 40),
    "orange": (245, 140, 20),
    "yellow": (250, 220, 40),
    "green": (50, 165, 60),
    "blue": (40, 85, 215),
    "purple": (130, 50, 185),
    "pink": (248, 135, 190),
    "brown": (125, 75, 35),
    "gray": (140, 140, 140),
    "white": (246, 246, 246),
}

SCENES: dict[str, str] = {
    "sky": "in the sky",
    "grass": "on grass",
    "sand": "on sand",
    "night": "at night",
    "wood": "on wood",
    "snow": "in snow",
}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One picture of the world: what is in it, where, and how large (in shares of the picture's side)."""

    thing: str
    colour: str
    scene: str
    x: float
    y: float
    radius: float
    seed: int


def random_spec(rng: Random, *, thing: str = "", colour: str = "", scene: str = "") -> Spec:
    """A random picture; whatever is named is kept."""
    radius = rng.uniform(0.30, 0.42)
    margin = radius + 0.03
    return Spec(
        thing=thing or rng.choice(OBJECTS),
        colour=colour or rng.choice(tuple(COLOURS)),
        scene=scene or rng.choice(tuple(SCENES)),
        x=rng.uniform(margin, 1 - margin),
        y=rng.uniform(margin, 1 - margin),
        radius=radius,
        seed=rng.getrandbits(31),
    )


def random_rgb(rng: Random) -> Rgb:
    """Any colour at all."""
    return (rng.randrange(256), rng.randrange(256), rng.randrange(256))


def with_article(words: str) -> str:
    """The words behind "a" or "an"."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def full_caption(thing: str, colour: str, scene: str) -> str:
    """The plainest complete caption, e.g. "a photo of a red robot on grass"."""
    return f"a photo of {with_article(f'{colour} {thing}')} {SCENES[scene]}"


@dataclass(frozen=True)
class Caption:
    """A caption and what it mentions; a part that it leaves out is an empty string."""

    text: str
    thing: str
    colour: str
    scene: str


def random_caption(spec: Spec, rng: Random) -> Caption:
    """A caption of the picture in varied wording; colour and scene are sometimes left out."""
    colour = spec.colour if rng.random() < 0.8 else ""
    scene = spec.scene if rng.random() < 0.8 else ""
    noun = f"{colour} {spec.thing}".strip()
    lead = rng.choice(("a photo of {a}", "a picture of {a}", "photo of {a}", "{a}", "{n}"))
    text = lead.format(a=with_article(noun), n=noun)
    if scene:
        text += rng.choice((" ", " ", ", ")) + SCENES[scene]
    return Caption(text, spec.thing, colour, scene)
