"""What of a fragment the layers under it could not read or correct."""

from __future__ import annotations

from dataclasses import replace

from carving.fragments import Fragment
from carving.source import ByteSource, bad_through
from carving.support.intervals import union


def with_known_bad(source: ByteSource, fragment: Fragment) -> Fragment:
    """The fragment with the stretches of its bytes that are known to be bad.

    Its bytes have to have been read from the source before: some layers learn by reading which of theirs are bad. Of a
    file that its file system compressed no byte stands anywhere by itself; if some of what is stored is bad, a note
    says so.

    Args:
        source: the layer that the fragment was found in.
        fragment: as found there.
    """
    compressed = fragment.record is not None and fragment.record.compression_unit > 0
    bad = bad_through(source, fragment.byte_runs)
    if not compressed or not bad:
        known = union((*fragment.known_bad, *bad))
        return fragment if known == fragment.known_bad else replace(fragment, known_bad=known)
    note = f"{sum(run.length for run in bad)} of the bytes that it is stored in could not be read or corrected"
    return replace(fragment, notes=(*fragment.notes, note))
