"""What is said in a report of files that are encrypted one by one."""

from __future__ import annotations

from collections.abc import Iterator

from carving.errors import EvidenceError
from carving.fscrypt.key_use import FileEncryption
from carving.source import ByteSource


def file_encryption_remarks(source: ByteSource) -> tuple[str, ...]:
    """Which encrypted files of a stack that has keys for some are open, and which are not."""
    from carving.fscrypt.fscrypt_source import find_fscrypt

    files = find_fscrypt(source)
    if files is None:
        return ()
    return (*(remark for one in files.found.policies for remark in _said(one)), *files.found.remarks)


def encrypted_files_shown(source: ByteSource) -> tuple[str, ...]:
    """The encrypted files of a stack for which no key was given, counted by the key that they name."""
    from carving.fscrypt.finding.key_matching import match_keys
    from carving.fscrypt.finding.opening import encrypted_volumes, layer_over, may_hold_encrypted_files

    try:
        if not may_hold_encrypted_files(source):
            return ()
        volumes = tuple(encrypted_volumes(source))
    except EvidenceError:  # said when the source is scanned
        return ()
    if not any(volume.nodes for volume in volumes):
        return ()
    return file_encryption_remarks(layer_over(source, volumes, match_keys(volumes, ())))


def _said(policy: FileEncryption) -> Iterator[str]:
    count = f"{policy.files} files and {policy.folders} folders of the {policy.file_system} ({policy.policy})"
    if policy.fingerprint is None:
        yield f"{count} are encrypted with the key {policy.identifier}, which was not given (--fbe-key)"
    elif policy.problem is not None:
        yield f"{count} are not read all, though their key is given: {policy.problem}"
