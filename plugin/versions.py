"""Which versions of the tool and of its libraries made a result."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Final

DISTRIBUTION: Final = "carve-restore"
_LIBRARIES: Final = ("cryptography", "jsonschema", "libewf-python", "numba", "numpy", "pillow", "pytsk3", "torch")


def tool_version() -> str:
    """Version of the installed distribution; `uninstalled` when the sources run without having been installed."""
    return _version(DISTRIBUTION)


def library_versions() -> dict[str, str]:
    """Versions of Python and of every library that takes part in a result, read without importing them."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "uninstalled"
