"""What a model would have answered before it was trained: preservation without class images holds to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreambooth.adapters.strength import without_adapters
from dreambooth.config.folders import RunFolder
from dreambooth.models.family import Conditions, Model, TextStates
from dreambooth.text.reading import Reading
from dreambooth.training.device import evaluating

FILE_NAME = "untrained.safetensors"


@dataclass(frozen=True)
class Untrained:
    """The model that learns with its adapter off, or one that has frozen copies of the parts that learn."""

    model: Model
    copied: tuple[str, ...]  # the parts that are copies; none where there is an adapter
    reading: Reading  # of captions, as the model that learns reads them
    states: dict[str, TextStates] = field(default_factory=dict)  # by caption

    @torch.no_grad()
    def encode(self, captions: Sequence[str]) -> TextStates:
        """Text states of captions, each encoded once and alone, so that a resumed run has the same bits."""
        with self._at_rest():
            for caption in captions:
                if caption not in self.states:
                    self.states[caption] = self.model.encode_captions([caption], self.reading)
        return self.model.join_states([self.states[caption] for caption in captions])

    @torch.no_grad()
    def predict(self, noisy: Tensor, timesteps: Tensor, conditions: Conditions) -> Tensor:
        """Its answer to noisy latents (B, c, h, w), which draws no random numbers."""
        with self._at_rest():
            return self.model.predict(noisy, timesteps, conditions)

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        with evaluating(*self.model.parts.values()), without_adapters(self.model):
            yield

    def save(self, run: RunFolder) -> None:
        """Keep the copies with a run's state: the model's own folder is about to take over what it learnt."""
        if not self.copied:
            return
        tensors = {
            f"{part}/{name}": tensor.cpu().contiguous()
            for part in self.copied
            for name, tensor in self.model.parts[part].state_dict().items()
        }
        path = _file_of(run)
        beside = path.with_suffix(".partial")
        save_file(tensors, beside)
        beside.replace(path)

    def is_kept(self, run: RunFolder) -> bool:
        """Whether an earlier part of the run kept the copies; without any there is nothing to keep."""
        return not self.copied or _file_of(run).exists()

    def load(self, run: RunFolder) -> None:
        """Take the copies that an earlier part of the run kept, if it kept any."""
        if not self.copied or not self.is_kept(run):
            return
        tensors = load_file(_file_of(run))
        for part in self.copied:
            prefix = f"{part}/"
            held = {
                name.removeprefix(prefix): tensor
                for name, tensor in tensors.items()
                if name.startswith(prefix)
            }
            self.model.parts[part].load_state_dict(held)


def _file_of(run: RunFolder) -> Path:
    return run.state / FILE_NAME
