"""Run by the host at every start: makes sure of our own environment, and never touches the host's."""

import os
import sys

from dreambooth import environment


def main() -> None:
    """Return at once when all is right; a failure is told in words and never stops the host."""
    if os.environ.get("DREAMBOOTH_SKIP_INSTALL"):
        return
    try:
        environment.make_environment(lambda line: print(f"dreambooth: {line}", flush=True))
    except environment.EnvironmentProblem as problem:
        print(f"dreambooth: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
