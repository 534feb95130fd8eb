"""Stable Diffusion as modules: load, detect, encode, predict; single files and diffusers folders."""

import logging

# diffusers imports bitsandbytes, which on a CPU complains about a 4-bit kernel that nothing here asks for.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
