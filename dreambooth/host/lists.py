"""Makes the webui look anew in its folders when something was saved in one of them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreambooth.host.loaded import find_loaded, loaded
from dreambooth.host.memory import find_recipe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HostList:
    """One of the webui's lists: the folders that it shows, and how it is made anew."""

    name: str
    folders: Callable[[], list[str | None]]
    refresh: Callable[[], None]

    def has(self, path: Path) -> bool:
        """Whether a file lies in one of the folders, or below."""
        folders = (Path(folder).resolve() for folder in self.folders() if folder)
        return any(folder in path.resolve().parents for folder in folders)


def refresh_lists(saved: Sequence[Path]) -> list[str]:
    """Refresh the lists that these files belong to, and return their names; what fails is told in the log."""
    refreshed = []
    for each in LISTS:
        if any(each.has(path) for path in saved):
            try:
                each.refresh()
            except Exception:
                log.exception("dreambooth: the webui could not refresh its list of %s", each.name)
            else:
                refreshed.append(each.name)
    return refreshed


def _told(*names: str) -> list[str | None]:
    """Folders by the names of command line options, and of settings, as SD.Next has them."""
    shared = loaded("shared")
    sources = (shared.cmd_opts, shared.opts)
    return [getattr(source, name, None) for source in sources for name in names]


def _checkpoint_folders() -> list[str | None]:
    return [*_told("ckpt_dir"), getattr(loaded("sd_models"), "model_path", None)]


def _lora_folders() -> list[str | None]:
    models_path = getattr(find_loaded("paths_internal"), "models_path", None)
    return [*_told("lora_dir"), str(Path(models_path) / "Lora") if models_path else None]


def _vae_folders() -> list[str | None]:
    return [*_told("vae_dir"), getattr(find_loaded("sd_vae"), "vae_path", None)]


def _refresh_checkpoints() -> None:
    loaded("sd_models").list_models()


def _refresh_loras() -> None:
    for name in ("networks", "modules.lora.lora_load"):
        module = sys.modules.get(name)
        if hasattr(module, "list_available_networks"):
            module.list_available_networks()  # type: ignore[union-attr]


def _refresh_embeddings() -> None:
    """Those of the loaded model; without one there is nothing to refresh: loading it reads the folder."""
    if not find_recipe().is_loaded():
        return
    hijack = getattr(find_loaded("sd_hijack"), "model_hijack", None)
    model = loaded("sd_models").model_data.sd_model
    for keeper in (hijack, model):
        database = getattr(keeper, "embedding_db", None)
        if database is not None:
            database.load_textual_inversion_embeddings(force_reload=True)


def _refresh_hypernetworks() -> None:
    shared = loaded("shared")
    if hasattr(shared, "reload_hypernetworks"):
        shared.reload_hypernetworks()


def _refresh_vaes() -> None:
    loaded("sd_vae").refresh_vae_list()


LISTS: Iterable[HostList] = (
    HostList("checkpoints", _checkpoint_folders, _refresh_checkpoints),
    HostList("LoRA files", _lora_folders, _refresh_loras),
    HostList("embeddings", lambda: _told("embeddings_dir"), _refresh_embeddings),
    HostList("hypernetworks", lambda: _told("hypernetwork_dir"), _refresh_hypernetworks),
    HostList("VAEs", _vae_folders, _refresh_vaes),
)
