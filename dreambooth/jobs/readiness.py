"""Whether jobs can be started here."""

from __future__ import annotations

from dreambooth.config.store import Unavailable
from dreambooth.environment import find_fault


def require_environment() -> None:
    """Raises Unavailable when the training environment is not ready."""
    if fault := find_fault():
        raise Unavailable(
            f"the training environment is not ready: {fault}. Set it up with the button at the top of the "
            "page; on the command line any command but doctor does it"
        )
