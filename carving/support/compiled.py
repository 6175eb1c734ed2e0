"""Compile hot loops with numba, keeping machine code only as long as every source it was made of is unchanged.

numba's own cache notices a change of the file that a function stands in, but not of the files that its callees and
constants come from, and goes on with stale machine code. So each kernel file's code is kept in a folder named by a
digest of the file and of all files of this project that it imports, directly or through others.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

_OWN: Final = frozenset({"carving", "restore"})
_IMPORT: Final = re.compile(r"^from ([a-z_][\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_SWITCH: Final = threading.Lock()


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`numba.njit` with a cache on disk that is sound across files; `options` are those of `njit`.

    Kernel files import what they use of this project at top level, with `from ... import ...`. Where no folder can be
    written to, each process compiles for itself.
    """
    if function is None:
        return lambda decorated: kernel(decorated, **options)
    from numba import config, njit

    folder = cache_folder(function.__module__)
    if folder is None:
        return njit(**options)(function)
    with _SWITCH:  # the setting is global, and the folder is chosen here, not when the code is compiled
        before = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            return njit(cache=True, **options)(function)
        finally:
            config.CACHE_DIR = before


def is_cached(dispatcher: Any) -> bool:
    """Whether machine code of this kernel, made of the sources as they are, lies on disk."""
    folder = dispatcher.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*.{dispatcher.py_func.__name__}-*.nbi"))


@cache
def cache_folder(module: str) -> Path | None:
    """Where the machine code of a kernel module is kept, made if need be; None where nothing can be written.

    It lies in `NUMBA_CACHE_DIR` if the user has set that, else in the user's own cache folder: code is loaded from
    it, so that it must not be a place where others write.
    """
    try:
        folder = _root() / f"{module}-{source_digest(module)}"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # read-only, or no home directory
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def source_digest(module: str) -> str:
    """Digest (hex, 16 digits) of an imported module's source and of those of this project's modules it imports."""
    digest = hashlib.blake2b(digest_size=8)
    for name, source in sorted(_sources(module).items()):
        digest.update(f"{name} {len(source)}\n".encode())
        digest.update(source)
    return digest.hexdigest()


def _root() -> Path:
    """The folder that holds one folder for each kernel module."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen)
    parent = os.environ.get("XDG_CACHE_HOME")
    return (Path(parent) if parent else Path.home() / ".cache") / "carve-restore" / "kernels"


def _sources(module: str) -> dict[str, bytes]:
    """Sources by module name: the module's own, and those of all modules of this project that it imports."""
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _source(name)
        waiting += [
            candidate
            for home, names in _IMPORT.findall(found[name].decode())
            if home.partition(".")[0] in _OWN
            for candidate in (home, *(f"{home}.{part}" for part in re.findall(r"\w+", names)))
            if candidate in sys.modules
        ]
    return found


@cache
def _source(name: str) -> bytes:
    """A loaded module's source; nothing where it has none on disk."""
    path = getattr(sys.modules[name], "__file__", None)
    return Path(path).read_bytes() if path else b""
