"""What an examiner gives to open encrypted volumes: keys and passwords, each for one volume or for any."""

from __future__ import annotations

from dataclasses import dataclass, field

from carving.encryption.ciphers import CipherSpec, SectorNumbering


@dataclass(frozen=True, slots=True)
class Credential:
    """A volume key or a password, one of the two; shown and written nowhere.

    Attributes:
        key, password: what opens a volume.
        told: what messages call it, such as `the second password`.
        volume: the only volume it is for, by its number; None for any.
        spec: the cipher of a volume that was opened with this key before, whose header need not be asked; then it is
            not checked again whether it fits.
        numbering: how its sectors are numbered, where that differs from the settings.
        is_metadata_key: whether it is for Android's metadata encryption, which fixes cipher and numbering.
    """

    key: bytes | None = field(default=None, repr=False)
    password: bytes | None = field(default=None, repr=False)
    told: str = "the key"
    volume: int | None = None
    spec: CipherSpec | None = None
    numbering: SectorNumbering | None = None
    is_metadata_key: bool = False

    def is_for(self, volume: int) -> bool:
        """Whether it may open the volume with this number."""
        return self.volume in (None, volume)


def credentials_of(key: bytes | None, password: bytes | None) -> tuple[Credential, ...]:
    """A key and a password, where they are given, for any volume."""
    given = []
    if key is not None:
        given.append(Credential(key=key, told="the key"))
    if password is not None:
        given.append(Credential(password=password, told="the password"))
    return tuple(given)
