"""The small real checkpoint that ships with us: its pictures, captions, recipe and weights."""

from pathlib import Path

WEIGHTS_FILE = Path(__file__).parent / "toybox.safetensors"
