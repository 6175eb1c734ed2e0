"""Where a file lies, by its metadata address: asked of The Sleuth Kit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from carving.errors import EvidenceError
from carving.file_systems.volumes import tsk_image
from carving.source import ByteSource, Run, merge

if TYPE_CHECKING:
    import pytsk3

_MOST_RUNS: Final = 1 << 16


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
        self._size = source.size

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
        left = file.info.meta.size if file.info.meta else 0
        found: list[Run] = []
        for run in self._data(file, attribute):
            length = min(run.length, left)
            found.append(Run(run.offset, length))
            left -= length
        if left or not found:
            raise NotThereError("its blocks are no longer known")
        return merge(tuple(found))

    def _data(self, file: pytsk3.File, attribute: str) -> list[Run]:
        """The runs of the wanted data attribute, else of the first."""
        import pytsk3

        kinds = (pytsk3.TSK_FS_ATTR_TYPE_DEFAULT, pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA, pytsk3.TSK_FS_ATTR_TYPE_HFS_DATA)
        block = self._system.info.block_size
        for candidate in file:
            if candidate.info.type not in kinds or (
                attribute and f"{int(candidate.info.type)}-{candidate.info.id}" != attribute
            ):
                continue
            if candidate.info.flags & (pytsk3.TSK_FS_ATTR_RES | pytsk3.TSK_FS_ATTR_COMP):
                raise NotThereError("its data is resident or compressed")
            runs: list[Run] = []
            for run in candidate:
                if run.flags & (pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE | pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER):
                    raise NotThereError("it has holes")
                if len(runs) == _MOST_RUNS:
                    raise NotThereError("it is in too many pieces")
                runs.append(Run(run.addr * block, run.len * block))
            return runs
        raise NotThereError("it has no data")
