"""The policies that encrypted files of an evidence have, and the key that opens each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileEncryption:
    """The files of a file system under one policy.

    Attributes:
        file_system: its kind and first byte in the source.
        identifier: by which the files name their key, in hex.
        policy: in words, such as `v2 AES-256-XTS`.
        files: how many files, and older versions of files.
        folders: how many folders.
        fingerprint: of the key, as `carving.encryption.keys.key_fingerprint` makes it; None where it is not here.
        confirmed_by: what showed that the key fits; None where it is not here.
        problem: why the files cannot be read though the key is here; None where they can.
    """

    file_system: str
    identifier: str
    policy: str
    files: int
    folders: int
    fingerprint: str | None
    confirmed_by: str | None
    problem: str | None
