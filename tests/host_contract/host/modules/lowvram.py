"""With --medvram one part of the model is on the card at a time: ``module_in_gpu``."""

from typing import Any

module_in_gpu: Any = None


def send_everything_to_cpu() -> None:
    global module_in_gpu  # noqa: PLW0603 - as in A1111
    module_in_gpu = None
