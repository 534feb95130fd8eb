"""An exponential moving average of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from dreambooth.config.ema import EmaConfig


def ema_decay(num_updates: int, greatest: float) -> float:
    """Decay of the next update: a ramp (1 + n) / (10 + n), so that the first weights are soon forgotten."""
    return min(greatest, (1 + num_updates) / (10 + num_updates))


def average_device(config: EmaConfig, device: torch.device) -> torch.device:
    """Where the average of weights on ``device`` lies."""
    return torch.device("cpu") if config.device == "cpu" else device


class Ema:
    """The average of some parameters, in their order."""

    def __init__(
        self, parameters: Sequence[nn.Parameter], greatest_decay: float, device: torch.device | None = None
    ) -> None:
        """``device`` is where the average lies; None: beside each parameter."""
        self.parameters = list(parameters)
        self.greatest_decay = greatest_decay
        self.average: list[Tensor] = [p.detach().to(device or p.device, copy=True) for p in self.parameters]

    @torch.no_grad()
    def update(self, num_updates: int) -> None:
        """Move the average towards the weights; ``num_updates`` is how many updates there were before."""
        decay = ema_decay(num_updates, self.greatest_decay)
        weights = [
            p.detach().to(average.device) for p, average in zip(self.parameters, self.average, strict=True)
        ]
        torch._foreach_lerp_(self.average, weights, 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The average stands in the place of the weights; afterwards the weights are back, bit for bit."""
        with torch.no_grad():
            weights = [p.detach().clone() for p in self.parameters]
            for parameter, average in zip(self.parameters, self.average, strict=True):
                parameter.copy_(average)
            try:
                yield
            finally:
                for parameter, weight in zip(self.parameters, weights, strict=True):
                    parameter.copy_(weight)


def build_average(
    config: EmaConfig, parameters: Mapping[str, Mapping[str, nn.Parameter]], device: torch.device
) -> Ema | None:
    """The average that the settings ask for of what learns (part → name → parameter); None without any."""
    if not config.enabled:
        return None
    averaged = [
        parameter
        for part, named in parameters.items()
        if part == "unet" or config.text_encoders
        for parameter in named.values()
    ]
    return Ema(averaged, config.decay, average_device(config, device))
