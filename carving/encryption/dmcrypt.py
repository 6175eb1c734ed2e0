"""A dm-crypt volume as a layer: the plaintext of the source below, decrypted as it is read."""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.encryption.ciphers import CipherSpec, SectorNumbering
from carving.encryption.keys import key_fingerprint
from carving.encryption.sector_cipher import BLOCK, SectorCipher
from carving.encryption.sectors import sector_cipher
from carving.source import ByteSource, Run, clamp, layers
from carving.sources.in_place import LayerInPlace
from carving.support.intervals import union

_PIECE_BYTES: Final = 4 << 20
"""Most ciphertext held at once; longer reads are decrypted piece by piece."""


class DmCryptSource(LayerInPlace):
    """Plaintext of a volume whose first byte is the start of its sector 0.

    A read need not be aligned. Behind the last whole 16-byte block of the volume up to 15 bytes are no ciphertext and
    are passed through unchanged; a last sector that is cut short at a block boundary is decrypted. Each plaintext byte
    stands where its ciphertext byte stands.
    """

    def __init__(
        self,
        below: ByteSource,
        key: bytes,
        spec: CipherSpec,
        numbering: SectorNumbering,
        proof: str | None = None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        """Lay decryption over a volume.

        Args:
            below: the volume as stored.
            key: its volume key.
            spec, numbering: how it is encrypted.
            proof: what already showed that the key is right.
            remarks: what an examiner should know of the encryption.

        Raises:
            UsageError: a key of a length that the cipher does not take.
        """
        super().__init__(below)
        self._spec = spec
        self._proof = proof
        self._remarks = remarks
        self._key = key
        self._block_key = spec.block_key(key)
        self._cipher = sector_cipher(key, spec, numbering)
        self._fingerprint = key_fingerprint(key)
        self._plaintext = np.empty(0, dtype=np.uint8)

    @property
    def name(self) -> str:
        return f"dm-crypt {self._spec}"

    @property
    def key_fingerprint(self) -> str:
        """Tells keys apart in reports; see `carving.encryption.keys.key_fingerprint`."""
        return self._fingerprint

    @property
    def block_key(self) -> bytes:
        """The AES key of the data's blocks, for flip models; it is never printed, logged or written."""
        return self._block_key

    @property
    def cipher(self) -> SectorCipher:
        """What decrypts the sectors."""
        return self._cipher

    @property
    def proof(self) -> str | None:
        """What showed that the key is right before anything was decrypted, such as a digest in a LUKS header."""
        return self._proof

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an examiner should know of the encryption."""
        return self._remarks

    @property
    def volume_key(self) -> bytes:
        """The key itself, to keep it out of logs; it is never printed, logged or written."""
        return self._key

    @property
    def spec(self) -> CipherSpec:
        return self._spec

    @property
    def numbering(self) -> SectorNumbering:
        return self._cipher.numbering

    def read_at(self, offset: int, length: int) -> bytes:
        wanted = clamp(offset, length, self.size)
        if wanted.length <= _PIECE_BYTES:
            return self._read_piece(wanted)
        starts = range(wanted.offset, wanted.end, _PIECE_BYTES)
        return b"".join(self._read_piece(Run(start, min(_PIECE_BYTES, wanted.end - start))) for start in starts)

    def bad_runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """A sector of which a byte of ciphertext is bad is bad as a whole."""
        wanted = clamp(offset, length, self.size)
        unit = self._cipher.numbering.sector_size
        first, last = wanted.offset // unit * unit, -(-wanted.end // unit) * unit
        sectors = (
            (run.offset // unit * unit, -(-run.end // unit) * unit)
            for run in self._below.bad_runs(first, min(last, self.size) - first)
        )
        inside = (
            clamp(max(start, wanted.offset), min(end, wanted.end) - max(start, wanted.offset), self.size)
            for start, end in sectors
        )
        return union(inside)

    def _read_piece(self, wanted: Run) -> bytes:
        if wanted.length == 0:
            return b""
        size = self._cipher.numbering.sector_size
        sector = wanted.offset // size
        start = sector * size
        # to the end of the last block, for a sector need not be read behind what is wanted; the true tail stays short
        ciphertext = self._below.read_at(start, -(-wanted.end // BLOCK) * BLOCK - start)
        if len(self._plaintext) < len(ciphertext) + BLOCK:
            self._plaintext = np.empty(len(ciphertext) + BLOCK, dtype=np.uint8)
        self._cipher.decrypt_into(np.frombuffer(ciphertext, dtype=np.uint8), sector, self._plaintext)
        return self._plaintext[wanted.offset - start : wanted.end - start].tobytes()


def find_decryption(source: ByteSource) -> DmCryptSource | None:
    """The decrypting layer of a stack, None where there is none."""
    return next((layer for layer in layers(source) if isinstance(layer, DmCryptSource)), None)
