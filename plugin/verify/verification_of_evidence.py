"""Check of a run against the evidence itself: its digests, and every carved byte read again from where it was found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from carving.errors import HashMismatchError
from carving.file_systems.stored_files.lznt1 import open_content
from carving.source import ByteSource, bottom_of
from carving.transfers.undoing import undo_all
from plugin.common.report_model import FileEntry, Report
from plugin.custody.hashing import hash_source
from plugin.examination.opening import Secrets, open_layers, views
from plugin.verify.verification import Say


def verify_evidence(
    evidence: Path, secrets: Secrets, report: Report, say: Say, progress: Callable[[int, int], None]
) -> None:
    """Hash the media anew, read every carved file from it again, and make every repaired one again.

    Args:
        evidence: where it lies now.
        secrets: key or password of the run; without it what was carved decrypted is not read again, which is said.
        report: the run's.
        say: hears what holds.
        progress: called with bytes hashed and bytes in all.

    Raises:
        EvidenceError: the evidence cannot be opened or read.
        HashMismatchError: it is not the evidence of the run, or a carved file is not in it.
    """
    with closing(open_layers(evidence, secrets, report.parameters)) as source:
        stacks = {view.layer: view.source for view in views(source)}
        bottom = bottom_of(source)
        _check_media(evidence, bottom, report, say, progress)
        unread = sum(not _check_carved(stacks, report, index) for index in range(len(report.files)))
        repaired = [entry for entry in report.files if entry.repaired is not None and entry.layer in stacks]
    read = len(report.files) - unread
    say(f"{read} carved files: read again from {evidence}, byte for byte the same")
    if unread:
        say(f"{unread} carved files were not read again: they were decrypted, and none of their keys is given")
    if repaired and report.nand is None:  # error correction above the dump would undo what is flipped in it
        for layer in sorted({entry.layer for entry in repaired}):
            _check_repaired(evidence, secrets, report, layer)
        say(f"{len(repaired)} repaired files: made again by reversing the bits that the report names, and nothing else")


def check_by_libewf(evidence: Path, report: Report, say: Say) -> None:
    """Hash the media as libewf reads it: what another reader makes of the same files.

    Raises:
        EvidenceError: libewf cannot read it.
        HashMismatchError: it reads other bytes than the run did.
    """
    from carving.media.ewf.libewf_source import open_libewf

    with closing(open_libewf(evidence)) as media:
        say(f"read a second time by {media.name}:")
        _check_media(evidence, media, report, say, lambda _done, _total: None)


def _check_media(
    evidence: Path, bottom: ByteSource, report: Report, say: Say, progress: Callable[[int, int], None]
) -> None:
    recorded = {
        name: digest
        for name, digest in (("sha256", report.evidence.sha256), ("md5", report.evidence.md5))
        if digest is not None
    }
    if bottom.size != report.evidence.size:
        raise HashMismatchError(f"{evidence} holds {bottom.size} bytes, the run examined {report.evidence.size}")
    if not recorded:
        say("the run could not read the evidence to its end, so there is no digest of it to compare")
        return
    for name, digest in hash_source(bottom, tuple(recorded), progress).items():
        if digest != recorded[name]:
            raise HashMismatchError(
                f"{evidence} is not the evidence of the run: its {name.upper()} is {digest}, it was {recorded[name]}"
            )
    say(f"{evidence}: {bottom.size} bytes, {' and '.join(map(str.upper, recorded))} as recorded")


def _check_carved(stacks: Mapping[str, ByteSource], report: Report, index: int) -> bool:
    """Whether the carved file could be read again; it is the same then."""
    entry = report.files[index]
    stack = stacks.get(entry.layer)
    if stack is None:
        return False
    if hashlib.sha256(_found(stack, entry)).hexdigest() != entry.carved.sha256:
        raise HashMismatchError(f"the bytes of {entry.carved.path} are not where the report says they were found")
    if entry.undone is not None and not _is_undone(_found(stack, entry), entry):
        raise HashMismatchError(f"{entry.undone.path} is not what undoing the named transfers makes of the evidence")
    return True


def _is_undone(found: bytes, entry: FileEntry) -> bool:
    """Whether the undone file of an entry is made of the bytes as found by undoing the named transfers."""
    assert entry.undone is not None
    try:
        before = undo_all(found, entry.transfers)
    except ValueError:
        return False
    return hashlib.sha256(before).hexdigest() == entry.undone.sha256


def _found(stack: ByteSource, entry: FileEntry) -> bytes:
    """The bytes of an entry, read from where the report says they lie."""
    unit = 0 if entry.stored is None else entry.stored.compression_unit
    return open_content(stack, entry.byte_runs, unit).read_at(0, entry.size)


def _check_repaired(evidence: Path, secrets: Secrets, report: Report, layer: str) -> None:
    """Every repaired file of a layer is what the carved bytes become once the named bits are reversed."""
    entries = [entry for entry in report.files if entry.layer == layer]
    flips = tuple({(flip.evidence_offset, flip.bit) for entry in entries for flip in entry.bit_flips})
    with closing(open_layers(evidence, secrets, report.parameters, flips)) as source:
        (stack,) = (view.source for view in views(source) if view.layer == layer)
        for entry in entries:
            if entry.repaired is None:
                continue
            data = _found(stack, entry)[: entry.repaired.size]
            if hashlib.sha256(data).hexdigest() != entry.repaired.sha256:
                raise HashMismatchError(
                    f"{entry.repaired.path} is not what reversing the bits named in the report makes of the evidence"
                )
