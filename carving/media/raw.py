"""Raw evidence: one file, a block device, or a split image, as one source of bytes."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

from carving.errors import EvidenceError
from carving.media.files import OrderedFiles
from carving.media.split_names import split_files
from carving.source import ByteSource, Run, clamp


class RawSource(ByteSource):
    """The bytes of one or several files, in order; offsets count from the first byte of the first file."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        """Open the files read-only.

        Raises:
            EvidenceError: one is unreadable or empty.
        """
        self._files = OrderedFiles(paths)
        for path, size in zip(paths, self._files.sizes, strict=True):
            if size == 0:
                self._files.close()
                raise EvidenceError(f"the evidence {path} is empty")
        self._starts = tuple(accumulate(self._files.sizes, initial=0))

    @property
    def name(self) -> str:
        return "raw" if len(self.paths) == 1 else f"split raw ({len(self.paths)} files)"

    @property
    def paths(self) -> tuple[Path, ...]:
        """The evidence files in order."""
        return self._files.paths

    @property
    def size(self) -> int:
        return self._starts[-1]

    @property
    def below(self) -> None:
        return None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know: pieces of unequal size, as an interrupted copy leaves them."""
        sizes = self._files.sizes
        return tuple(
            f"segment {path} has {size} bytes, the first has {sizes[0]}: all bytes behind it may be displaced"
            for path, size in zip(self.paths[:-1], sizes[:-1], strict=True)
            if size != sizes[0]
        )

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        parts: list[bytes] = []
        position = wanted.offset
        while position < wanted.end:
            index = bisect_right(self._starts, position) - 1
            count = min(wanted.end, self._starts[index + 1]) - position
            part = self._files.read(index, position - self._starts[index], count)
            if len(part) != count:
                raise EvidenceError(f"{self.paths[index]} became shorter while it was read")
            parts.append(part)
            position += count
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._files.close()


def open_raw(path: Path) -> RawSource:
    """Open a raw image by its file, or a split one by any of its pieces.

    Raises:
        SegmentMissingError: a piece is missing; the message names it.
        EvidenceError: a file is unreadable or empty.
    """
    return RawSource(split_files(path))
