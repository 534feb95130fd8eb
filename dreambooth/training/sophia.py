"""Sophia: momentum divided by the curvature, number by number, and cut off (arXiv:2305.14342)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor


class Sophia(torch.optim.Optimizer):
    """Algorithm 3 of the paper; squared gradients of the loss stand for the diagonal of the Hessian.

    The paper's estimators need a second backward pass: through the gradient (Hutchinson), which neither
    checkpointing nor fast attention allows, or with labels drawn from the model (Gauss-Newton-Bartlett). With
    the labels as they are the latter becomes the square of the gradient that is there, as in the empirical
    Fisher matrix; it costs nothing, and is used every ``update_period`` steps.
    """

    def __init__(
        self,
        params: Iterable[dict[str, Any]],
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.965, 0.99),
        gamma: float = 0.01,
        eps: float = 1e-12,
        weight_decay: float = 0.0,
        update_period: int = 10,
    ) -> None:
        if update_period < 1 or gamma <= 0:
            raise ValueError("update_period is a number of steps from 1, and gamma is above 0")
        told = {
            "lr": lr,
            "betas": betas,
            "gamma": gamma,
            "eps": eps,
            "weight_decay": weight_decay,
            "update_period": update_period,
        }
        super().__init__(params, told)

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every weight by at most its learning rate, the decay left aside."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)
        return loss

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if not state:
            state.update(step=0, momentum=torch.zeros_like(weight), curvature=torch.zeros_like(weight))
        beta1, beta2 = group["betas"]
        momentum, curvature = state["momentum"], state["curvature"]
        momentum.lerp_(gradient, 1 - beta1)
        if state["step"] % group["update_period"] == 0:
            curvature.lerp_(gradient.square(), 1 - beta2)
        state["step"] += 1
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        change = momentum / (group["gamma"] * curvature).clamp(min=group["eps"])
        weight.add_(change.clamp_(-1, 1), alpha=-group["lr"])
