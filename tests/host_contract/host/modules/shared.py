"""What everything in the host reaches for: options, the command line, the state, the model."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from flavour import FLAVOUR

from modules import options, shared_cmd_options, shared_state
from modules.paths_internal import data_path, models_path

cmd_opts = shared_cmd_options.cmd_opts
OptionInfo = options.OptionInfo
OptionHTML = options.OptionHTML
options_section = options.options_section
config_filename = cmd_opts.ui_settings_file
state = shared_state.State()
demo = None
tab_names: list[str] = []
settings_components: dict[str, Any] = {}
hypernetworks: dict[str, str] = {}

_templates = options.options_section(
    ("sd", "Stable Diffusion"),
    {
        "sd_model_checkpoint": OptionInfo(None, "Stable Diffusion checkpoint"),
        "sd_vae": OptionInfo("Automatic", "SD VAE"),
        "hidden_tabs": OptionInfo([], "Hidden UI tabs"),
        "ui_tab_order": OptionInfo([], "UI tab order"),
        "samples_save": OptionInfo(False, "Always save all generated images"),
        "temp_dir": OptionInfo("", "Directory for temporary images; leave empty for default"),
        "infotext_skip_pasting": OptionInfo([], "Disregard fields from pasted infotext"),
    },
)
if FLAVOUR == "SD.Next":
    _folders = {
        "ckpt_dir": "Stable-diffusion",
        "lora_dir": "Lora",
        "vae_dir": "VAE",
        "embeddings_dir": "embeddings",
    }
    _templates |= options.options_section(
        ("system-paths", "System Paths"),
        {
            name: OptionInfo(str(Path(models_path) / folder), f"Folder of {folder}")
            for name, folder in _folders.items()
        },
    )
opts = options.Options(_templates)
opts.load(config_filename)
if FLAVOUR == "SD.Next":
    for _name in _folders:  # what the command line does not say is as the settings have it
        setattr(cmd_opts, _name, getattr(cmd_opts, _name) or getattr(opts, _name))

__all__ = ["cmd_opts", "data_path", "opts", "state"]


class _Shared(ModuleType):
    """``shared.sd_model`` loads the model when there is none."""

    @property
    def sd_model(self) -> Any:
        from modules import sd_models

        return sd_models.model_data.get_sd_model()

    @sd_model.setter
    def sd_model(self, value: Any) -> None:
        from modules import sd_models

        sd_models.model_data.set_sd_model(value)


def refresh_checkpoints() -> None:
    """What the button beside the list of checkpoints does."""
    from modules import sd_models

    sd_models.list_models()


sys.modules[__name__].__class__ = _Shared
