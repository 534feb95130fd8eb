"""What is drawn at every save, to see which step is good; and how far ordinary pictures have drifted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean
from typing import Literal

from PIL import Image, ImageChops, ImageStat

from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.drawn_prompts import drawn_prompt
from dreambooth.data.prompts import class_captions
from dreambooth.training.samplers import Wish
from dreambooth.training.samples import Preview, preview_look, preview_seed

COMPARED_SIDE_PX = 32  # pictures are compared at this size: what they show counts, not their grain
ORDINARY_SEEDS = 2  # so many ordinary pictures of a class, which also tell how different two of them are
PROMPT = "{prompt}"


@dataclass(frozen=True)
class View:
    """One column of the grid."""

    kind: Literal["subject", "overfitting", "ordinary"]
    preview: Preview

    @property
    def key(self) -> str:
        """The same for the same picture by other weights."""
        return hashlib.sha256(repr(self.preview).encode()).hexdigest()[:10]


def planned_views(config: TrainConfig, prompts: Sequence[str], captions: Sequence[str]) -> list[View]:
    """The columns: of each concept its sample prompt, the overfitting prompt, and its class alone.

    ``prompts`` holds the final sample prompt of each concept, ``captions`` that of its first picture.
    """
    views: dict[str, View] = {}
    for index, (concept, prompt, caption) in enumerate(zip(config.concepts, prompts, captions, strict=True)):
        look, seed = preview_look(config, concept), preview_seed(config, index)
        negative = concept.save_sample_negative_prompt
        wanted = [("subject", prompt, seed)]
        if config.samples.overfitting_prompt.strip():
            wanted.append(("overfitting", _overfitting_words(config, concept, prompt), seed))
        if ordinary := _ordinary_words(config, concept, caption):
            wanted += [("ordinary", ordinary, seed + number) for number in range(ORDINARY_SEEDS)]
        for kind, words, own_seed in wanted:
            wish = Wish(prompt=words, negative_prompt=negative, seed=own_seed)
            view = View(kind, Preview(wish, look))  # type: ignore[arg-type]
            views.setdefault(view.key, view)
    order = ("subject", "overfitting", "ordinary")
    return sorted(views.values(), key=lambda view: order.index(view.kind))


def _overfitting_words(config: TrainConfig, concept: Concept, prompt: str) -> str:
    """With the instance prompt without the words of any picture; if it has no others, the sample prompt."""
    template = config.samples.overfitting_prompt
    words = " ".join(concept.instance_prompt.replace(FILEWORDS, "").split()).strip(" ,")
    if not words:
        return template.replace(PROMPT, prompt)
    filled = template.replace(PROMPT, words)
    return drawn_prompt(filled, filled, config.captions)


def _ordinary_words(config: TrainConfig, concept: Concept, caption: str) -> str:
    """What is drawn without the subject: the class prompt, else the sanity prompt, else nothing."""
    if config.method == "finetune" or not concept.class_prompt.strip():
        return config.samples.sanity_prompt.strip()
    words = class_captions(concept, caption, config.method)[0]
    return drawn_prompt(words, concept.class_prompt, config.captions)


def drift_of(before: Sequence[Image.Image], now: Sequence[Image.Image]) -> float | None:
    """How far pictures have moved, in units of how far different ones were apart; None with fewer than two.

    0 is the same pictures, 1 as different as others of the same prompt.
    """
    if len(before) < 2:
        return None
    apart = fmean(_distance(one, other) for one, other in combinations(before, 2))
    moved = fmean(_distance(old, new) for old, new in zip(before, now, strict=True))
    return moved / apart if apart else float(moved > 0)


def _distance(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, from 0 to 255."""
    side = (COMPARED_SIDE_PX, COMPARED_SIDE_PX)
    small = [each.convert("RGB").resize(side, Image.Resampling.BOX) for each in (one, other)]
    return fmean(ImageStat.Stat(ImageChops.difference(*small)).mean)
