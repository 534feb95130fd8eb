"""The form of every tool for finished files, by the name of its job."""

from __future__ import annotations

from collections.abc import Mapping

from dreambooth.config.forms.checkpoint_tools import ConvertForm, MergeForm
from dreambooth.config.forms.files import OutputForm
from dreambooth.config.forms.lora_tools import (
    LoraBakeForm,
    LoraConvertForm,
    LoraExtractForm,
    LoraMergeForm,
    LoraResizeForm,
)

TOOL_FORMS: Mapping[str, type[OutputForm]] = {
    "merge": MergeForm,
    "convert": ConvertForm,
    "lora_merge": LoraMergeForm,
    "lora_bake": LoraBakeForm,
    "lora_extract": LoraExtractForm,
    "lora_resize": LoraResizeForm,
    "lora_convert": LoraConvertForm,
}
