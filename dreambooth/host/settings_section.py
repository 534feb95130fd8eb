"""Our part of the webui's Settings page."""

from __future__ import annotations

from dreambooth.host.loaded import loaded

SECTION = ("dreambooth", "Dreambooth")
CATEGORY = "training"  # where A1111 and Forge put the section; SD.Next has none
KEEP_HOST_MODEL = "dreambooth_keep_host_model"
HOLD_GENERATION = "dreambooth_hold_generation"


def add_settings() -> None:
    """Add our settings; the webui draws, saves and restores them."""
    shared = loaded("shared")
    keep = shared.OptionInfo(
        default=False,
        label="Keep the webui's model in memory while Dreambooth works",
        section=SECTION,
        category_id=CATEGORY,
    )
    keep.info("for a large card, or a second one; else it is unloaded, and loads again when it is needed")
    hold = shared.OptionInfo(
        default=True,
        label="Let generation wait while Dreambooth works",
        section=SECTION,
        category_id=CATEGORY,
    )
    hold.info("else both use the card at the same time, and may run out of memory")
    shared.opts.add_option(KEEP_HOST_MODEL, keep)
    shared.opts.add_option(HOLD_GENERATION, hold)
