"""F2FS, the flash-friendly file system of Linux and of most Android phones."""

from carving.f2fs.findings import F2fsFinding
from carving.f2fs.inode import F2fsKind
from carving.f2fs.reader import F2fs, is_f2fs, read_f2fs
from carving.f2fs.records import F2fsFile, F2fsRun, F2fsState, RunKind
from carving.f2fs.volume import F2fsLimits

__all__ = [
    "F2fs",
    "F2fsFile",
    "F2fsFinding",
    "F2fsKind",
    "F2fsLimits",
    "F2fsRun",
    "F2fsState",
    "RunKind",
    "is_f2fs",
    "read_f2fs",
]
