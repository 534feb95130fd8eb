"""Model folders of sd_dreambooth_extension: what their settings become here, and what is told about it."""
