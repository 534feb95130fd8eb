"""Small files that change a model: LoRA and its kin, in the formats that hosts read."""

import dreambooth.models  # noqa: F401 - quiets bitsandbytes before PEFT imports it
