"""The one error tree: every failure a user can meet, with the exit code the command line ends on.

A message names the offending thing and what to do about it; it never holds key material.
"""

from __future__ import annotations

from typing import ClassVar


class CarveRestoreError(Exception):
    """Base of all errors raised on purpose; anything else that escapes is a bug."""

    exit_code: ClassVar[int] = 1


class UsageError(CarveRestoreError):
    """The caller asked for something that makes no sense."""

    exit_code: ClassVar[int] = 2


class EvidenceError(CarveRestoreError):
    """The evidence cannot be read."""

    exit_code: ClassVar[int] = 3


class SegmentMissingError(EvidenceError):
    """A segment file of a split image is not there."""


class RescueMapError(EvidenceError):
    """The map file of a rescue is none, cannot be read, or contradicts itself; the message names the line."""


class UnsupportedEncryptionError(EvidenceError):
    """The evidence is encrypted in a way that no password can open here; the message names it."""


class KeyMismatchError(CarveRestoreError):
    """The key opens nothing that looks like a file system or a JPEG."""

    exit_code: ClassVar[int] = 4


class OutputError(CarveRestoreError):
    """The output directory is not empty, not writable, or the disk is full."""

    exit_code: ClassVar[int] = 5


class HashMismatchError(CarveRestoreError):
    """A stored digest and the computed one differ."""

    exit_code: ClassVar[int] = 6


class WeightsError(CarveRestoreError):
    """Weights of a network are not there, or not the ones that the package tells of."""


class ClusterError(CarveRestoreError):
    """A fragment could not be restored on the cluster; the message says why."""


class InterruptedRunError(CarveRestoreError):
    """The run was stopped from outside; what is done is kept."""

    exit_code: ClassVar[int] = 130


class JpegError(CarveRestoreError):
    """These bytes are not a JPEG that can be decoded; the message says why."""


class JpegStructureError(JpegError):
    """A marker segment is missing, truncated or contradicts another."""


class HeightUndefinedError(JpegStructureError):
    """The frame header leaves the height open (0) and no DNL segment gives it."""


class UnsupportedJpegError(JpegError):
    """A well-formed JPEG of a kind this tool does not decode (arithmetic, lossless, 12-bit)."""
