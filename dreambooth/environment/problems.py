"""Why an environment cannot be made or removed, in words that say what to do."""

from __future__ import annotations


class EnvironmentProblem(Exception):
    """The environment cannot be made; the text says why and what to do."""


class UnsupportedPython(EnvironmentProblem):
    """No Python that the lock is made for can be found."""


class NoNetwork(EnvironmentProblem):
    """The packages cannot be downloaded."""


class InstallFailed(EnvironmentProblem):
    """A command that installs packages ended with an error."""


class ForeignFolder(EnvironmentProblem):
    """The folder holds something that we did not put there."""


class EnvironmentInUse(EnvironmentProblem):
    """Something runs in the environment, or makes it."""
