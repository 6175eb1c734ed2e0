"""Records of byte strings in one NumPy file, without pickled objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carving.errors import UsageError


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One training example as it is stored: its parts in the order of the file's fields, and whether it is held out."""

    parts: tuple[bytes, ...]
    held_out: bool

    @property
    def size(self) -> int:
        """Bytes it takes in the file, a little rounded up."""
        return sum(map(len, self.parts)) + 256


def write_records(path: Path, fields: Sequence[str], records: Sequence[StoredRecord]) -> None:
    """Write records, each with one part for each field, replacing the file only once the new one is complete."""
    arrays: dict[str, NDArray[np.generic]] = {"held_out": np.array([record.held_out for record in records])}
    for number, name in enumerate(fields):
        pieces = [record.parts[number] for record in records]
        arrays[name] = np.frombuffer(b"".join(pieces), dtype=np.uint8)
        arrays[f"{name}_ends"] = np.cumsum([len(piece) for piece in pieces])
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    unfinished.replace(path)


def read_records(path: Path, fields: Sequence[str], *, held_out: bool) -> Iterator[tuple[bytes, ...]]:
    """The parts of the records that are held out, or of the others.

    Raises:
        UsageError: the file does not hold records of these fields.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            flags = file["held_out"]
            arrays = {name: (file[name], file[f"{name}_ends"]) for name in fields}
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path} is no training set of this recipe: {error}") from error
    for number in np.flatnonzero(flags == held_out):
        yield tuple(_piece(*arrays[name], int(number)) for name in fields)


def _piece(data: NDArray[np.uint8], ends: NDArray[np.int64], number: int) -> bytes:
    first = int(ends[number - 1]) if number else 0
    return data[first : int(ends[number])].tobytes()
