"""What is raised when weights cannot be read, used or written."""

from __future__ import annotations


class CheckpointError(Exception):
    """A checkpoint cannot be read, used or written; the message is one sentence for the user."""


class NoSpace(CheckpointError):
    """The disk has no room for what is to be written; nothing was."""
