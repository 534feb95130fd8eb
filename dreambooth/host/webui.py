"""The webui that our tab lies in: its name, its folders, its checkpoints, and who can reach it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dreambooth.actions.workplace import SourceFile
from dreambooth.host.loaded import loaded

CHECKPOINTS = (".safetensors", ".ckpt")
MODELS_OPTION = "dreambooth_models_path"  # of the command line; preload.py adds it
ENVIRONMENTS_OPTION = "dreambooth_env"
HERE_ALONE = ("localhost", "127.0.0.1", "::1")


class Webui:
    """What the webui says now: first its command line, then its settings, then what is usual."""

    @property
    def name(self) -> str:
        """As its own pages call it."""
        if hasattr(loaded("sd_models"), "forge_model_reload"):
            return "Forge"
        return "SD.Next" if hasattr(loaded("script_callbacks"), "on_after_ui") else "AUTOMATIC1111"

    def is_local(self) -> bool:
        """Whether it listens to this machine alone, and nobody was given a way in from outside."""
        options = loaded("shared").cmd_opts
        ways_in = ("listen", "share", "ngrok", "server_name", "webui_is_non_local")
        by_variable = os.environ.get("GRADIO_SERVER_NAME", "localhost")  # Gradio's own
        return not any(getattr(options, way, None) for way in ways_in) and by_variable in HERE_ALONE

    def models_folder(self) -> Path:
        """Where our models are kept."""
        named = getattr(loaded("shared").cmd_opts, MODELS_OPTION, None)
        return Path(named).absolute() if named else self._models_path() / "dreambooth"

    def named_environments(self) -> str | None:
        """The folder that the command line names for training environments, if it does."""
        return getattr(loaded("shared").cmd_opts, ENVIRONMENTS_OPTION, None)

    def checkpoint_folder(self) -> Path:
        """Where the webui looks for checkpoints."""
        return self._folder("ckpt_dir", self._models_path() / "Stable-diffusion")

    def lora_folder(self) -> Path:
        """Where it looks for LoRA files."""
        return self._folder("lora_dir", self._models_path() / "Lora")

    def embeddings_folder(self) -> Path:
        """Where it looks for embeddings."""
        return self._folder("embeddings_dir", Path(loaded("paths").data_path) / "embeddings")

    def hypernetworks_folder(self) -> Path:
        """Where it looks for hypernetworks."""
        return self._folder("hypernetwork_dir", self._models_path() / "hypernetworks")

    def vae_folder(self) -> Path:
        """Where it looks for VAE files."""
        return self._folder("vae_dir", self._models_path() / "VAE")

    def sources(self) -> list[SourceFile]:
        """The checkpoints in its list, by their titles."""
        known = loaded("sd_models").checkpoints_list
        found = [SourceFile(title, Path(info.filename).absolute()) for title, info in list(known.items())]
        return [source for source in found if _is_source(source.path)]

    def _models_path(self) -> Path:
        return Path(loaded("paths").models_path).absolute()

    def _folder(self, option: str, usual: Path) -> Path:
        """As the command line says it, or the webui's settings (SD.Next); else the usual one."""
        named = _value("cmd_opts", option) or _value("opts", option)
        return Path(named).absolute() if named else usual


def _value(place: str, option: str) -> Any:  # noqa: ANN401 - whatever the webui keeps there
    """What an option says there; None where it has no such option."""
    return getattr(getattr(loaded("shared"), place), option, None)


def _is_source(path: Path) -> bool:
    """Whether a model can be made from it; lists hold formats of other programs, too."""
    return path.suffix in CHECKPOINTS or (path / "model_index.json").is_file()
