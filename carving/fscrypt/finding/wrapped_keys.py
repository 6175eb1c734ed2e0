"""Keys that open names and no contents: what is left of keys that a phone's hardware wraps.

With inline encryption by wrapped keys the kernel has a secret from which the keys of names are derived; the key of the
contents never leaves the hardware (Linux `Documentation/block/inline-encryption.rst`, "Hardware-wrapped keys").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from carving.fscrypt.finding.encrypted_volume import EncryptedVolume, NodeKind
from carving.fscrypt.fscrypt_source import FscryptSource
from carving.media.folder import is_named_jpeg

_FEWEST: Final = 2
_MOST: Final = 64
_JPEG: Final = b"\xff\xd8\xff"


def signs_of_wrapped_keys(layer: FscryptSource, volume: EncryptedVolume) -> Iterator[str]:
    """For each policy whose photos, by their readable names, all begin as no photo does: what that means.

    Raises:
        EvidenceError: the source cannot be read.
    """
    seen: dict[str, list[bool]] = {}
    for node in volume.nodes:
        path = layer.found.names.get((volume.start, node.inode))
        if node.kind is not NodeKind.FILE or node.deleted or path is None or not is_named_jpeg(path):
            continue
        first = next((run for place, run in node.pieces if place == 0), None)
        if first is None or node.context is None or not layer.reads(first):
            continue
        begins = seen.setdefault(node.context.told, [])
        if len(begins) < _MOST:
            begins.append(layer.read_at(first.offset, len(_JPEG)) == _JPEG)
    for policy, begins in seen.items():
        if len(begins) >= _FEWEST and not any(begins):
            yield (
                f"{volume.kind} at byte {volume.start}: the key makes names of files under {policy} readable, but none "
                f"of {len(begins)} files called as photos begins as one: their contents have another key, as where the "
                "phone's hardware wraps it (inline encryption); then only that hardware can decrypt them"
            )
