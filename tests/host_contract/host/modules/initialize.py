"""What is done at the start, and again when the page is reloaded."""

from modules import scripts, sd_models, ui_extra_networks


def initialize_rest() -> None:
    sd_models.list_models()
    scripts.load_scripts()
    ui_extra_networks.initialize()
