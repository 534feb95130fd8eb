"""The weights that are shown, where an optimizer lets others learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from dreambooth.training.optimizers import is_average


@contextmanager
def shown_weights(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """The average of a schedule-free optimizer stands in the place of what learns, which then is back.

    The optimizer would reckon it back from the average, but for the last bits (arXiv:2405.15682, section 2).
    """
    if not is_average(optimizer):
        yield
        return
    with torch.no_grad():
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        learning = [weight.detach().clone() for weight in weights]
        optimizer.eval()  # type: ignore[attr-defined]
        try:
            yield
        finally:
            optimizer.train()  # type: ignore[attr-defined]
            for weight, kept in zip(weights, learning, strict=True):
                weight.copy_(kept)
