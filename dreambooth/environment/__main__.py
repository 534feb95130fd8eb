"""``python -m dreambooth.environment``: makes the environment; the log beside it tells how far it is."""

import sys

from dreambooth.environment import EnvironmentProblem, make_environment
from dreambooth.environment.beginning import find_making


def main() -> int:
    """0 when it is ready."""
    try:
        make_environment(lambda _: None)
    except EnvironmentProblem as problem:
        if find_making().told != str(problem):  # else the log has it already
            sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
