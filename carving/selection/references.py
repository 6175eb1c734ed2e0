"""Photos of the same camera that an examiner gives, to lend tables, dimensions and width."""

from __future__ import annotations

from pathlib import Path

from carving.carver.donors import Families
from carving.errors import UsageError

_LARGEST = 64 << 20


def read_references(paths: tuple[str, ...]) -> Families:
    """The families that these photos are, to be asked before all others.

    Raises:
        UsageError: one cannot be read, or cannot lend anything.
    """
    families = Families()
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                data = file.read(_LARGEST)
        except OSError as error:
            raise UsageError(
                f"the reference photo {path} cannot be read: {error.strerror or type(error).__name__}"
            ) from error
        if not families.refer_to(data, f"the reference photo {Path(path).name}"):
            raise UsageError(
                f"the reference photo {path} cannot lend its tables: it is no JPEG of one baseline scan; "
                "give another photo as the same camera wrote it"
            )
    return families
