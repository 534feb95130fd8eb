"""The processes that train together: who says what is done, and how their gradients become one.

Each holds the whole model and computes its share of the rows of every batch (``data/batches.share_of``). The
gradients are sums over examples divided by the number of all of them, so they are added up, and every process
takes the same optimizer step. ``DistributedDataParallel`` would average over processes instead, wants every
process to use every weight, and would put its wrapper around models that other code knows by their names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from dreambooth.data.batches import Step, share_of
from dreambooth.training.errors import PeerLost

T = TypeVar("T")

# While the first process draws class images or samples, the others wait for its word. They need no clock:
# when it dies, its connections close.
LONGEST_WAIT = timedelta(days=30)
CHUNK_NUMBERS = 1 << 24  # of a gradient, sent at once: 64 MB


@dataclass(frozen=True)
class Processes:
    """One of the processes of a training, and its way to the others; alone it does nothing."""

    number: int = 0
    count: int = 1
    for_gradients: dist.ProcessGroup | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is the one that is asked, tells and writes."""
        return self.number == 0

    @property
    def seed_parts(self) -> tuple[int, ...]:
        """What else a seed is made of, where processes must not draw the same; nothing for the first."""
        return (self.number,) if self.number else ()

    def share_of(self, step: Step) -> Step:
        """What this process computes of a step."""
        return step if self.count == 1 else share_of(step, self.number, self.count)

    def hear_first(self, value: T) -> T:
        """What the first process says; the others' own words are not heard."""
        if self.count == 1:
            return value
        words = [value]
        with _naming_the_loss():
            dist.broadcast_object_list(words, src=0, device=torch.device("cpu"))
        return words[0]

    def gather(self, value: T) -> list[T]:
        """What each of the processes says, in their order; all hear it."""
        if self.count == 1:
            return [value]
        words: list[T | None] = [None] * self.count
        with _naming_the_loss():
            dist.all_gather_object(words, value)
        return words  # type: ignore[return-value]

    def wait(self) -> None:
        """Go on when all have come here."""
        self.gather(None)

    @torch.no_grad()
    def add_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Put the sum of all processes' gradients in the place of each one's own.

        A weight that no process has a gradient for keeps none, as optimizers leave such weights out.
        """
        if self.count == 1:
            return
        # Heard by the way that notices a death at once, before the GPUs wait for each other.
        learning = self.gather([parameter.grad is not None for parameter in parameters])
        gradients = []
        for parameter, *has in zip(parameters, *learning, strict=True):
            if any(has):
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                gradients.append(parameter.grad)
        for chunk in _chunks(gradients):
            self._add(chunk)

    def _add(self, gradients: Sequence[Tensor]) -> None:
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        with _naming_the_loss():
            dist.all_reduce(flat, group=self.for_gradients)
        for gradient, added in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(added.view_as(gradient))

    @torch.no_grad()
    def take_from_first(self, tensors: Sequence[Tensor]) -> None:
        """Let all begin with the first process's numbers, to the last bit."""
        if self.count == 1:
            return
        with _naming_the_loss():
            for tensor in tensors:
                dist.broadcast(tensor, src=0, group=self.for_gradients)


ALONE = Processes()


def local_number() -> int:
    """The number of this process on its machine, by which it chooses its GPU."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """This process among those that ``accelerate launch`` started, whose variables say where they meet."""
    dist.init_process_group("gloo", timeout=LONGEST_WAIT)
    try:
        group = dist.group.WORLD
        if device.type == "cuda":
            torch.cuda.set_device(device)
            group = dist.new_group(backend="nccl" if dist.is_nccl_available() else "gloo")
        yield Processes(dist.get_rank(), dist.get_world_size(), group)
    finally:
        dist.destroy_process_group()


@contextmanager
def _naming_the_loss() -> Iterator[None]:
    """torch tells of a lost process by errors of many kinds, all of them RuntimeErrors."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLost(f"another process of this training is gone ({str(error).splitlines()[0]})") from error


def _chunks(gradients: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The gradients in their order, some at once, those of one type together."""
    for _, alike in groupby(gradients, key=lambda gradient: gradient.dtype):
        chunk: list[Tensor] = []
        size = 0
        for gradient in alike:
            if chunk and size + gradient.numel() > CHUNK_NUMBERS:
                yield chunk
                chunk, size = [], 0
            chunk.append(gradient)
            size += gradient.numel()
        yield chunk
