"""Where actions work: a library of models, and what the host around it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from dreambooth.jobs.library import Library


@dataclass(frozen=True)
class SourceFile:
    """A checkpoint that a model can be made from."""

    label: str
    path: Path


class Host(Protocol):
    """What differs between the webuis and our own server."""

    @property
    def name(self) -> str:
        """Which host it is."""

    def sources(self) -> list[SourceFile]:
        """Checkpoints that the host knows."""

    def checkpoint_folder(self) -> Path:
        """Where the host looks for checkpoints."""

    def lora_folder(self) -> Path:
        """Where the host looks for LoRA files."""

    def embeddings_folder(self) -> Path:
        """Where the host looks for embeddings."""

    def hypernetworks_folder(self) -> Path:
        """Where the host looks for hypernetworks."""

    def vae_folder(self) -> Path:
        """Where the host looks for VAE files."""

    def is_local(self) -> bool:
        """Whether the host serves nobody but those who sit at this machine."""


@dataclass(frozen=True)
class Workplace:
    """What every action is given."""

    library: Library
    host: Host
    upload_folders: tuple[Path, ...] = ()  # where the host keeps what a browser sent


Values = Mapping[str, Any]
Action = Callable[[Workplace, Values], dict[str, Any]]
