"""A place to try actions in: a host of plain folders, and runs that are written and not started."""

from dataclasses import dataclass
from pathlib import Path

from dreambooth.actions.workplace import SourceFile, Workplace
from dreambooth.config.folders import RunFolder
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import read_job


@dataclass(frozen=True)
class FolderHost:
    """A host whose checkpoints and LoRA files lie in one folder."""

    path: Path
    is_here: bool = False
    name: str = "folders"

    def sources(self) -> list[SourceFile]:
        """Everything in the folder for checkpoints."""
        return [SourceFile(path.name, path) for path in sorted(self.checkpoint_folder().glob("*"))]

    def checkpoint_folder(self) -> Path:
        """It need not be there yet."""
        return self.path / "checkpoints"

    def lora_folder(self) -> Path:
        """It need not be there yet."""
        return self.path / "loras"

    def embeddings_folder(self) -> Path:
        """It need not be there yet."""
        return self.path / "embeddings"

    def hypernetworks_folder(self) -> Path:
        """It need not be there yet."""
        return self.path / "hypernetworks"

    def vae_folder(self) -> Path:
        """It need not be there yet."""
        return self.path / "vaes"

    def is_local(self) -> bool:
        """Whether nobody else is let in."""
        return self.is_here


def workplace(library: Library) -> Workplace:
    """The library beside a host that has nothing yet."""
    return Workplace(library, FolderHost(library.path.parent / "host"))


def asked_of(run: RunFolder) -> dict:
    """What a run was asked, without what every run has."""
    return {name: value for name, value in read_job(run).items() if name not in ("job", "models_dir")}
