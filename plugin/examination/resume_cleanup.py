"""The files a run left when it was cut short, held against its journal: what is not whole does not count as done."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from plugin.common.file_digest import digest_of_file
from plugin.common.output import OutputFile, output_error
from plugin.common.report_model import FileEntry, ThumbnailFile
from plugin.examination.journal import Journal

_FOLDERS: Final = ("carved", "thumbnails", "repaired", "restored", "provenance", "previews", "segments", "files")
"""Folders into which only runs write."""


def drop_incomplete_files(journal: Journal) -> list[str]:
    """Take out of a journal what does not lie on the disk as recorded, and remove what lies there unrecorded.

    A kill leaves files that the log does not know yet; a power cut can leave files empty that the log does know.

    Returns:
        Paths of the removed files, relative to the folder.

    Raises:
        OutputError: a file cannot be removed.
    """

    @cache
    def is_whole(file: OutputFile | ThumbnailFile) -> bool:
        return _is_whole(journal.folder, file)

    for stem, found in list(journal.found.items()):
        if not all(map(is_whole, found.entry.files)):
            journal.scans.pop(found.entry.layer, None)
            del journal.found[stem]
            journal.done.pop(stem, None)
    for stem, entry in list(journal.done.items()):
        if not all(map(is_whole, entry.files)):
            del journal.done[stem]
    entries = (*(found.entry for found in journal.found.values()), *journal.done.values())
    return _remove_strays(journal.folder, entries)


def _remove_strays(folder: Path, entries: tuple[FileEntry, ...]) -> list[str]:
    kept = {file.path for entry in entries for file in entry.files}
    strays = [path for name in _FOLDERS for path in sorted((folder / name).glob("*"))]
    removed = []
    for path in (*strays, *sorted(folder.glob(".*.part"))):
        relative = path.relative_to(folder).as_posix()
        if relative not in kept:
            try:
                path.unlink()
            except OSError as error:
                raise output_error(path, error) from error
            removed.append(relative)
    return removed


def _is_whole(folder: Path, recorded: OutputFile | ThumbnailFile) -> bool:
    path = folder / recorded.path
    try:
        if path.is_symlink() or path.stat().st_size != recorded.size:
            return False
        return digest_of_file(path).hex == recorded.sha256
    except OSError:
        return False
