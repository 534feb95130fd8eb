"""``python -m dreambooth.environment``: makes the environment, told of in the log beside it."""

import sys

from dreambooth.environment import EnvironmentProblem, make_environment


def main() -> int:
    """0 when it is ready."""
    try:
        make_environment(lambda _: None)
    except EnvironmentProblem:
        return 1  # the log and the page tell why
    return 0


if __name__ == "__main__":
    sys.exit(main())
