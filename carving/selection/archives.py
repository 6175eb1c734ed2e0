"""Take the JPEGs of an archive: every file of it as one fragment, with its path and its stored checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from carving.fragments import Claim, Fragment
from carving.media.archive.archive_source import ArchiveSource
from carving.selection.taking import make_fragment
from carving.source import Run


def take_archive(source: ArchiveSource, layer: str, leave_out: Callable[[str, str], None]) -> Iterator[Fragment]:
    """Yield the files of an archive as fragments, one of them in memory at a time.

    The evidence runs of a deflated file are those of its compressed bytes, as a whole: no byte of the file is one of
    the evidence's.

    Args:
        source: the archive.
        layer: name of the view, copied into every fragment.
        leave_out: hears the name of each file that is not taken, and why.

    Raises:
        EvidenceError: the archive cannot be read.
    """
    for index, (start, entry) in enumerate(source.entries()):
        found = source.content(index)
        if not found.data:
            leave_out(entry.name, found.trouble or "nothing of it is there")
            continue
        told = entry.told if found.trouble is None else f"{entry.told}; {found.trouble}"
        claim = Claim(entry.name, told, None if entry.crc32 is None else f"{entry.crc32:08x}")
        fragment = make_fragment(source, found.data, (Run(start, len(found.data)),), layer, claim)
        yield replace(fragment, evidence_runs=source.packed_runs(index)) if entry.is_deflated else fragment
