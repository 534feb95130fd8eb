"""A faster U-Net of some extension in the place of the model's own; ``applied`` says which, in order."""

applied: list[str | None] = []


def apply_unet(option: str | None = None) -> None:
    applied.append(option)
