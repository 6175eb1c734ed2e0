"""Digests of the evidence, streamed, beside the ones an acquisition tool stored in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from carving.errors import HashMismatchError
from carving.source import ByteSource

ALGORITHMS: Final = ("sha256",)
"""Always computed, beside those that the acquisition stored."""
_BUFFER: Final = 4 << 20


def hash_source(
    source: ByteSource, algorithms: tuple[str, ...], progress: Callable[[int, int], None]
) -> dict[str, str]:
    """Hex digests of all bytes of `source`, read once in buffers of 4 MiB: each digest in a thread, beside the reading.

    Args:
        source: the bottom layer, so that the digests are those of the media.
        algorithms: names that `hashlib` knows.
        progress: called with bytes done and bytes in all.

    Raises:
        EvidenceError: the evidence cannot be read.
    """
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    position = 0
    progress(0, source.size)
    with ThreadPoolExecutor(len(digests)) as threads:
        pending: list[Future[None]] = []
        while chunk := source.read_at(position, _BUFFER):
            wait(pending)
            pending = [threads.submit(digest.update, chunk) for digest in digests.values()]
            position += len(chunk)
            progress(position, source.size)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def compare(computed: Mapping[str, str], stored: Mapping[str, str]) -> None:
    """Compare every stored digest with the computed one.

    Raises:
        HashMismatchError: one differs; the message gives both.
    """
    for name, digest in stored.items():
        if computed[name] != digest:
            raise HashMismatchError(
                "the evidence is not what was acquired: "
                f"its stored {name.upper()} is {digest}, but its bytes have {computed[name]}"
            )
