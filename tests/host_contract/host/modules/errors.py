"""What goes wrong in an extension is printed, and the host goes on."""

import sys
import traceback


def report(message: str, *, exc_info: bool = False) -> None:
    """The message, and where it happened, on stderr."""
    sys.stderr.write(f"*** {message}\n")
    if exc_info:
        sys.stderr.write("".join(f"    {line}" for line in traceback.format_exc().splitlines(keepends=True)))
    sys.stderr.flush()


def display(error: Exception, task: str) -> None:
    """The same, as other places of the hosts say it."""
    report(f"{task}: {type(error).__name__}: {error}", exc_info=True)
