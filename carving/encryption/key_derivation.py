"""From a password to a key: PBKDF2 (RFC 8018), scrypt (RFC 7914) and Argon2 (RFC 9106).

Their costs stand in headers that may lie, so that each has a limit well above what any tool writes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from carving.errors import EvidenceError, UnsupportedEncryptionError

HASHES: Final = ("sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160")
"""Hashes that headers may name, of which Python's build decides whether it has the last."""

_MAX_ITERATIONS: Final = 200_000_000
_MAX_SCRYPT_BYTES: Final = 1 << 30
_MAX_SCRYPT_PARALLEL: Final = 64
_MAX_ARGON2_KIB: Final = 4 << 20
_MAX_ARGON2_PASSES: Final = 10_000


class KeyDerivation(Protocol):
    """Turns a password into `length` bytes of key."""

    def derive(self, password: bytes, length: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Pbkdf2:
    """PBKDF2 with HMAC."""

    hash_name: str
    salt: bytes
    iterations: int

    def derive(self, password: bytes, length: int) -> bytes:
        """Derive a key.

        Raises:
            UnsupportedEncryptionError: a hash that is not to be had.
            EvidenceError: an iteration count that cannot be.
        """
        check_hash(self.hash_name)
        if not 0 < self.iterations <= _MAX_ITERATIONS:
            raise EvidenceError(f"the key derivation claims {self.iterations} iterations of PBKDF2")
        return hashlib.pbkdf2_hmac(self.hash_name, password, self.salt, self.iterations, length)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """scrypt; costs as powers of two."""

    salt: bytes
    log_n: int
    log_r: int
    log_p: int

    def derive(self, password: bytes, length: int) -> bytes:
        """Derive a key.

        Raises:
            EvidenceError: costs that cannot be.
        """
        memory = 1 << min(7 + self.log_n + self.log_r, 64)
        if self.log_n < 1 or memory > _MAX_SCRYPT_BYTES or 1 << min(self.log_p, 64) > _MAX_SCRYPT_PARALLEL:
            costs = f"N = 2^{self.log_n}, r = 2^{self.log_r}, p = 2^{self.log_p}"
            raise EvidenceError(f"the key derivation claims scrypt with {costs}")
        n, r, p = 1 << self.log_n, 1 << self.log_r, 1 << self.log_p
        # OpenSSL counts a little more than the table
        return hashlib.scrypt(password, salt=self.salt, n=n, r=r, p=p, maxmem=memory + (1 << 26), dklen=length)


@dataclass(frozen=True, slots=True)
class Argon2:
    """Argon2; `kind` is `argon2i` or `argon2id`, memory in KiB."""

    kind: str
    salt: bytes
    passes: int
    memory: int
    lanes: int

    def derive(self, password: bytes, length: int) -> bytes:
        """Derive a key.

        Raises:
            EvidenceError: costs that cannot be, or more memory than there is.
        """
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2i, Argon2id

        if not (0 < self.passes <= _MAX_ARGON2_PASSES and 8 * self.lanes <= self.memory <= _MAX_ARGON2_KIB):
            raise EvidenceError(f"the key derivation claims {self.passes} passes of Argon2 over {self.memory} KiB")
        kind = Argon2id if self.kind == "argon2id" else Argon2i
        try:
            kdf = kind(salt=self.salt, length=length, iterations=self.passes, lanes=self.lanes, memory_cost=self.memory)
            return kdf.derive(password)
        except ValueError as error:
            raise EvidenceError(f"the key derivation claims what Argon2 does not take: {error}") from None
        except MemoryError:
            raise EvidenceError(f"the key derivation needs {self.memory} KiB of memory, which are not there") from None


def check_hash(name: str) -> None:
    """Refuse a hash that is not to be had.

    Raises:
        UnsupportedEncryptionError: naming it.
    """
    if name not in HASHES or name not in hashlib.algorithms_available:
        raise UnsupportedEncryptionError(f"the encryption header uses the hash {name}, which is not supported")
