"""Decoding of chunks on all cores: inflating and checksums run outside the interpreter's lock."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from carving.cores import available_cores
from carving.media.ewf.chunks import Chunk, StoredBytes, decode_chunk

_FEWEST_SHARED: Final = 8
"""Fewer chunks than this are not worth a thread."""


class DecodingPool:
    """Threads that are started when first worth it."""

    def __init__(self) -> None:
        self._cores = available_cores()
        self._threads: ThreadPoolExecutor | None = None

    def decode(self, chunks: Sequence[StoredBytes], chunk_size: int) -> list[Chunk]:
        """Decode chunks, in their order."""
        if self._cores == 1 or len(chunks) < _FEWEST_SHARED:
            return _decode_all(chunks, chunk_size)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._cores, "ewf")
        share = -(-len(chunks) // (2 * self._cores))  # two shares a core, for they do not take equally long
        futures = [
            self._threads.submit(_decode_all, chunks[start : start + share], chunk_size)
            for start in range(0, len(chunks), share)
        ]
        return [chunk for future in futures for chunk in future.result()]

    def close(self) -> None:
        """End the threads; a later call starts them again."""
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None


def _decode_all(chunks: Sequence[StoredBytes], chunk_size: int) -> list[Chunk]:
    return [decode_chunk(chunk, chunk_size) for chunk in chunks]
