"""Stage 3 of the recipe: the text encoder learns to tell thing, colour and scene, before anything is drawn.

Trained together with the U-Net from nothing, the model draws but ignores its captions. Taught first, and then
frozen, the text encoder hands the U-Net states in which the caption is already understood.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from random import Random

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import CLIPTextModel

from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.toybox.architecture import END_TOKEN, TEXT_WIDTH, build_text_encoder
from dreambooth.toybox.stages import Stage, rng_of, run_stage, seed_torch
from dreambooth.toybox.world import COLOURS, OBJECTS, SCENES, Caption, random_caption, random_spec

BATCH = 64
MAX_TOKENS = 77
STRANGE_WORD_PROBABILITY = 0.2


def tokenise(texts: list[str]) -> Tensor:
    """Token ids (B, 77)."""
    encoded = clip_tokenizer()(texts, padding="max_length", truncation=True, max_length=MAX_TOKENS)
    return torch.tensor(encoded["input_ids"])


@cache
def _strange_words() -> list[str]:
    """Every lower-case word of the vocabulary that is one token: the world does not know most of them."""
    tokens = clip_tokenizer().get_vocab()
    words = sorted(token[:-4] for token in tokens if re.fullmatch(r"[a-z]{3,}</w>", token))
    known = {*OBJECTS, *COLOURS, *SCENES}
    return [word for word in words if word not in known]


def with_strange_word(text: str, rng: Random) -> str:
    """The caption with one word in it that means nothing: a rare token must not silence the others."""
    words = text.split(" ")
    words.insert(rng.randrange(len(words) + 1), rng.choice(_strange_words()))
    return " ".join(words)


class CaptionHeads(nn.Module):
    """A text encoder with one linear head each for thing, colour and scene; class 0 is "not mentioned"."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = build_text_encoder()
        self.thing = nn.Linear(TEXT_WIDTH, 1 + len(OBJECTS))
        self.colour = nn.Linear(TEXT_WIDTH, 1 + len(COLOURS))
        self.scene = nn.Linear(TEXT_WIDTH, 1 + len(SCENES))

    def losses(self, tokens: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of (thing, colour, scene) as (3,), over all positions from the end token on.

        ``tokens`` (B, 77), ``labels`` (B, 3).
        """
        states = self.encoder(tokens).last_hidden_state  # (B, 77, 64)
        is_end = tokens == END_TOKEN
        owner = torch.arange(len(tokens))[:, None].expand_as(tokens)[is_end]
        heads = (self.thing, self.colour, self.scene)
        return torch.stack(
            [cross_entropy(head(states[is_end]), labels[owner, part]) for part, head in enumerate(heads)]
        )


def _labels(caption: Caption) -> tuple[int, int, int]:
    def index(names: tuple[str, ...], name: str) -> int:
        return 1 + names.index(name) if name else 0

    return (
        index(OBJECTS, caption.thing),
        index(tuple(COLOURS), caption.colour),
        index(tuple(SCENES), caption.scene),
    )


def _batch(seed: int, step: int) -> tuple[Tensor, Tensor]:
    rng = rng_of(seed, "text", step)
    seed_torch(rng)
    captions = [random_caption(random_spec(rng), rng) for _ in range(BATCH)]
    captions[0] = Caption("", "", "", "")
    texts = [
        with_strange_word(caption.text, rng) if rng.random() < STRANGE_WORD_PROBABILITY else caption.text
        for caption in captions
    ]
    return tokenise(texts), torch.tensor([_labels(caption) for caption in captions])


def train_text_encoder(folder: Path, seed: int, num_steps: int) -> CLIPTextModel:
    """A text encoder whose states say what the caption mentions."""
    torch.manual_seed(seed)
    model = CaptionHeads()

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        losses = model.losses(*_batch(seed, step))
        thing, colour, scene = losses.tolist()
        return losses.sum(), {"thing": thing, "colour": colour, "scene": scene}

    run_stage(Stage(name="text", num_steps=num_steps, lr=1e-3, ema_decay=0.99), model, loss_of, folder)
    return model.encoder.eval()
