"""The pages of cards: LoRA files, embeddings, checkpoints; each rereads its folder when it is refreshed."""

from pathlib import Path

from fastapi import FastAPI

from modules import sd_models, shared


class ExtraNetworksPage:
    """One kind of card; ``items`` are the files as they were when it was refreshed last."""

    def __init__(self, title: str, folder: str) -> None:
        self.title = title
        self.folder = folder
        self.items: list[str] = []

    def refresh(self) -> None:
        self.items = sorted(path.stem for path in Path(self.folder).rglob("*.safetensors"))


extra_pages: list[ExtraNetworksPage] = []


def initialize() -> None:
    extra_pages[:] = [
        ExtraNetworksPage("Textual Inversion", shared.cmd_opts.embeddings_dir),
        ExtraNetworksPage("Checkpoints", sd_models.checkpoint_folder()),
        ExtraNetworksPage("Lora", shared.cmd_opts.lora_dir),
    ]
    for page in extra_pages:
        page.refresh()


def answer_thumb() -> dict[str, str]:
    return {}


def add_pages_to_demo(app: FastAPI) -> None:
    app.add_api_route("/sd_extra_networks/thumb", answer_thumb, methods=["GET"])
