"""Containers that are read as a layer over the medium, such as a sparse image: known by the first bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from carving.media.android_sparse.sparse_source import AndroidSparseSource, is_android_sparse
from carving.media.archive.archive_source import ArchiveSource
from carving.media.archive.tar_entries import is_tar, open_tar
from carving.media.archive.zip_entries import is_zip, open_zip
from carving.media.folder import FolderSource
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
    if isinstance(medium, FolderSource):
        return medium
    for is_it, open_it in _CONTAINERS:
        if is_it(medium):
            return open_it(medium, str(path))
    return medium


_CONTAINERS: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource, str], ByteSource]], ...]] = (
    (is_android_sparse, AndroidSparseSource),
    (is_zip, open_zip),
    (is_tar, open_tar),
)
"""Who knows a container by its first bytes, and who opens it."""


def find_files(source: ByteSource) -> FolderSource | ArchiveSource | None:
    """The layer of a stack that holds files by their names, as a folder or an archive does, None where none does."""
    return next((layer for layer in layers(source) if isinstance(layer, FolderSource | ArchiveSource)), None)


def find_container(source: ByteSource) -> ContainerLayer | None:
    """The layer of a stack that undoes a container, None where there is none."""
    return next((layer for layer in layers(source) if isinstance(layer, ContainerLayer)), None)
