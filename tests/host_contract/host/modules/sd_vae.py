"""The list of VAE files."""

from pathlib import Path

from modules import paths

vae_path = str(Path(paths.models_path) / "VAE")
vae_dict: dict[str, str] = {}


def refresh_vae_list() -> None:
    vae_dict.clear()
    vae_dict.update({file.name: str(file) for file in sorted(Path(vae_path).rglob("*.safetensors"))})
