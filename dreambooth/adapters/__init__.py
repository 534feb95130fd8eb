"""Small files that change a model: LoRA and its kin, in the formats that hosts read."""

import logging

# PEFT imports bitsandbytes, which on a CPU complains about a 4-bit kernel that nothing here asks for.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
