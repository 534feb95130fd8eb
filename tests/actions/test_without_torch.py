"""What serves the page runs in a webui's process, where nothing of ours may load torch."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT_ALL = """
import sys

HEAVY = {"torch", "diffusers", "transformers", "peft", "accelerate", "safetensors"}

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HEAVY:
            raise ImportError(f"{name} was imported")

sys.meta_path.insert(0, Nowhere())
from dreambooth.actions.table import find_actions
print(len(find_actions()))
"""


def test_actions_are_found_where_torch_cannot_be_imported():
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 10
