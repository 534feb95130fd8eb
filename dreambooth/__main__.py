"""The entry: ``python -m dreambooth COMMAND`` with any Python goes on inside the locked environment.

``python -m dreambooth python ARGUMENTS`` is that environment's own Python with these arguments.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from dreambooth import doctor, environment

ENVIRONMENT_MISSING = 3
STOPPED = 130


def find_command(arguments: list[str]) -> str | None:
    """The first word that is neither an option nor the value of a global one."""
    words = iter(arguments)
    for word in words:
        if word == "--models-dir":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def run_inside(arguments: list[str]) -> int:
    """The environment's Python with these arguments; on POSIX this process becomes that one."""
    python = str(environment.environment_python())
    command = [python, *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execve(python, command, environment.child_variables())
    with subprocess.Popen(command, env=environment.child_variables()) as process:
        # Ctrl-C reaches the child as well, and the child decides when it is done.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return process.returncode


def main(arguments: list[str]) -> int:
    """Answer at once what needs no environment, else make sure of it and go on inside."""
    command = find_command(arguments)
    is_python, is_test = command == "python", command == "test"
    place = arguments.index(command) if command else 0
    if command == "doctor":
        return doctor.main(arguments[:place] + arguments[place + 1 :])
    needs_help = command is None or "--help" in arguments or "-h" in arguments
    is_at_home = environment.is_inside() and environment.is_ready(dev=is_test)
    if not is_python and (needs_help or is_at_home):
        from dreambooth.cli import main as run_command

        return run_command(arguments)
    try:
        environment.make_environment(lambda line: print(line, file=sys.stderr, flush=True), dev=is_test)
    except environment.EnvironmentProblem as problem:
        print(problem, file=sys.stderr)
        return ENVIRONMENT_MISSING
    except KeyboardInterrupt:
        print(
            "Stopped while making the training environment; the next start begins it again.", file=sys.stderr
        )
        return STOPPED
    return run_inside(arguments[place + 1 :] if is_python else ["-m", "dreambooth", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
