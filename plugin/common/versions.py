"""Which tool, libraries and network weights made a result: versions, and digests of what was installed."""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata, resources
from typing import Final

from plugin.common.file_digest import digest_of_file

DISTRIBUTION: Final = "carve-restore"
PACKAGES: Final = ("carving", "plugin", "restore")
_LIBRARIES: Final = ("cryptography", "deflate", "jsonschema-rs", "numba", "numpy", "pillow", "pytsk3", "torch")
_WEIGHTS: Final = (".pt", ".safetensors", ".npz", ".onnx")
"""How the names of files with network weights end."""


def tool_version() -> str:
    """Version of the installed distribution; `uninstalled` when the sources run without having been installed."""
    return _version(DISTRIBUTION)


def library_versions() -> dict[str, str]:
    """Versions of Python and of every library that takes part in a result, read without importing them."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES}


def library_digests() -> dict[str, str]:
    """SHA-256 of each library's installation record (RECORD, PEP 376), which holds the digest of each of its files."""
    digests = {}
    for name in _LIBRARIES:
        try:
            record = metadata.distribution(name).read_text("RECORD")
        except metadata.PackageNotFoundError:
            continue
        if record is not None:
            digests[name] = hashlib.sha256(record.encode()).hexdigest()
    return digests


def code_digest() -> str:
    """SHA-256 over this tool's own Python sources: for each in order of its path, the path, a zero byte, its SHA-256.

    The same sources give the same digest wherever they are installed.
    """
    digest = hashlib.sha256()
    for package in PACKAGES:
        with resources.as_file(resources.files(package)) as folder:
            for path in sorted(folder.rglob("*.py")):
                digest.update(f"{package}/{path.relative_to(folder).as_posix()}\0".encode())
                digest.update(bytes.fromhex(digest_of_file(path).hex))
    return digest.hexdigest()


def weight_digests() -> dict[str, str]:
    """SHA-256 of every file of network weights that ships with the tool, by path inside `restore`."""
    digests = {}
    with resources.as_file(resources.files("restore")) as folder:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _WEIGHTS:
                digests[path.relative_to(folder).as_posix()] = digest_of_file(path).hex
    return digests


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "uninstalled"
