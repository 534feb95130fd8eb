"""Stage 5 of the recipe: words that the world does not know leave a trace, by which they can be taught.

The text encoder has learnt to overhear them, so "a sks robot" reads like "a robot" and nothing can be taught
by that name. In CLIP every word leaves a trace. Here the states of a caption with an unknown word are moved
along a direction that belongs to the word and that no caption of the world uses; all others stay as they are,
so that what the U-Net has learnt stays true.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from transformers import CLIPTextModel

from dreambooth.toybox.stages import Stage, rng_of, run_stage, seed_torch
from dreambooth.toybox.text_stage import tokenise, with_strange_word
from dreambooth.toybox.world import COLOURS, OBJECTS, SCENES, full_caption, random_caption, random_spec

BATCH = 32
TRACE = 0.6  # length of a word's own direction beside that of the state it is added to
KEPT_VARIANCE = 0.999  # share of what captions differ by that counts as used


@torch.no_grad()
def used_directions(text_encoder: CLIPTextModel) -> Tensor:
    """An orthonormal basis (D, n) of nearly all that the last states of the world's captions differ by."""
    captions = [full_caption(*words) for words in product(OBJECTS, COLOURS, SCENES)]
    captions += [f"a photo of a {thing} {scene}" for thing, scene in product(OBJECTS, SCENES.values())]
    captions += [f"a photo of a {colour} {thing}" for colour, thing in product(COLOURS, OBJECTS)]
    states = text_encoder(tokenise(captions)).last_hidden_state[:, -1]
    _, lengths, directions = torch.linalg.svd(states - states.mean(0), full_matrices=False)
    share = lengths.square().cumsum(0) / lengths.square().sum()
    return directions[: int((share < KEPT_VARIANCE).sum()) + 1].T


def word_directions(text_encoder: CLIPTextModel) -> Tensor:
    """For each token a direction (V, D) of unit length: its embedding, without what the captions use."""
    basis = used_directions(text_encoder)
    embeddings = text_encoder.get_input_embeddings().weight.detach()
    free = embeddings - embeddings @ basis @ basis.T
    return free / free.norm(dim=1, keepdim=True)


def _captions(rng: Random) -> tuple[list[str], list[str]]:
    """Captions as they are, and the same with an unknown word in most of them."""
    plain = [random_caption(random_spec(rng), rng).text for _ in range(BATCH - 1)] + [""]
    strange = [with_strange_word(text, rng) if rng.random() < 0.8 else text for text in plain[:-1]] + [""]
    return plain, strange


def train_words(folder: Path, seed: int, num_steps: int, text_encoder: CLIPTextModel) -> CLIPTextModel:
    """The text encoder with a trace of every unknown word in the states from that word on."""
    before = deepcopy(text_encoder).eval()
    directions = word_directions(before)
    model = deepcopy(text_encoder).train()

    def loss_of(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = rng_of(seed, "words", step)
        seed_torch(rng)
        plain, strange = _captions(rng)
        tokens_before, tokens = tokenise(plain), tokenise(strange)
        with torch.no_grad():
            wanted = before(tokens).last_hidden_state
        is_from_there = (tokens != tokens_before).cummax(1).values
        word = tokens.gather(1, is_from_there.int().argmax(1, keepdim=True))[:, 0]
        lengths = wanted.norm(dim=2, keepdim=True)
        moved = wanted + TRACE * lengths * directions[word][:, None]
        moved = moved * lengths / moved.norm(dim=2, keepdim=True)
        wanted = torch.where(is_from_there[:, :, None], moved, wanted)
        errors = (model(tokens).last_hidden_state - wanted).square().mean((1, 2))
        is_strange = is_from_there.any(1)
        told = {
            "plain": float(errors.detach()[~is_strange].mean()),
            "strange": float(errors.detach()[is_strange].mean()),
        }
        return errors.mean(), told

    run_stage(Stage(name="words", num_steps=num_steps, lr=2e-3, ema_decay=0.99), model, loss_of, folder)
    return model.eval()
