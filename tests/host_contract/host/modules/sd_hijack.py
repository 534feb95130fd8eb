"""What A1111 changes in a model that is loaded, and puts back."""


class StableDiffusionModelHijack:
    """Only remembers which models it was taken out of."""

    def __init__(self) -> None:
        self.undone: list[object] = []

    def undo_hijack(self, model: object) -> None:
        self.undone.append(model)


model_hijack = StableDiffusionModelHijack()
