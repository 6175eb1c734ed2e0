"""Where a file lies, by its metadata address: asked of The Sleuth Kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from carving.errors import EvidenceError
from carving.file_systems.stored_files.content import Content
from carving.file_systems.stored_files.tsk_content import TooManyPiecesError, data_streams, volume_of
from carving.file_systems.volumes import tsk_image
from carving.source import ByteSource, Run

if TYPE_CHECKING:
    import pytsk3


class NotThereError(Exception):
    """A listed file cannot be taken; the message says why. It never leaves this package."""


class Locator(Protocol):
    """Says where the file of a metadata address lies."""

    def runs(self, address: str) -> tuple[Run, ...]: ...


class FileSystem:
    """The file system of a source, by The Sleuth Kit."""

    def __init__(self, source: ByteSource) -> None:
        """Open it.

        Raises:
            EvidenceError: there is no file system The Sleuth Kit knows, or the source cannot be read.
        """
        import pytsk3

        image, failures = tsk_image(source)
        try:
            self._system = pytsk3.FS_Info(image)
        except OSError as error:
            if failures:
                raise failures[0] from None
            raise EvidenceError(
                f"no file system was found in {source.name}, so addresses in the list lead nowhere; "
                "--volume or --offset can say where it begins"
            ) from error
        self._volume = volume_of(source, self._system, 0)

    def runs(self, address: str) -> tuple[Run, ...]:
        """The runs of a file's data in bytes of the source, cut to the file's size.

        Raises:
            NotThereError: no such file, or its data is not stored in blocks of its own.
        """
        number, _, attribute = address.partition("-")
        if not number.isdigit():
            raise NotThereError(f"{address} is no metadata address")
        try:
            file = self._system.open_meta(inode=int(number))
        except (OSError, OverflowError) as error:
            raise NotThereError(f"there is no metadata address {number}") from error
        return self._data(file, attribute).runs

    def _data(self, file: pytsk3.File, attribute: str) -> Content:
        """The content of the wanted data attribute, else of the first."""
        try:
            for stream in data_streams(file, self._volume):
                if attribute in ("", stream.identity):
                    if stream.content.unit:
                        raise NotThereError("its data is compressed")
                    if not stream.content.stored:
                        raise NotThereError("its blocks are no longer known")
                    return stream.content
        except TooManyPiecesError as error:
            raise NotThereError(str(error)) from error
        except OSError as error:
            raise NotThereError("its attributes cannot be read") from error
        raise NotThereError("it has no data in a place that can be told")
