"""A host that is small, and actions performed as the page has them performed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dreambooth.actions.table import answer, find_actions
from dreambooth.actions.workplace import SourceFile, Workplace


@dataclass(frozen=True)
class SmallHost:
    """A host with nothing in it."""

    folder: Path
    is_here: bool = False
    name: str = "small"

    def sources(self) -> list[SourceFile]:
        return []

    def checkpoint_folder(self) -> Path:
        return self.folder / "checkpoints"

    def lora_folder(self) -> Path:
        return self.folder / "loras"

    def is_local(self) -> bool:
        return self.is_here


@pytest.fixture
def place(library, tmp_path) -> Workplace:
    """The library of a test with a small host around it."""
    return Workplace(library, SmallHost(tmp_path / "host"))


@pytest.fixture
def perform_action(place) -> Callable[..., dict[str, Any]]:
    """Performs an action by its name."""
    table = find_actions()

    def perform(action: str, **values: object) -> dict[str, Any]:
        return answer(place, table, {"action": action, "values": values})

    return perform
