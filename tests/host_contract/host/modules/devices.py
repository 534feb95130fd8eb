"""The card that is not there; ``collections`` counts how often its memory was given back."""

collections: list[str] = []
device = cpu = "cpu"


def torch_gc() -> None:
    collections.append("gc")
