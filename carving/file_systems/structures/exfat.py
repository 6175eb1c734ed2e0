"""Check the structures of exFAT that have checksums: the boot region, of which there are two, and sets of entries.

Layout: Microsoft, "exFAT file system specification", sections 3.4 and 6.3.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.checksums import Words
from carving.file_systems.structures.copies import mend_by_copy
from carving.flips.model import Bytes
from carving.source import Run

_NAME: Final = b"EXFAT   "
_SECTORS, _SUMMED = 12, 11
_UNSUMMED: Final = (106, 107, 112)
_ENTRY: Final = 32
_FILE, _STREAM, _FILE_NAME = 0x85, 0xC0, 0xC1
_DIRECTORY: Final = 0x10
_NO_CHAIN: Final = 0x02
_MOST_ENTRIES: Final = 1 << 20
_MOST_CLUSTERS: Final = 1 << 16


def check_exfat(checks: StructureChecks, start: int) -> None:
    """Check the exFAT that begins at a byte of the source; nothing where there is none.

    Raises:
        EvidenceError: the source cannot be read.
    """
    for size in (512, 4096):
        main, copy = (Run(start + place * size, _SECTORS * size) for place in (0, _SECTORS))
        if _is_sound(checks, main, size):
            _Folders.of(checks, start).check()
            return
        if _is_sound(checks, copy, size):
            for sector in range(_SECTORS):
                own, other = (Run(run.offset + sector * size, size) for run in (main, copy))
                mend_by_copy(checks, f"boot sector {sector}", own, other, _UNSUMMED if sector == 0 else ())
            _Folders.of(checks, start).check()
            return


def _is_sound(checks: StructureChecks, region: Run, size: int) -> bool:
    """Whether a boot region begins as one, and its checksum holds."""
    head = checks.source.read_at(region.offset, 11)
    if head[3:] != _NAME:
        return False
    data = checks.source.read_at(region.offset, region.length)
    if len(data) < region.length:
        return False
    total = 0
    for place, value in enumerate(data[: _SUMMED * size]):
        if place not in _UNSUMMED:
            total = ((total << 31 | total >> 1) + value) & 0xFFFFFFFF
    return data[_SUMMED * size :] == total.to_bytes(4, "little") * (size // 4)


@dataclass(frozen=True, slots=True)
class EntrySetCheck:
    """The 16-bit checksum of a set of entries (section 6.3.3): a sum, rotated by one bit before each byte."""

    bits: int = 16

    def residual(self, data: Bytes) -> int:
        """By how much computed and stored checksum differ."""
        return int(_set_residuals(data[np.newaxis])[0])

    def residuals(self, data: Bytes, start: int, variants: Bytes) -> Words:
        """See `carving.file_systems.structures.reversal.StructureCheck`."""
        rows = np.repeat(data[np.newaxis], len(variants), axis=0)
        rows[:, start : start + variants.shape[1]] = variants
        return _set_residuals(rows)


def _set_residuals(rows: Bytes) -> Words:
    total = np.zeros(len(rows), dtype=np.uint32)
    for place in range(rows.shape[1]):
        if place not in (2, 3):
            total = ((total << np.uint32(15) | total >> np.uint32(1)) + rows[:, place]) & np.uint32(0xFFFF)
    return np.asarray(total ^ rows[:, 2] ^ rows[:, 3].astype(np.uint32) << np.uint32(8), dtype=np.uint32)


def is_entry_set(data: Bytes, clusters: int) -> bool:
    """Whether bytes keep what the format fixes of a set: kinds of entries, reserved bytes, places inside the volume."""
    count = len(data) // _ENTRY
    name_length = int(data[_ENTRY + 3])
    if data[0] != _FILE or data[1] != count - 1 or data[_ENTRY] != _STREAM or -(-name_length // 15) != count - 2:
        return False
    if data[6:8].any() or data[25:32].any() or data[_ENTRY + 1] & 0xFC or data[_ENTRY + 2] or data[38:40].any():
        return False
    names = data[2 * _ENTRY :].reshape(-1, _ENTRY)
    if (names[:, 0] != _FILE_NAME).any() or (names[:, 1] & 0xFE).any():
        return False
    letters = names[:, 2:].reshape(-1).copy().view("<u2")
    if (letters[:name_length] < 32).any() or letters[name_length:].any():
        return False
    valid, first, size = struct.unpack_from("<Q4xIQ", data.tobytes(), 40)
    return bool(valid <= size and (first == 0 if size == 0 else 2 <= first < clusters + 2))


@dataclass
class _Folders:
    """The folders of a file system, every one once."""

    checks: StructureChecks
    fat: int
    heap: int
    clusters: int
    root: int
    cluster: int
    _entries: int = 0
    _seen: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, checks: StructureChecks, start: int) -> _Folders:
        boot = checks.source.read_at(start, 512)
        fat, _, heap, clusters, root = struct.unpack_from("<5I", boot, 80)
        sector = 1 << min(boot[108], 12)
        cluster = sector << min(boot[109], 25)
        return cls(checks, start + fat * sector, start + heap * sector, clusters, root, cluster)

    def check(self) -> None:
        """Check all sets of files, those of a folder before the folders in it.

        Raises:
            EvidenceError: the source cannot be read.
        """
        waiting = [(self.root, 0, False)]
        while waiting:
            first, size, in_a_row = waiting.pop()
            if first in self._seen or not 2 <= first < self.clusters + 2:
                continue
            self._seen.add(first)
            for run in self._clusters(first, size, in_a_row):
                waiting += self._stretch(run)

    def _clusters(self, first: int, size: int, in_a_row: bool) -> list[Run]:
        """The clusters of a folder."""
        runs: list[Run] = []
        number, most = first, -(-size // self.cluster) if size else _MOST_CLUSTERS
        while 2 <= number < self.clusters + 2 and len(runs) < min(most, _MOST_CLUSTERS):
            runs.append(Run(self.heap + (number - 2) * self.cluster, self.cluster))
            entry = self.checks.source.read_at(self.fat + 4 * number, 4)
            number = number + 1 if in_a_row else int.from_bytes(entry, "little")
        return runs

    def _stretch(self, run: Run) -> list[tuple[int, int, bool]]:
        """Check the sets that lie in a cluster of a folder; the folders in it."""
        data = self.checks.read(run)
        found: list[tuple[int, int, bool]] = []
        at = 0
        while data is not None and at < run.length and data[at] and self._entries < _MOST_ENTRIES:
            self._entries += 1
            count = self._set_size(data, at)
            if count == 0:
                at += _ENTRY
                continue
            place = Run(run.offset + at, count * _ENTRY)
            name = f"entries at byte {place.offset}"
            if self.checks.holds(name, place, EntrySetCheck(), lambda row: is_entry_set(row, self.clusters)):
                data = self.checks.read(run)
                if data is not None and data[at + 4] & _DIRECTORY:
                    first, size = struct.unpack_from("<IQ", data.tobytes(), at + _ENTRY + 20)
                    found.append((first, size, bool(data[at + _ENTRY + 1] & _NO_CHAIN)))
            at += count * _ENTRY
        return found

    def _set_size(self, data: Bytes, at: int) -> int:
        """Entries of the set that begins at a byte, told by kinds of which one may be damaged; 0 where none begins.

        A set that goes on in the next cluster is left to whoever reads it.
        """
        kinds = data[at::_ENTRY][:19].tolist()
        if len(kinds) < 3 or (kinds[0] == _FILE) + (kinds[1] == _STREAM) + (kinds[2] == _FILE_NAME) < 2:
            return 0
        count = 3
        while count < len(kinds) and kinds[count] == _FILE_NAME:
            count += 1
        claimed = int(data[at + 1]) + 1
        if kinds[0] == _FILE and 3 <= claimed <= 19 and claimed != count:
            count = claimed if claimed <= len(kinds) else 0
        return count
