"""What is wrong with an adapter."""

from __future__ import annotations


class AdapterError(Exception):
    """An adapter cannot be used as asked; the message is one sentence for the user."""
