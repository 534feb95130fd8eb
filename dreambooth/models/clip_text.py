"""A CLIP text encoder that reads captions of any length, with weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from dreambooth.models.clip_states import join_rows
from dreambooth.text.chunks import Alphabet, framed, split_into_chunks
from dreambooth.text.reading import Reading
from dreambooth.text.vocabulary import COMMA, END_OF_TEXT, START_OF_TEXT

ROUNDING = 1e-6  # relative to the size of states


@dataclass(frozen=True)
class Encoded:
    """What an encoder makes of captions, chunk by chunk."""

    hidden: Tensor  # (all chunks, 77, width)
    summaries: Tensor | None  # (all chunks, width), of an encoder that has them
    num_chunks: Sequence[int]  # of each caption

    @property
    def first_summaries(self) -> Tensor:
        """The summary of each caption's first chunk (B, width), as the webuis take it."""
        if self.summaries is None:
            raise TypeError("an encoder without summaries")
        if len(self.summaries) == len(self.num_chunks):
            return self.summaries
        return self.summaries[[0, *accumulate(self.num_chunks)][:-1]]

    def joined(self, hidden: Tensor) -> Tensor:
        """States (all chunks, 77, width) as (B, 77 × chunks, width)."""
        if all(number == 1 for number in self.num_chunks):
            return hidden
        ends = [0, *accumulate(self.num_chunks)]
        return join_rows([hidden[start:stop].flatten(0, 1)[None] for start, stop in pairwise(ends)])


@dataclass(frozen=True)
class ClipText:
    """A text encoder with its tokenizer."""

    encoder: Any
    tokenizer: CLIPTokenizer
    is_cut_short: bool  # SDXL reads the layer before the last one, and leaves out the norm behind that

    @cached_property
    def alphabet(self) -> Alphabet:
        """The tokens that mean something by themselves; no checkpoint has others."""
        numbers = self.tokenizer.convert_tokens_to_ids([START_OF_TEXT, END_OF_TEXT, COMMA])
        start, end, comma = (int(number) for number in numbers)
        return Alphabet(start, end, pad=int(self.tokenizer.pad_token_id), comma=comma)

    def _tokenize(self, text: str) -> list[int]:
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids
        return tokens

    def encode(self, captions: Sequence[str], reading: Reading) -> Encoded:
        """States of all chunks of all captions; differentiable."""
        chunks = [
            split_into_chunks(caption, reading, self._tokenize, self.alphabet).read for caption in captions
        ]
        rows = [framed(chunk, self.alphabet) for caption in chunks for chunk in caption]
        device = self.encoder.device
        numbers = torch.tensor([[token.number for token in row] for row in rows], device=device)
        weights = torch.tensor([[token.weight for token in row] for row in rows], device=device)
        # No attention mask: the model was made looking at all 77 positions.
        answer = self.encoder(numbers, output_hidden_states=True)
        hidden = self._layer(answer, reading.clip_skip)
        if any(token.weight != 1 for row in rows for token in row):
            hidden = emphasised(hidden, weights)
        return Encoded(hidden, getattr(answer, "text_embeds", None), [len(each) for each in chunks])

    def _layer(self, answer: Any, clip_skip: int) -> Tensor:  # noqa: ANN401 - what transformers returns
        """The layer that the U-Net reads."""
        if self.is_cut_short:
            hidden: Tensor = answer.hidden_states[-2]
            return hidden
        if clip_skip == 1:
            last: Tensor = answer.last_hidden_state
            return last
        inner = getattr(self.encoder, "text_model", self.encoder)  # transformers 5.6 has done away with it
        normed: Tensor = inner.final_layer_norm(answer.hidden_states[-clip_skip])
        return normed


def emphasised(hidden: Tensor, weights: Tensor) -> Tensor:
    """States (N, 77, width) times the weights (N, 77) of their tokens, each row scaled back to its mean.

    So the webuis do it with their emphasis "Original", for each chunk and each encoder by itself. States
    whose mean is nothing but rounding, as of an encoder that was never trained, are not scaled.
    """
    exact = hidden.float()
    weighted = exact * weights[..., None]
    mean, new_mean = (states.mean(dim=(1, 2), keepdim=True) for states in (exact, weighted))
    least = ROUNDING * exact.detach().abs().mean(dim=(1, 2), keepdim=True)
    has_mean = (mean.abs() > least) & (new_mean.abs() > least)
    scale = torch.where(has_mean, mean / torch.where(has_mean, new_mean, 1.0), 1.0)
    is_weighted = (weights != 1).any(dim=1)[:, None, None]
    return torch.where(is_weighted, (weighted * scale).to(hidden.dtype), hidden)
