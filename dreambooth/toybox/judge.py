"""Says what a toybox picture shows: a small classifier that has only ever seen drawn pictures.

``python -m dreambooth.toybox.judge`` trains it in a few minutes and writes ``judge.safetensors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from PIL import Image, ImageFilter
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from dreambooth.toybox.pictures import draw_picture, draw_subject, pictures_to_tensor
from dreambooth.toybox.stages import lr_factor, rng_of
from dreambooth.toybox.world import COLOURS, OBJECTS, SCENES, random_rgb, random_spec

JUDGE_FILE = Path(__file__).parent / "judge.safetensors"
WIDTHS = (24, 48, 96)
BATCH = 48
NUM_STEPS = 1500
ANY_COLOUR_PROBABILITY = 0.35
NO_LABEL = -100  # what cross_entropy leaves out


@dataclass(frozen=True)
class Verdict:
    """What a picture shows."""

    thing: str
    colour: str
    scene: str


class Judge(nn.Module):
    """Convolutions, then mean and maximum over the picture, then a linear head for each question."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.GroupNorm(8, after), nn.SiLU()]
        self.features = nn.Sequential(*layers, nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 3, padding=1), nn.SiLU())
        sizes = (len(OBJECTS), len(COLOURS), len(SCENES))
        self.heads = nn.ModuleList(nn.Linear(2 * WIDTHS[-1], size) for size in sizes)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Scores (B, 10), (B, 10), (B, 6) for pictures (B, 3, 64, 64) in -1 … 1."""
        maps = self.features(pictures)
        pooled = torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1)
        return [head(pooled) for head in self.heads]

    @torch.no_grad()
    def look(self, pictures: Sequence[Image.Image]) -> list[Verdict]:
        """What each picture shows."""
        scores = self(pictures_to_tensor(pictures))
        things, colours, scenes = (score.argmax(1).tolist() for score in scores)
        names = tuple(COLOURS), tuple(SCENES)
        return [
            Verdict(OBJECTS[thing], names[0][colour], names[1][scene])
            for thing, colour, scene in zip(things, colours, scenes, strict=True)
        ]


def _drawn_example(rng: Random) -> tuple[Image.Image, tuple[int, int, int]]:
    """A picture, slightly blurred at times, and its labels; no colour label where it has no named colour."""
    spec = random_spec(rng)
    colour = tuple(COLOURS).index(spec.colour)
    if rng.random() > ANY_COLOUR_PROBABILITY:
        picture = draw_picture(spec)
    elif rng.random() < 0.5:
        picture, colour = draw_picture(spec, colour=random_rgb(rng)), NO_LABEL
    else:
        picture, colour = draw_subject(spec, body=random_rgb(rng), chest=random_rgb(rng)), NO_LABEL
        spec = random_spec(rng, thing="robot", scene=spec.scene)
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2)))
    return picture, (OBJECTS.index(spec.thing), colour, tuple(SCENES).index(spec.scene))


def drawn_examples(seed: int, purpose: str, step: int, count: int) -> tuple[Tensor, Tensor]:
    """Pictures (B, 3, 64, 64) and labels (B, 3)."""
    rng = rng_of(seed, purpose, step)
    pictures, labels = zip(*(_drawn_example(rng) for _ in range(count)), strict=True)
    return pictures_to_tensor(pictures), torch.tensor(labels)


def accuracy_on_drawn(judge: Judge, seed: int = 77, count: int = 1000) -> tuple[float, float, float]:
    """Share of right answers about thing, colour and scene on drawn pictures that it was not trained on."""
    pictures, labels = drawn_examples(seed, "judge test", 0, count)
    with torch.no_grad():
        answers = [scores.argmax(1) for scores in judge(pictures)]
    shares = []
    for part, answer in enumerate(answers):
        asked = labels[:, part] != NO_LABEL
        shares.append(float((answer == labels[:, part])[asked].float().mean()))
    return shares[0], shares[1], shares[2]


def train_judge(seed: int, num_steps: int = NUM_STEPS) -> Judge:
    """Train from nothing on drawn pictures alone, with a little noise on them."""
    torch.manual_seed(seed)
    judge = Judge()
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, fused=True)
    for step in range(num_steps):
        pictures, labels = drawn_examples(seed, "judge", step, BATCH)
        scores = judge(pictures + 0.05 * torch.randn_like(pictures))
        loss = torch.stack([cross_entropy(score, labels[:, part]) for part, score in enumerate(scores)]).sum()
        optimizer.param_groups[0]["lr"] = 2e-3 * lr_factor(step, 50, num_steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % 100 == 0:
            print(f"judge {step + 1}/{num_steps} {float(loss.detach()):.4f}", flush=True)
    return judge.eval()


def load_judge() -> Judge:
    """The judge that ships with us."""
    judge = Judge()
    judge.load_state_dict(load_file(JUDGE_FILE))
    return judge.eval()


if __name__ == "__main__":
    trained = train_judge(seed=3)
    print("thing {:.3f} colour {:.3f} scene {:.3f}".format(*accuracy_on_drawn(trained)))
    save_file(trained.state_dict(), JUDGE_FILE)
