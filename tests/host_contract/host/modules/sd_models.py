"""The list of checkpoints, and the model that is loaded: each host's own way to hold it and to let go."""

import threading
from pathlib import Path
from typing import Any

from flavour import FLAVOUR

from modules import devices, hashes, paths, script_callbacks, shared

model_path = str(Path(paths.models_path) / "Stable-diffusion")
checkpoints_list: dict[str, "CheckpointInfo"] = {}
checkpoint_aliases: dict[str, "CheckpointInfo"] = {}


class CheckpointInfo:
    """A checkpoint by its title: the name under its folder, and a short hash once that is known."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        folders = [Path(folder) for folder in (checkpoint_folder(), model_path)]
        inside = [folder for folder in folders if Path(filename).is_relative_to(folder)]
        self.name = str(Path(filename).relative_to(inside[0])) if inside else Path(filename).name
        self.model_name = Path(self.name.replace("/", "_").replace("\\", "_")).stem
        self.sha256 = hashes.sha256_from_cache(filename, f"checkpoint/{self.name}")
        self.metadata: dict[str, Any] = {}
        self.ids = [self.name, self.model_name]

    @property
    def shorthash(self) -> str | None:
        return self.sha256[:10] if self.sha256 else None

    @property
    def title(self) -> str:
        return f"{self.name} [{self.shorthash}]" if self.shorthash else self.name

    def register(self) -> None:
        checkpoints_list[self.title] = self
        for name in (*self.ids, self.title):
            checkpoint_aliases[name] = self

    def calculate_shorthash(self) -> str | None:
        checkpoints_list.pop(self.title, None)
        self.sha256 = hashes.sha256(self.filename, f"checkpoint/{self.name}")
        self.register()
        return self.shorthash


def checkpoint_folder() -> str:
    """Where checkpoints are looked for first."""
    if FLAVOUR == "SD.Next":
        return shared.opts.ckpt_dir
    return shared.cmd_opts.ckpt_dir or model_path


def list_models() -> None:
    checkpoints_list.clear()
    checkpoint_aliases.clear()
    suffixes = {".ckpt", ".safetensors"} | ({".gguf"} if FLAVOUR == "Forge" else set())
    folders = dict.fromkeys((model_path, checkpoint_folder()))
    for file in (file for folder in folders for file in sorted(Path(folder).rglob("*"))):
        if file.suffix in suffixes and not file.name.endswith((".vae.ckpt", ".vae.safetensors")):
            CheckpointInfo(str(file)).register()


def get_closet_checkpoint_match(wanted: str) -> CheckpointInfo | None:
    found = [info for title, info in checkpoints_list.items() if wanted and wanted in title]
    return checkpoint_aliases.get(wanted) or next(iter(found), None)


def select_checkpoint() -> CheckpointInfo | None:
    chosen = checkpoint_aliases.get(shared.opts.sd_model_checkpoint)
    return chosen or next(iter(checkpoints_list.values()), None)


class Model:
    """A model without weights: ``device`` says where they would be, ``meta`` meaning nowhere."""

    cond_stage_key = "txt"

    def __init__(self, checkpoint: CheckpointInfo) -> None:
        self.sd_checkpoint_info = checkpoint
        self.device = "cuda"

    def to(self, device: str) -> "Model":
        self.device = device
        return self


def _load() -> Model:
    checkpoint = select_checkpoint()
    if checkpoint is None:
        raise FileNotFoundError("there is no checkpoint")
    checkpoint.calculate_shorthash()
    loads.append(checkpoint.name)
    return Model(checkpoint)


loads: list[str] = []  # what was loaded, in order

if FLAVOUR == "A1111":

    class SdModelData:
        def __init__(self) -> None:
            self.sd_model: Model | None = None
            self.loaded_sd_models: list[Model] = []
            self.was_loaded_at_least_once = False
            self.lock = threading.Lock()

        def get_sd_model(self) -> Model | None:
            """The model; loaded only while none was ever asked for."""
            if not self.was_loaded_at_least_once and self.sd_model is None and checkpoints_list:
                load_model()
            return self.sd_model

        def set_sd_model(self, model: Model | None) -> None:
            self.sd_model = model
            if model is not None:
                self.loaded_sd_models.insert(0, model)

    def load_model(checkpoint_info: CheckpointInfo | None = None) -> None:
        if checkpoint_info is not None:
            shared.opts.data["sd_model_checkpoint"] = checkpoint_info.title
        model_data.set_sd_model(_load())
        model_data.was_loaded_at_least_once = True
        script_callbacks.model_loaded_callback(model_data.sd_model)

    def reload_model_weights(sd_model: Model | None = None, info: CheckpointInfo | None = None) -> None:
        wanted = info or select_checkpoint()
        model = sd_model or model_data.sd_model
        if model is None or wanted is None or model.sd_checkpoint_info.filename != wanted.filename:
            load_model(wanted)

    def send_model_to_cpu(model: Model) -> None:
        model.to("cpu")
        devices.torch_gc()

    def send_model_to_device(model: Model) -> None:
        model.to("cuda")

    def unload_model_weights(sd_model: Model | None = None, info: Any = None) -> None:  # noqa: ARG001
        """Moves the model to main memory, no more."""
        send_model_to_cpu(sd_model or shared.sd_model)

elif FLAVOUR == "Forge":

    class FakeInitialModel:
        """There as long as no model is."""

        cond_stage_model = None

    class SdModelData:
        def __init__(self) -> None:
            self.sd_model: Any = FakeInitialModel()
            self.forge_loading_parameters: dict[str, Any] = {}
            self.forge_hash = ""

        def get_sd_model(self) -> Any:
            return self.sd_model

        def set_sd_model(self, model: Any) -> None:
            self.sd_model = model

    def forge_model_reload() -> tuple[Any, bool]:
        """Load what the parameters say, unless that is what is loaded."""
        model_data.forge_loading_parameters = {"checkpoint_info": select_checkpoint()}
        wanted = str(model_data.forge_loading_parameters)
        if model_data.forge_hash == wanted:
            return model_data.sd_model, False
        model_data.sd_model = _load()
        model_data.forge_hash = wanted
        script_callbacks.model_loaded_callback(model_data.sd_model)
        return model_data.sd_model, True

    def load_model(checkpoint_info: Any = None, already_loaded_state_dict: Any = None) -> None:
        """Empty, as in Forge."""

    def reload_model_weights(sd_model: Any = None, info: Any = None, forced_reload: Any = False) -> None:
        """Empty, as in Forge."""

    def send_model_to_cpu(model: Any) -> None:
        """Empty, as in Forge."""

    def send_model_to_device(model: Any) -> None:
        """Empty, as in Forge."""

    def unload_model_weights(sd_model: Any = None, info: Any = None) -> None:  # noqa: ARG001
        """Takes the model off the card; it stays in main memory."""
        if isinstance(model_data.sd_model, Model):
            model_data.sd_model.to("cpu")

else:

    class SdModelData:
        def __init__(self) -> None:
            self.sd_model: Model | None = None
            self.sd_refiner: Model | None = None
            self.locked = False

        def get_sd_model(self) -> Model | None:
            if not self.locked and self.sd_model is None and checkpoints_list:
                reload_model_weights()
            return self.sd_model

        def set_sd_model(self, model: Model | None) -> None:
            self.sd_model = model

    def reload_model_weights(op: str = "model") -> Model | None:
        wanted, model = select_checkpoint(), model_data.sd_model
        is_another = model is None or (wanted and model.sd_checkpoint_info.filename != wanted.filename)
        if op == "model" and is_another:
            model_data.sd_model = _load()
            script_callbacks.model_loaded_callback(model_data.sd_model)
        return model_data.sd_model

    def unload_model_weights(op: str = "model") -> None:
        """Really frees the model of that kind."""
        model = model_data.sd_model if op == "model" else model_data.sd_refiner
        if model is not None:
            model.to("meta")
        setattr(model_data, "sd_model" if op == "model" else "sd_refiner", None)
        devices.torch_gc()


model_data = SdModelData()


def model_for_generation() -> Model:
    """What a generation of each host does before it begins: have a model, on the card."""
    if FLAVOUR == "Forge":
        model = forge_model_reload()[0]
    else:
        reload_model_weights()
        model = model_data.sd_model
    return model.to("cuda")
