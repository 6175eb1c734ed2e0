"""Containers that are read as a layer over the medium, such as a sparse image: known by the first bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from carving.media.android_sparse.source import AndroidSparseSource, is_android_sparse
from carving.source import ByteSource, layers


@runtime_checkable
class ContainerLayer(Protocol):
    """A layer that undoes a container, and tells what an examiner should know of that."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth knowing, and no fault."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What of the evidence cannot be read."""

    def wrong_checksums(self, medium: ByteSource, pause: Callable[[], None]) -> tuple[str, ...]:
        """In words, the checksums of the whole content that the container stores and that do not fit.

        Args:
            medium: the source below, opened by whoever asks, who may be another thread.
            pause: called now and then.

        Raises:
            EvidenceError: the medium cannot be read.
        """


def open_container(medium: ByteSource, path: str | Path) -> ByteSource:
    """The layer over a medium that its first bytes ask for; the medium itself where they ask for none.

    Args:
        medium: the evidence as it lies there, or the medium inside an E01.
        path: names it in messages.

    Raises:
        EvidenceError: it begins as a container does, and cannot be read as one.
    """
    if is_android_sparse(medium):
        return AndroidSparseSource(medium, str(path))
    return medium


def find_container(source: ByteSource) -> ContainerLayer | None:
    """The layer of a stack that undoes a container, None where there is none."""
    return next((layer for layer in layers(source) if isinstance(layer, ContainerLayer)), None)
