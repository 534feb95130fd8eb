"""Where a model comes from, and what overrules the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dreambooth.config.entry import entry
from dreambooth.config.forms.form import Form
from dreambooth.config.option import option
from dreambooth.config.problem import Problem


@dataclass(frozen=True, kw_only=True)
class SourceForm(Form):
    """A checkpoint, a folder, or a model of the hub: one of them."""

    source: str = entry(
        option("", "Source", "A .safetensors or .ckpt checkpoint, or a folder in diffusers layout."),
        "file or folder",
    )
    hub: str = option(
        "",
        "Hub model",
        "A model to fetch from the Hugging Face hub, OWNER/MODEL or OWNER/MODEL/FILE; for private ones set "
        "HF_TOKEN.",
    )

    def problems(self) -> Iterator[Problem]:
        """Neither, or both."""
        yield from super().problems()
        if not (self.source.strip() or self.hub.strip()):
            yield Problem("source", "choose a checkpoint or a folder, or name a model of the hub")
        if self.source.strip() and self.hub.strip():
            yield Problem("hub", "a model comes from one place: clear this or the source")


@dataclass(frozen=True, kw_only=True)
class LocalSource(Form):
    """A checkpoint or a folder on this machine."""

    source: str = entry(
        option("", "Source", "A checkpoint, or a folder in diffusers layout."),
        "file or folder",
        required=True,
    )


@dataclass(frozen=True, kw_only=True)
class SourceWishes(Form):
    """What overrules the source itself."""

    vae: str = entry(option("", "VAE", "A VAE file to use in place of the source's own."), "file")
    use_ema: bool = option(False, "Use EMA weights", "Take the averaged weights that the file holds.")
    predicts: Literal["epsilon", "v_prediction"] | None = option(
        None, "Predicts", "What the model predicts; found out otherwise."
    )
    zero_terminal_snr: bool | None = option(
        None, "Zero terminal SNR", "The last timestep of the model is pure noise; found out otherwise."
    )
