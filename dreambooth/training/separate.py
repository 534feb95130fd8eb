"""One optimizer for each group, behind the face of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import torch


class Separate(torch.optim.Optimizer):
    """Groups that learn as if each were alone; they share one memory, so that it is saved as any other."""

    def __init__(
        self,
        build: Callable[[list[dict[str, Any]]], torch.optim.Optimizer],
        groups: Sequence[dict[str, Any]],
    ) -> None:
        self.inner = [build([group]) for group in groups]
        super().__init__([{"params": list(group["params"])} for group in groups], {})
        self.param_groups = [group for optimizer in self.inner for group in optimizer.param_groups]
        for optimizer in self.inner:
            optimizer.state = self.state

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """A step of each."""
        loss = closure() if closure is not None else None
        for optimizer in self.inner:
            optimizer.step()
        return loss
