"""The weights that come with the package, found and named without loading a network."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "weights"
SHIPPED: Final = FOLDER / "restorer.safetensors"
SUMS: Final = "SHA256SUMS"


def listed_sums(folder: Path = FOLDER) -> dict[str, str]:
    """SHA-256 (hex) by file name, as the list beside the weights tells; empty where there is no list.

    Raises:
        ValueError: the list is damaged.
    """
    path = folder / SUMS
    if not path.exists():
        return {}
    return {name: digest for digest, name in (line.split() for line in path.read_text("ascii").splitlines())}
