"""Pins the golden curves anew, or compares all of them: ``python -m tests.training.make_golden [--check]``.

To be run after a change that is meant to alter results; its commit says why. It takes two minutes.
"""

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path

from tests.training.golden import CASES, NUM_STEPS, PINS, Golden, read_pins

TOLERANCE = 1e-4
# Other processors round otherwise, and Adam makes whole steps of gradients that are nearly nothing, as those
# of a fresh LoRA on a random model. Without oneDNN the largest difference was 1e-3, in step 16.
NUM_EARLY = 8
LATE_TOLERANCE = 5e-3


def main() -> int:
    """0, or 1 when a curve is not the pinned one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare whole curves with the pinned ones")
    only_checks = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        golden = Golden(Path(folder))
        curves = {case.name: golden.losses(case, NUM_STEPS) for case in CASES}
    if not only_checks:
        told = {name: [float(f"{loss:.7g}") for loss in losses] for name, losses in curves.items()}
        lines = [f"{json.dumps(name)}: {json.dumps(losses)}" for name, losses in told.items()]
        PINS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        return 0
    pins = read_pins()
    others = [name for name, losses in curves.items() if not _agree(losses, pins[name])]
    sys.stdout.write("".join(f"{name} is another curve\n" for name in others))
    return 1 if others else 0


def _agree(losses: list[float], pinned: list[float]) -> bool:
    tolerances = [TOLERANCE] * NUM_EARLY + [LATE_TOLERANCE] * (NUM_STEPS - NUM_EARLY)
    told = zip(losses, pinned, tolerances, strict=True)
    return all(math.isclose(loss, pin, rel_tol=tolerance) for loss, pin, tolerance in told)


if __name__ == "__main__":
    sys.exit(main())
