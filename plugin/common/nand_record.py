"""What the report says of a raw NAND dump."""

from __future__ import annotations

from dataclasses import dataclass

from carving.media.nand.ecc_map import EccCounts, EccRun
from carving.source import Run


@dataclass(frozen=True, slots=True)
class NandRecord:
    """A dump, its layout, and what error correction found.

    Attributes:
        layout: preset or file.
        page_size, page_data: bytes of a page in the dump, and of user data in it.
        code_words_per_page: sectors with a parity of their own.
        start: byte of the dump where the first page begins.
        bad_blocks: blocks that are marked bad.
        live_size: bytes of the logical space; behind it stand pages that it does not account for.
        code_words: how many are in which state.
        ecc_map: states of the code words, in the order of the dump.
        ecc_map_complete: whether that is all of them.
        uncorrectable_runs: bytes of the dump in code words with too many errors.
        uncorrectable_runs_complete: whether those are all.
    """

    layout: str
    page_size: int
    page_data: int
    code_words_per_page: int
    start: int
    bad_blocks: int
    live_size: int
    code_words: EccCounts
    ecc_map: tuple[EccRun, ...]
    ecc_map_complete: bool
    uncorrectable_runs: tuple[Run, ...]
    uncorrectable_runs_complete: bool
