"""What opening a header or footer with a password gives: the key, and how the volume behind it is encrypted."""

from __future__ import annotations

from dataclasses import dataclass, field

from carving.encryption.ciphers import CipherSpec, SectorNumbering
from carving.source import Run


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A volume that can be decrypted.

    Attributes:
        key: the volume key; it is never printed, logged or written.
        spec, numbering: how the payload is encrypted.
        payload: where it lies in the volume, in bytes.
        header: what opened, such as `LUKS2 header` or `Android crypto footer 1.3`.
        proof: what showed that the key is right, such as `key slot 0`; None where only the payload can tell.
        remarks: what an examiner should know of the encryption.
    """

    key: bytes = field(repr=False)
    spec: CipherSpec
    numbering: SectorNumbering
    payload: Run
    header: str
    proof: str | None
    remarks: tuple[str, ...] = ()
