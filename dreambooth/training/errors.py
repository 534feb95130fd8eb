"""What training refuses, or cannot go on with; in a file that loads nothing."""

from __future__ import annotations


class DeviceError(Exception):
    """The device or precision that was asked for is not to be had here."""


class MissingPackage(Exception):
    """A package that was asked for by a setting is not there, or does not work here."""


class StateError(Exception):
    """A saved state that cannot be used."""


class TrainingFailed(Exception):
    """The run cannot go on; its last state is good."""


class PeerLost(TrainingFailed):
    """Another process of the training ended, or cannot be reached; it knows why."""


class OptimizerFault(Exception):
    """An optimizer that is not to be had as asked: no such class, arguments it does not know, or a device."""
