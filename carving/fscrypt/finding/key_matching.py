"""Which of the keys that were given are those of the files that were found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from carving.fscrypt.finding.encrypted_volume import EncryptedVolume, NodeKind
from carving.fscrypt.keyring import FileIdentity, Keyring, name_under
from carving.fscrypt.master_keys import MasterKey

_MOST_SAMPLES: Final = 256


@dataclass(frozen=True, slots=True)
class Matched:
    """The keys that fit, what showed that of each by its identifier, and those that fit nothing."""

    keyring: Keyring
    proofs: dict[bytes, str]
    idle: tuple[MasterKey, ...]


def match_keys(volumes: tuple[EncryptedVolume, ...], keys: tuple[MasterKey, ...]) -> Matched:
    """Match keys with the contexts of files.

    The identifier of version 2 is made of the key, and proves it. The descriptor of version 1 is any 8 bytes: names
    that the key makes readable prove it, and find the descriptor of a key that was given without one.
    """
    named = _identifiers(volumes)
    keyring = Keyring(keys)
    proofs: dict[bytes, str] = {}
    used: set[int] = set()
    for number, key in enumerate(keys):
        files = named.get((2, key.identifier), 0)
        if files and key.descriptor in (None, key.identifier):
            proofs[key.identifier] = f"key identifier {key.identifier.hex()} in {files} contexts"
            used.add(number)
    for version, descriptor in named:
        if version != 1:
            continue
        samples = _names_under(volumes, descriptor)
        for number, key in enumerate(keys):
            if key.descriptor not in (None, descriptor):
                continue
            readable = sum(_is_readable(key, stored, folder) for stored, folder in samples)
            if 2 * readable > len(samples):
                proofs[descriptor] = f"{readable} of {len(samples)} names become readable"
            elif not samples and descriptor in key.descriptors:
                proofs[descriptor] = "the descriptor, for there is no name to try"
            else:
                continue
            used.add(number)
            keyring = keyring.named(descriptor, keyring.keys[number])
            break
    return Matched(keyring, proofs, tuple(key for number, key in enumerate(keys) if number not in used))


def explain_idle(matched: Matched, volumes: tuple[EncryptedVolume, ...]) -> str:
    """What is said of keys that fit nothing; no key is in it."""
    told = ", ".join(key.told for key in matched.idle)
    named = _identifiers(volumes)
    if not named:
        found = ", ".join(f"{volume.kind} at byte {volume.start}" for volume in volumes)
        where = f"the file systems ({found}) hold no encrypted file" if volumes else "no file system with it was found"
        return (
            f"{told}: nothing here is encrypted by file: {where}; a volume under metadata encryption also needs "
            "--metadata-key, and --volume or --offset says where it starts"
        )
    wanted = ", ".join(f"{name.hex()} (v{version}, {count} files)" for (version, name), count in named.items())
    own = ", ".join(f"{key.told} makes {key.identifier.hex()}" for key in matched.idle)
    return (
        f"{told} is the key of no file. The files name their keys: {wanted}; {own} under version 2. A key of version 1 "
        "is given with the descriptor that the files name, as DESCRIPTOR:KEY, and must make their names readable"
    )


def _identifiers(volumes: tuple[EncryptedVolume, ...]) -> dict[tuple[int, bytes], int]:
    """How many files and folders name each key, by version and identifier."""
    contexts = (node.context for volume in volumes for node in volume.nodes)
    return dict(Counter((one.version, one.identifier) for one in contexts if one is not None))


def _names_under(volumes: tuple[EncryptedVolume, ...], descriptor: bytes) -> list[tuple[bytes, FileIdentity]]:
    """Some names in folders whose key has a descriptor of version 1."""
    samples: list[tuple[bytes, FileIdentity]] = []
    for volume in volumes:
        folders = {
            node.inode: FileIdentity(node.context, node.inode, volume.uuid)
            for node in volume.nodes
            if node.kind is NodeKind.FOLDER
            and not node.deleted
            and node.context is not None
            and (node.context.version, node.context.identifier) == (1, descriptor)
        }
        for name in volume.names:
            if name.folder in folders and len(samples) < _MOST_SAMPLES:
                samples.append((name.stored, folders[name.folder]))
    return samples


def _is_readable(key: MasterKey, stored: bytes, folder: FileIdentity) -> bool:
    """Whether a name makes sense under a key, which must have as many bytes as its cipher takes."""
    name = name_under(key, stored, folder)
    if name is None:
        return False
    try:
        return name.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False
