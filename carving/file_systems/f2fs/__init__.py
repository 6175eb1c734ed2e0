"""F2FS, the flash-friendly file system of Linux and of most Android phones."""

from carving.file_systems.f2fs.f2fs_findings import F2fsFinding
from carving.file_systems.f2fs.inode import F2fsKind
from carving.file_systems.f2fs.reader import F2fs, is_f2fs, read_f2fs
from carving.file_systems.f2fs.records import F2fsFile, F2fsRun, F2fsState, RunKind
from carving.file_systems.f2fs.volume import F2fsLimits

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
