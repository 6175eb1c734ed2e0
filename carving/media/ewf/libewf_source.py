"""The medium inside an EWF image as libewf reads it: formats that our own reader does not know, and a second opinion.

libewf does not tell which chunks are damaged: it fails, or hands on what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from carving.errors import EvidenceError
from carving.source import ByteSource, Run, clamp

if TYPE_CHECKING:
    import pyewf

_COMPARABLE: Final = ("md5", "sha1")


class LibewfSource(ByteSource):
    """The bytes of an acquired medium; the bottom of the stack."""

    def __init__(self, handle: pyewf.handle, paths: tuple[Path, ...], version: str) -> None:
        """Args: an open handle, its segment files in order, and the version of the library."""
        self._handle = handle
        self._paths = paths
        self._version = version
        self._size = int(handle.get_media_size())
        self._lock = Lock()
        stored = handle.get_hash_values() or {}
        self._digests = {name.lower(): value.lower() for name, value in stored.items() if name.lower() in _COMPARABLE}

    @property
    def name(self) -> str:
        segments = "" if len(self._paths) == 1 else f" ({len(self._paths)} segments)"
        return f"{self._paths[0].suffix.lstrip('.')} by libewf {self._version}{segments}"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The segment files in order."""
        return self._paths

    @property
    def size(self) -> int:
        return self._size

    @property
    def below(self) -> None:
        return None

    @property
    def stored_digests(self) -> Mapping[str, str]:
        """Digests of the medium that the acquisition stored, hex by `md5` and `sha1`; may be empty."""
        return MappingProxyType(self._digests)

    @property
    def acquisition_errors(self) -> tuple[Run, ...]:
        """None: the library's Python module does not tell them."""
        return ()

    @property
    def damaged(self) -> tuple[Run, ...]:
        """None: the library does not tell which chunks are."""
        return ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """That damaged chunks are not listed."""
        return ("libewf reads this image: it does not tell which chunks are damaged, or could not be acquired",)

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self._size)
        if not wanted.length:
            return b""
        try:
            with self._lock:
                data = bytes(self._handle.read_buffer_at_offset(wanted.length, wanted.offset))
        except OSError as error:
            place = f"{wanted.length} bytes at {wanted.offset}"
            raise EvidenceError(f"libewf cannot read {place}: {_short(error)}") from error
        if len(data) < wanted.length:
            raise EvidenceError(f"libewf gives {len(data)} of {wanted.length} bytes at {wanted.offset}")
        return data

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self._size),)

    def close(self) -> None:
        self._handle.close()


def open_libewf(path: Path) -> LibewfSource:
    """Open an EWF image (E01, Ex01, S01) by its first segment.

    Raises:
        EvidenceError: libewf cannot open it.
    """
    import pyewf

    handle = pyewf.handle()
    try:
        names = pyewf.glob(str(path))
        handle.open(names)
        return LibewfSource(handle, tuple(Path(name) for name in names), pyewf.get_version())
    except OSError as error:
        raise EvidenceError(f"libewf cannot open {path}: {_short(error)}") from error


def _short(error: OSError) -> str:
    """What the library says, in one line."""
    return " ".join(str(error).split())[:300]
