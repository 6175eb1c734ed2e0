"""A volume as a layer in which the contents of encrypted files read as plaintext, each byte at its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.records import name_text
from carving.fscrypt.extent_table import EncryptedExtent, ExtentTable
from carving.fscrypt.key_use import FileEncryption
from carving.fscrypt.keyring import ContentKey, Keyring
from carving.source import ByteSource, Run, bad_through, clamp, layers, merge
from carving.sources.in_place import LayerInPlace


@dataclass(frozen=True, slots=True)
class FoundEncryption:
    """What reading the file systems of a source told of encrypted files.

    Attributes:
        table: where the files lie whose key is here.
        folders: where folders lie whose key is here; their blocks hold encrypted names, and are not encrypted.
        names: paths of encrypted files and folders by the first byte of their file system and their inode.
        old_names: of older ones, by the first byte of their file system and the place of what tells of them.
        policies: under which files are encrypted, and the keys.
        remarks: what else is to be said.
    """

    table: ExtentTable
    folders: ExtentTable
    names: dict[tuple[int, int], str]
    old_names: dict[tuple[int, int], str]
    policies: tuple[FileEncryption, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """Keys that fit and what they open, so that file systems need not be read again. It can be pickled."""

    keyring: Keyring
    found: FoundEncryption


class FscryptSource(LayerInPlace):
    """The source below, decrypted where encrypted files lie whose key is known; all else as it is."""

    def __init__(self, below: ByteSource, keyring: Keyring, found: FoundEncryption) -> None:
        super().__init__(below)
        self._keyring = keyring
        self._found = found

    @property
    def name(self) -> str:
        ways = dict.fromkeys(one.policy for one in self._found.policies if one.fingerprint is not None)
        return f"fscrypt ({', '.join(ways)})" if ways else "fscrypt"

    @property
    def found(self) -> FoundEncryption:
        """What is known of the encrypted files."""
        return self._found

    @property
    def opened(self) -> OpenedFiles:
        """What lays the same layer over the same source again."""
        return OpenedFiles(self._keyring, self._found)

    @property
    def master_keys(self) -> tuple[bytes, ...]:
        """The keys, to keep them out of logs; never printed, logged or written."""
        return tuple(key.key for key in self._keyring.keys)

    def reads(self, run: Run) -> bool:
        """Whether an encrypted file reads as plaintext where a stretch of it begins."""
        return self._found.table.covers(Run(run.offset, 1))

    def old_name(self, place: int, stored: bytes) -> str | None:
        """A name in a block of an encrypted folder at a byte of the source; None where it cannot be told."""
        for _, extent in self._found.folders.within(Run(place, 1)):
            name = self._keyring.name(stored, extent.file)
            return None if name is None else name_text(name)
        return None

    def content_key(self, extent: EncryptedExtent) -> ContentKey:
        """What decrypts an extent of the table."""
        key = self._keyring.content_key(extent.file)
        assert key is not None  # only such files stand in the table
        return key

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        parts = list(self._found.table.within(wanted))
        if not parts:
            return self._below.read_at(wanted.offset, wanted.length)
        first, last = whole_units(*parts[0]), whole_units(*parts[-1])
        start, end = min(wanted.offset, first.offset), max(wanted.end, last.end)
        data = np.frombuffer(bytearray(self._below.read_at(start, end - start)), dtype=np.uint8)
        for part, extent in parts:
            self._decrypt(data, start, whole_units(part, extent), extent)
        return data[wanted.offset - start : wanted.end - start].tobytes()

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """A cipher block of which a byte is bad is bad as a whole."""
        wanted = clamp(offset, length, self.size)
        found: list[Run] = []
        for run in bad_through(self._below, (wanted,), wanted.offset):
            widened = [(max(part.offset // 16 * 16, wanted.offset), part) for part, _ in self._found.table.within(run)]
            starts = [run.offset, *(start for start, _ in widened)]
            ends = [run.end, *(min(-(-part.end // 16) * 16, wanted.end) for _, part in widened)]
            found.append(Run(min(starts), max(ends) - min(starts)))
        return merge(tuple(_apart(found)))

    def _decrypt(self, data: NDArray[np.uint8], start: int, units: Run, extent: EncryptedExtent) -> None:
        """Replace units in a buffer that begins at byte `start` of the source."""
        key = self.content_key(extent)
        place = slice(units.offset - start, units.end - start)
        rows = data[place].reshape(-1, extent.unit)
        first = extent.first + (units.offset - extent.run.offset) // extent.unit
        data[place] = key.cipher.decrypt(rows, key.ivs(first, len(rows))).reshape(-1)


def whole_units(part: Run, extent: EncryptedExtent) -> Run:
    """The units of an extent that a part of it touches."""
    before = (part.offset - extent.run.offset) // extent.unit * extent.unit
    behind = -(-(part.end - extent.run.offset) // extent.unit) * extent.unit
    return Run(extent.run.offset + before, behind - before)


def _apart(runs: list[Run]) -> Iterator[Run]:
    """Runs in order, without what an earlier one has."""
    end = 0
    for run in runs:
        start = max(run.offset, end)
        if start < run.end:
            yield Run(start, run.end - start)
            end = run.end


def find_fscrypt(source: ByteSource) -> FscryptSource | None:
    """The layer of a stack that decrypts files, None where there is none."""
    return next((layer for layer in layers(source) if isinstance(layer, FscryptSource)), None)
